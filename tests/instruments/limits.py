"""A data plane whose limits are by hand, and requests to applications of either interface."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any
from wsgiref.util import setup_testing_defaults

from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import RateLimit, Window
from tests.instruments.plane import Plane, inner
from tests.instruments.starlette.calls import exchange

Headers = list[tuple[str, str]]

BUSY = Fallback(
    status=429,
    headers=(("Retry-After", "3"), ("X-Why", "busy")),
    body="you are in the queue",
)


def limited(
    *resources: str, threshold: float = 0, fallback: Fallback = BUSY, governance: str = "on"
) -> Plane:
    """Return a plane that lets `threshold` requests of each of `resources` pass in an hour."""
    plane = Plane()
    limit(plane, *resources, threshold=threshold, fallback=fallback, governance=governance)
    return plane


def limit(
    plane: Plane,
    *resources: str,
    threshold: float = 0,
    fallback: Fallback = BUSY,
    governance: str = "on",
) -> None:
    """Have `plane` enforce these limits from now on."""
    limits = tuple(
        RateLimit(
            rule="FaultToleranceRule/r",
            strategy="RateLimitStrategy/s",
            resource=resource,
            windows=(Window(threshold=threshold, window_ms=3_600_000),),
            fallback=fallback,
        )
        for resource in resources
    )
    plane.engine.apply(replace(inner(), flow=FlowRules(rate_limits=limits), governance=governance))


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: str


async def ask(app: Any, path: str, method: str = "GET", headers: Headers | None = None) -> Answer:
    """Send an ASGI application one request."""
    messages = await exchange(app, headers, path=path, raw_path=path.encode(), method=method)
    start = messages[0]
    found = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], found, b"".join(m.get("body", b"") for m in messages).decode())


def ask_wsgi(
    app: Any, path: str, method: str = "GET", headers: Headers | None = None, body: bytes = b""
) -> Answer:
    """Send a WSGI application one request."""
    environ: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": method}
    environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    for name, value in headers or []:
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    setup_testing_defaults(environ)
    started: list[tuple[str, Headers]] = []

    def start(status: str, headers: Headers, error: Any = None) -> None:
        started.append((status, headers))

    parts = app(environ, start)
    try:
        text = b"".join(parts).decode()
    finally:
        if hasattr(parts, "close"):
            parts.close()
    status, found = started[-1]
    return Answer(int(status[:3]), {name.lower(): value for name, value in found}, text)
