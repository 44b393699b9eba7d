"""A million requests in one process, on three lanes, changing tasks and threads: none may leak.

Sixty-four requests are under way at a time in the event loop, and two in threads of their own. With
real hooks everywhere, each looks which lane it is on wherever it gets to.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from aiohttp import ClientSession

from benchmarks.measure import Figure
from benchmarks.plane import Plane
from benchmarks.switches import LANE, Applications
from benchmarks.switches_aiohttp import Again
from fairlead.instruments.hooking import hook_all
from fairlead.instruments.importing import ImportWatch
from fairlead.instruments.instrument import State
from fairlead.instruments.patch import Patches
from fairlead.instruments.propagate import current_lane
from fairlead.policy.lane import Lane
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from fairlead.telemetry.names import AGENT_FAULTS, LANE_OUTLIVED_REQUEST

REQUESTS = int(os.environ.get("LEAK_REQUESTS", "1000000"))
ASYNC_WORKERS, SYNC_WORKERS = 64, 2
SYNC_SHARE = 0.1
LANES = ("", "gray", "blue")

# How often each kind of work is drawn: the cheap ones mostly, so that a million take a minute.
MIX = {
    "plain": 380,
    "tasks": 250,
    "generator": 150,
    "stream": 130,
    "to_thread": 20,
    "executor": 20,
    "thread": 10,
    "pool_map": 10,
    "endpoint": 10,
    "sync_stream": 5,
    "background": 10,
    "outlive": 5,
}
AIOHTTP_MIX = {"plain": 8, "tasks": 6, "stream": 6, "thread": 4, "called": 6}
"""To an aiohttp server over loopback, by aiohttp: each costs as much as ten of the others."""
AIOHTTP = "aiohttp "
SYNC_MIX = {"plain": 60, "stream": 35, "executor": 5}


def run() -> Iterator[Figure]:
    """Send the requests and give what leaked and what outlived its request."""
    lanes = tuple(Lane(name=lane) for lane in LANES if lane)
    applications = Applications(lambda: current_lane(plane))
    again = Again(applications.look, LANE)
    services = (again.service(),)
    plane = Plane(Snapshot(workload=Workload(app="shop"), lanes=lanes, services=services))
    patches: dict[str, Patches] = {}
    hooks, states = hook_all(plane, patches)
    watch = ImportWatch(hooks)
    watch.install()
    if off := [state for state in states if state.state is not State.HOOKED]:
        raise RuntimeError(f"not hooked, so nothing would be proved: {off}")
    try:
        leaks = asyncio.run(_all(applications, again)) + applications.late_leaks
    finally:
        applications.close()
        watch.remove()
        for made in patches.values():
            made.restore()
    counted = plane.counters.read()
    if AGENT_FAULTS in counted:
        raise RuntimeError(f"hooks failed: {counted[AGENT_FAULTS]}")
    outlived = sum(counted.get(LANE_OUTLIVED_REQUEST, {}).values())
    note = f"{REQUESTS:,} requests, {', '.join(sorted(patches))} hooked"
    yield Figure(name="inprocess_leaks_count", value=leaks, target=0, note=note)
    note = f"{outlived:,} counted, {applications.late_looks:,} made"
    missed = abs(outlived - applications.late_looks)
    yield Figure(name="inprocess_outlived_missed_count", value=missed, target=0, note=note)


async def _all(applications: Applications, again: Again) -> int:
    count = int(REQUESTS * SYNC_SHARE)
    mix = MIX | {AIOHTTP + kind: weight for kind, weight in AIOHTTP_MIX.items()}
    kinds = iter(_draw(mix, REQUESTS - count, seed=1))
    loop = asyncio.get_running_loop()
    async with again.served() as client:
        threads = ThreadPoolExecutor(SYNC_WORKERS)
        sync = [
            loop.run_in_executor(threads, _call_wsgi, applications, count // SYNC_WORKERS, seed)
            for seed in range(SYNC_WORKERS)
        ]
        peer = (client, again.url)
        workers = [_work(applications, peer, kinds) for _ in range(ASYNC_WORKERS)]
        leaks = sum(await asyncio.gather(*workers)) + sum(await asyncio.gather(*sync))
        threads.shutdown()
    await asyncio.gather(*applications.late)
    # Their done callbacks, which read the results, run one turn later.
    await asyncio.sleep(0)
    return leaks


def _draw(mix: dict[str, int], count: int, *, seed: int) -> Iterator[tuple[str, str]]:
    dice = random.Random(seed)
    kinds, weights = list(mix), list(mix.values())
    for _ in range(count):
        yield dice.choices(kinds, weights)[0], dice.choice(LANES)


async def _work(
    applications: Applications, peer: tuple[ClientSession, str], kinds: Iterator[tuple[str, str]]
) -> int:
    leaks = 0
    for kind, lane in kinds:
        if kind.startswith(AIOHTTP):
            leaks += await _call_aiohttp(*peer, kind.removeprefix(AIOHTTP), lane)
        else:
            leaks += await _call_asgi(applications, kind, lane)
    return leaks


async def _call_aiohttp(client: ClientSession, url: str, kind: str, lane: str) -> int:
    headers = {LANE: lane}
    if lane:
        headers["baggage"] = f"userId=alice,x-opensergo-traffic={lane}"
    async with client.get(f"{url}/{kind}", headers=headers) as response:
        return _leaks([await response.read()])


async def _call_asgi(applications: Applications, kind: str, lane: str) -> int:
    headers = [(LANE.encode(), lane.encode())]
    if lane:
        headers.append((b"baggage", f"userId=alice,x-opensergo-traffic={lane}".encode()))
    body: list[bytes] = []
    ended = asyncio.Event()
    never = asyncio.Event()
    asked = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal asked
        if asked:
            await never.wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        body.append(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/{kind}",
        "raw_path": kind.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "ended": ended,
    }
    await applications.asgi(scope, receive, send)
    ended.set()
    return _leaks(body)


def _call_wsgi(applications: Applications, count: int, seed: int) -> int:
    leaks = 0
    for kind, lane in _draw(SYNC_MIX, count, seed=seed):
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": f"/{kind}",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
            "wsgi.errors": BytesIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "HTTP_X_EXPECTED_LANE": lane,
        }
        if lane:
            environ["HTTP_BAGGAGE"] = f"x-opensergo-traffic={lane}"
        answer = applications.wsgi(environ, lambda *_: lambda data: None)
        try:
            leaks += _leaks(list(answer))
        finally:
            getattr(answer, "close", lambda: None)()
    return leaks


def _leaks(body: list[bytes]) -> int:
    digits = b"".join(body)
    if not digits or digits.strip(b"01"):
        raise RuntimeError(f"the application answered {digits!r}")
    return digits.count(b"1")
