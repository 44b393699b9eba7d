"""CPU that hooks add to a unary call of gRPC, in its caller and in its server, of either library.

The caller's is that of the thread that calls, or of the event loop's; the server's is that of the
whole process, which has a thread of the library's own in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from contextvars import copy_context
from functools import partial
from typing import Any

import grpc
import grpc.aio

from benchmarks.measure import WARM_UP, Batch, Figure, added, each, each_async
from benchmarks.plane import Plane, on_lane, service, snapshot
from benchmarks.responder import child
from benchmarks.rpc_responder import GET, LABELLED, SPENT
from fairlead.instruments.libs import grpc as grpc_client
from fairlead.instruments.libs import grpc_aio
from fairlead.instruments.patch import Patches

CALLS = 800
LABEL = "x-opensergo-traffic=gray"
METADATA = (("baggage", LABEL),)

Open = Callable[[str, ExitStack], Batch]


def run() -> Iterator[Figure]:
    """Measure callers and servers."""
    with child("benchmarks.rpc_responder", "sync") as addresses:
        bare, hooked = addresses.split()
        yield _caller("grpc_client_us", bare, _sync, grpc_client)
        yield _caller("grpc_aio_client_us", bare, _aio, grpc_aio)
        yield _server("grpc_server_us", bare, hooked)
    with child("benchmarks.rpc_responder", "aio") as addresses:
        yield _server("grpc_aio_server_us", *addresses.split())


def _caller(name: str, address: str, opened: Open, instrument: Any) -> Figure:
    """Return what it adds to call an app by its name on lane gray, which the server has to see."""
    plane = Plane(snapshot("b", services=[service("c", address, address)]))
    patches = Patches()
    with ExitStack() as stack:
        bare = opened(address, stack)
        instrument.install(plane, patches)
        try:
            named = opened("c", stack)

            def hooked(calls: int) -> list[int]:
                with on_lane("gray"):
                    return named(calls)

            figure = added(name, bare, hooked, calls=CALLS, target=None)
        finally:
            patches.restore()
    counted = plane.counters.read()
    if "agent_faults" in counted:
        raise RuntimeError(f"the hooks failed, so nothing was measured: {counted}")
    return figure


def _sync(target: str, stack: ExitStack) -> Batch:
    channel = stack.enter_context(grpc.insecure_channel(target))
    method, said = channel.unary_unary(LABELLED), _said(target)

    def call() -> None:
        _check(method(b"", timeout=5), said)

    return partial(each, call)


def _aio(target: str, stack: ExitStack) -> Batch:
    runner = stack.enter_context(asyncio.Runner())

    async def opened() -> Any:
        return grpc.aio.insecure_channel(target)

    channel = runner.run(opened())
    stack.callback(lambda: runner.run(channel.close()))
    method, said = channel.unary_unary(LABELLED), _said(target)

    async def call() -> None:
        _check(await method(b"", timeout=5), said)

    return lambda calls: runner.run(each_async(call, calls), context=copy_context())


def _said(target: str) -> bytes:
    return LABEL.encode() if target == "c" else b""


def _check(answer: bytes, said: bytes) -> None:
    if answer != said:
        raise RuntimeError(f"the server saw {answer!r}, not {said!r}")


def _server(name: str, bare: str, hooked: str) -> Figure:
    """Return what it adds to serve a call; every second one has the label of lane gray."""
    with ExitStack() as stack:
        batches = [
            _serving(stack.enter_context(grpc.insecure_channel(address)), lane)
            for address, lane in ((bare, b""), (hooked, b"gray"))
        ]
        return added(name, *batches, calls=CALLS, target=None)


def _serving(channel: Any, lane: bytes) -> Batch:
    get, spent = channel.unary_unary(GET), channel.unary_unary(SPENT)

    def ask(calls: int) -> None:
        for _ in range(calls // 2):
            _check(get(b"", timeout=5, metadata=METADATA), lane)
            _check(get(b"", timeout=5), b"")

    def batch(calls: int) -> list[int]:
        ask(WARM_UP)
        before = int(spent(b"", timeout=5))
        ask(calls)
        return [(int(spent(b"", timeout=5)) - before) // calls]

    return batch
