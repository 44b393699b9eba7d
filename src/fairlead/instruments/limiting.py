"""What every framework's hook does at a route: ask the limits of its resource, and count.

The hook is at the route and not at the door: what the application has put around its routes, CORS
headers and access logs among it, sees the rejection as it sees any answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from fairlead.instruments.inbound import fault
from fairlead.policy.resource import template
from fairlead.telemetry.names import RATE_LIMITED, WOULD_LIMIT

if TYPE_CHECKING:
    from fairlead.flow.limit import Limits, Rejection
    from fairlead.instruments.instrument import DataPlane

TEXT = ("Content-Type", "text/plain; charset=utf-8")

T = TypeVar("T")

PREFLIGHT = "access-control-request-method"
"""The header that tells a browser's question about a request from the request (Fetch, CORS).

A refusal of the question would never be seen: the browser only says that CORS has failed.
"""


class Turnstile:
    """Asks the limits of one process. A fault of ours lets the request pass."""

    __slots__ = ("_engine", "_plane", "_where")

    def __init__(self, plane: DataPlane, where: str) -> None:
        """Count faults as `where`."""
        self._plane, self._engine = plane, plane.engine
        self._where = where

    def open(self) -> bool:
        """Say whether nothing is limited in this process."""
        try:
            return self._engine.plan.limits.none
        except Exception:  # counted; the request goes through
            fault(self._plane, self._where)
            return True

    def ask(self, decide: Callable[[], T | None]) -> T | None:
        """Return what `decide` does, or None where it fails."""
        try:
            return decide()
        except Exception:  # counted; the request goes through
            fault(self._plane, self._where)
            return None

    def refuse(self, method: str, path: str) -> Rejection | None:
        """Return the rejection of a request to the route `path`, prefixes included, or None."""
        engine = self._engine
        limits = engine.plan.limits
        return self._told(limits, limits.check(method, template(path), engine.clock()))

    def refuse_unknown(self) -> Rejection | None:
        """Return the rejection of a request to a path that the application does not know."""
        engine = self._engine
        limits = engine.plan.limits
        return self._told(limits, limits.check_unknown(engine.clock()))

    def _told(self, limits: Limits, rejection: Rejection | None) -> Rejection | None:
        if rejection is None:
            return None
        name = WOULD_LIMIT if limits.observing else RATE_LIMITED
        self._plane.counters.count(name, rejection.resource)
        return None if limits.observing else rejection


def headers_of(rejection: Rejection) -> list[tuple[str, str]]:
    """Return the headers of the answer; a text unless the author says what else it is."""
    headers = list(rejection.fallback.headers)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(TEXT)
    return headers
