"""What measuring costs: a request in, a call out, a report, and a flood of unknown paths."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from benchmarks import frameworks, inbound
from benchmarks.measure import Batch, Figure, added, each
from benchmarks.plane import Plane, service, snapshot
from fairlead.agent.collector import NOTHING, Collector, interface_reports
from fairlead.agent.memory import resident
from fairlead.flow.call import Call
from fairlead.instruments.instrument import Instrument
from fairlead.instruments.libs import aiohttp_server, fastapi, flask, starlette
from fairlead.instruments.measure import answered
from fairlead.instruments.patch import Patches
from fairlead.policy.endpoint import Endpoint

CALLS = 1500
TARGET = 0.5
"""Microseconds that a call may cost more where it is measured."""

INTERFACES = 20
FLOOD = 20_000


def run() -> Iterator[Figure]:
    """Measure a request at a hop without rules, on base and on a lane, and the rest."""
    yield _fastapi("telemetry_inbound_us", (inbound.VISITOR,))
    yield _fastapi("telemetry_inbound_lane_us", (inbound.LABELLED,), target=None)
    yield _flask()
    yield _aiohttp()
    yield _logged("telemetry_logged_us", 1.0)
    yield _logged("telemetry_passed_over_us", 0.0)
    yield _outbound()
    yield from _report()
    yield _flood()


def _fastapi(
    name: str, headers: tuple[inbound.Headers, ...], target: float | None = TARGET
) -> Figure:
    with asyncio.Runner() as runner:
        make = partial(inbound.requests, runner, headers)
        return _measured(name, (starlette, fastapi), make, target)


def _flask() -> Figure:
    make = partial(frameworks.flask_requests, (inbound.VISITOR,))
    return _measured("telemetry_flask_us", (flask,), make, TARGET)


def _aiohttp() -> Figure:
    with asyncio.Runner() as runner:
        make = partial(frameworks.aiohttp_requests, runner, (inbound.VISITOR,))
        return _measured("telemetry_aiohttp_us", (aiohttp_server,), make, TARGET)


def _measured(
    name: str,
    instruments: tuple[Instrument, ...],
    make: Callable[[], Batch],
    target: float | None,
) -> Figure:
    """Return what measuring adds to a hooked request, of which nobody would know otherwise."""
    plane, patches = Plane(snapshot("cart")), Patches()
    for instrument in instruments:
        instrument.install(plane, patches)
    requests = make()

    def batch(calls: int, *, on: bool) -> list[int]:
        plane.engine.measure(on)
        return requests(calls)

    try:
        without, measuring = partial(batch, on=False), partial(batch, on=True)
        figure = added(name, without, measuring, calls=CALLS, target=target)
    finally:
        patches.restore()
    if "agent_faults" in plane.counters.read():
        raise RuntimeError("the hooks failed, so nothing was measured")
    return figure


def _logged(name: str, share: float) -> Figure:
    """Return what an access log of this share adds to a request that is measured."""
    with asyncio.Runner() as runner:
        requests = inbound.requests(runner, (inbound.VISITOR,))
        plane, patches = Plane(snapshot("cart")), Patches()
        plane.engine.measure(True)
        log = plane.observing.log
        log.share = share
        starlette.install(plane, patches)
        fastapi.install(plane, patches)

        def batch(calls: int, *, on: bool) -> list[int]:
            log.writes = on
            plane.observing.look()
            spent = requests(calls)
            log.begin_again()
            return spent

        try:
            without, logging = partial(batch, on=False), partial(batch, on=True)
            figure = added(name, without, logging, calls=CALLS, target=TARGET)
        finally:
            patches.restore()
    return replace(figure, target=None)


def _outbound() -> Figure:
    """Return what is done for a call to an app once it has ended, and before."""
    plane = Plane(snapshot("web", services=[service("cart", "127.0.0.1:1", "127.0.0.1:2")]))
    plane.engine.measure(True)
    endpoint = Endpoint(address="127.0.0.1:1")

    def bare() -> None:
        call = Call("cart", "GET", "gray", "call:cart")
        call.endpoint = endpoint

    def counted() -> None:
        call = Call("cart", "GET", "gray", "call:cart")
        call.endpoint = endpoint
        call.began, call.attempts = time.monotonic_ns(), 1
        answered(plane, call, 200)

    one: Batch = partial(_fifty, bare)
    return added("telemetry_outbound_us", one, partial(_fifty, counted), calls=CALLS, target=TARGET)


def _fifty(call: Any, calls: int) -> list[int]:
    """Make a batch of fifty calls between two looks at the clock, which cost as much as one."""

    def some() -> None:
        for _ in range(50):
            call()

    return [spent // 50 for spent in each(some, max(4, calls // 50))]


def _report() -> Iterator[Figure]:
    """Yield what a report of twenty busy interfaces takes, and its bytes."""
    plane = Plane(snapshot("cart"))
    gates = [plane.engine.gates.gate(f"GET:/route/{number}") for number in range(INTERFACES)]
    collector, before, spent = Collector(plane.engine), NOTHING, []
    for _ in range(200):
        for gate in gates:
            gate.enter().exit()
        began = time.thread_time()
        now = collector.read()
        rows = list(interface_reports(now, before))
        collector.rest()
        spent.append(time.thread_time() - began)
        before = now
    median = statistics.median(spent) * 1e6
    note = f"{len(rows)} interfaces; each second it is {median / 1e4:.3f} % of a core"
    yield Figure(name="telemetry_report_us", value=round(median, 1), target=10_000.0, note=note)


def _flood() -> Figure:
    """Return by how many bytes each of many unknown paths makes the process grow."""

    async def a(request: Request) -> PlainTextResponse:
        return PlainTextResponse("a")

    plane, patches = Plane(snapshot("cart")), Patches()
    plane.engine.measure(True)
    starlette.install(plane, patches)
    app = Starlette(routes=[Route("/a", a)])

    async def ask(path: str) -> None:
        scope = inbound.scope(inbound.VISITOR)
        scope.update(path=path, raw_path=path.encode())
        await app(scope, inbound.receive, _ignore)

    async def many(first: int, number: int) -> None:
        for one in range(first, first + number):
            await ask(f"/wp-admin/{one}")

    try:
        asyncio.run(many(0, 2000))
        gc.collect()
        before = resident()
        asyncio.run(many(2000, FLOOD))
        gc.collect()
        grown = max(0, resident() - before) / FLOOD
    finally:
        patches.restore()
    gates = len(list(plane.engine.gates))
    note = f"{FLOOD:,} paths that nobody knows, {gates} gate"
    return Figure(name="telemetry_flood_bytes", value=round(grown, 1), target=10.0, note=note)


async def _ignore(message: inbound.Message) -> None:
    del message
