"""CPU that a hop adds on its way in: a FastAPI application called in process, with a lane rule."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from benchmarks.measure import Batch, Figure, added, each_async
from benchmarks.plane import LANE_RULE, VIP, Plane, snapshot
from fairlead.instruments.libs import fastapi, starlette
from fairlead.instruments.patch import Patches
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.lane import Entry
from fairlead.policy.limit import MOST_THRESHOLD, RateLimit, Window
from fairlead.policy.overload import ADAPTIVE, OverloadProtection
from fairlead.policy.snapshot import Snapshot

CALLS = 1500
TARGET = 5.0

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Headers = tuple[tuple[bytes, bytes], ...]

ORDINARY: Headers = (
    (b"host", b"shop.example.com"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"zh-CN,zh;q=0.9,en;q=0.8"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"connection", b"keep-alive"),
    (b"cookie", b"session=2b7e151628aed2a6; theme=dark"),
)
VISITOR = ORDINARY
MEMBER = (*ORDINARY, (b"x-user-uuid", VIP.encode()))
LIMIT = RateLimit(
    rule="FaultToleranceRule/r",
    strategy="RateLimitStrategy/s",
    resource="/a",
    windows=(Window(threshold=float(MOST_THRESHOLD), window_ms=1000),),
)
PROTECTION = OverloadProtection(
    rule="AdaptiveOverloadProtectionStrategy/a", strategy="spec", kind=ADAPTIVE
)
LABELLED = (*ORDINARY, (b"baggage", b"x-opensergo-traffic=gray,userId=alice"))


def run() -> Iterator[Figure]:
    """Measure an entry that colours every second request, and a hop behind it, with rules too."""
    entry = snapshot("web", entry=Entry(colourings=(LANE_RULE,)))
    yield figure("inbound_entry_us", entry, (MEMBER, VISITOR))
    yield figure("inbound_inner_us", snapshot("cart"), (LABELLED, VISITOR))
    limited = replace(snapshot("cart"), flow=FlowRules(rate_limits=(LIMIT,)))
    yield figure("inbound_limited_us", limited, (LABELLED, VISITOR))
    protected = replace(snapshot("cart"), overload=PROTECTION)
    yield figure("inbound_protected_us", protected, (LABELLED, VISITOR), target=7.0)


def figure(
    name: str,
    policy: Snapshot,
    headers: tuple[Headers, ...],
    *,
    target: float = TARGET,
    pure: bool = False,
) -> Figure:
    """Return what hooks that enforce `policy` add to requests with `headers`, by turns."""
    with asyncio.Runner() as runner:
        bare = requests(runner, headers)
        plane, patches = Plane(policy, pure=pure), Patches()

        def hooked(calls: int) -> list[int]:
            starlette.install(plane, patches)
            fastapi.install(plane, patches)
            try:
                return bare(calls)
            finally:
                patches.restore()

        measured = added(name, bare, hooked, calls=CALLS, target=target)
    counted = plane.counters.read()
    if "agent_faults" in counted:
        raise RuntimeError(f"the hooks failed, so nothing was measured: {counted}")
    return measured


def requests(runner: asyncio.Runner, headers: tuple[Headers, ...]) -> Batch:
    """Return what sends an application requests with these headers, by turns."""
    app = FastAPI()

    @app.get("/a", response_class=PlainTextResponse)
    async def a() -> str:
        return "A"

    async def once_each() -> None:
        for chosen in headers:
            await app(scope(chosen), receive, _send)

    return lambda calls: [
        spent // len(headers)
        for spent in runner.run(each_async(once_each, max(1, calls // len(headers))))
    ]


def scope(headers: Headers) -> Scope:
    """Return a request as a server makes it of what has come."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/a",
        "raw_path": b"/a",
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        # As uvicorn has it: with it the scope is as large as it is in a real server.
        "state": {},
    }


async def receive() -> MutableMapping[str, Any]:
    """Return an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: MutableMapping[str, Any]) -> None:
    if message.get("status", 200) != 200:
        raise RuntimeError(f"the application answered {message['status']}")
