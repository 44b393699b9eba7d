"""Rules of every kind by hand, and requests whose ends a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from fairlead.policy.breaker import ERROR_COUNT, CircuitBreaker
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import (
    Authority,
    ConcurrencyLimit,
    HotLimit,
    Param,
    RateLimit,
    Throttle,
    Window,
)
from fairlead.policy.rule import Rule
from tests.instruments.plane import Plane, inner

NEVER = 3_600_000
"""Milliseconds that no test takes."""

_KINDS = {
    Authority: "authorities",
    HotLimit: "hot_limits",
    RateLimit: "rate_limits",
    Throttle: "throttles",
    ConcurrencyLimit: "concurrency_limits",
    CircuitBreaker: "breakers",
}

Message = dict[str, Any]


def flow(*rules: Rule) -> FlowRules:
    """Return `rules`, each in its place."""
    fields: dict[str, Any] = {}
    for rule in rules:
        name = _KINDS[type(rule)]
        fields[name] = (*fields.get(name, ()), rule)
    return FlowRules(**fields)


def enforce(plane: Plane, *rules: Rule, governance: str = "on") -> None:
    """Have `plane` enforce these rules from now on."""
    plane.engine.apply(replace(inner(), flow=flow(*rules), governance=governance))


def _named(resource: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"rule": "FaultToleranceRule/r", "strategy": "s", "resource": resource, **more}


def rate(resource: str, threshold: float, **more: Any) -> RateLimit:
    windows = (Window(threshold=threshold, window_ms=NEVER),)
    return RateLimit(**_named(resource, {"windows": windows, **more}))


def cap(resource: str, most: int, **more: Any) -> ConcurrencyLimit:
    return ConcurrencyLimit(**_named(resource, {"most": most, **more}))


def throttle(resource: str, gap_ms: int, queue_ms: int, **more: Any) -> Throttle:
    """Let calls of `resource` begin `gap_ms` apart."""
    paced = {"threshold": 1, "window_ms": gap_ms, "queue_ms": queue_ms}
    return Throttle(**_named(resource, {**paced, **more}))


def breaker(resource: str, **more: Any) -> CircuitBreaker:
    """Open at the first error, for good unless told otherwise."""
    first = {"strategy_kind": ERROR_COUNT, "threshold": 1, "min_requests": 1}
    return CircuitBreaker(**_named(resource, {**first, "recovery_ms": NEVER, **more}))


def hot(resource: str, source: str, name: str = "", **more: Any) -> HotLimit:
    """Let one call of each value pass."""
    one = {"param": Param(source=source, name=name), "threshold": 1, "window_ms": NEVER}
    return HotLimit(**_named(resource, {**one, **more}))


def allow(resource: str, *names: str, **more: Any) -> Authority:
    return Authority(**_named(resource, {"names": names, "allow": True, **more}))


def inflight(plane: Plane, resource: str) -> int:
    """Return how many calls of `resource` have begun and not ended."""
    return plane.engine.gates.gate(resource).inflight


class Client:
    """Both ends of one ASGI request: what it is sent, and what it is answered."""

    def __init__(self, app: Any, path: str, **scope: Any) -> None:
        self.sent: list[Message] = []
        self.hold: str = ""
        """A type of message that is not sent before `go`."""
        self.go = asyncio.Event()
        self.lost = False
        """Whether nothing can be sent to it any more."""
        self.error: BaseException | None = None
        """What came out of the application, once it has ended."""
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        if scope.get("type", "http") == "http":
            self.say("http.request", body=scope.pop("body", b""), more_body=False)
        full = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 5),
            "headers": [],
            **scope,
        }
        self.task = asyncio.ensure_future(app(full, self._receive, self._send))

    def say(self, kind: str, **more: Any) -> None:
        """Send a message to the application."""
        self._said.put_nowait({"type": kind, **more})

    async def _receive(self) -> Message:
        return await self._said.get()

    async def _send(self, message: Message) -> None:
        if message["type"] == self.hold and not message.get("more_body"):
            await self.go.wait()
        if self.lost:
            raise OSError("the client has gone")
        self.sent.append(message)

    async def ended(self) -> None:
        """Wait for the end of the application's call, whatever it is."""
        await asyncio.wait((self.task,), timeout=20)
        assert self.task.done()
        self.error = None if self.task.cancelled() else self.task.exception()

    @property
    def status(self) -> int:
        """Status of the answer."""
        found: int = self.sent[0]["status"]
        return found

    @property
    def body(self) -> bytes:
        """What has been sent of the body."""
        return b"".join(message.get("body", b"") for message in self.sent)


async def until(true: Callable[[], bool]) -> None:
    """Let the event loop go on until `true()`."""
    for _ in range(4000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


def running(main: Callable[[], Awaitable[None]]) -> None:
    """Run `main` in an event loop of its own."""

    async def call() -> None:
        await main()

    asyncio.run(call())


REDIRECT = Fallback(status=302, headers=(("Location", "https://shop.example/busy"),), body="")
UNAVAILABLE = Fallback(
    status=503, headers=(("Content-Type", "application/json"),), body='{"error": "busy"}'
)
QUEUED = Fallback(status=429, headers=(), body="come back in {retryAfter} s", queue=True)
