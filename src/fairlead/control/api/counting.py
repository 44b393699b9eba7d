"""How many requests the control plane was asked, by what they ask for.

Agents ask when something changes and when a lease is due, never because of an application's
request: these counts are what that can be held against.
"""

from __future__ import annotations

from collections import Counter

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fairlead.control.api.status import json_response
from fairlead.protocols.watch.codec import ROOT

WATCHES, ANSWERS = "watches", "acknowledgements"
REGISTRATIONS, DEPARTURES, REPORTS = "registrations", "departures", "reports"
OTHERS = "others"
"""Whatever no agent asks: people, kubectl, the console."""

_AGENTS = {
    ("GET", f"{ROOT}/watch"): WATCHES,
    ("POST", f"{ROOT}/ack"): ANSWERS,
    ("POST", f"{ROOT}/instances"): REGISTRATIONS,
    ("POST", f"{ROOT}/reports"): REPORTS,
    ("DELETE", f"{ROOT}/instances"): DEPARTURES,
    ("DELETE", f"{ROOT}/replaced"): DEPARTURES,
}


class Counting:
    """Counts requests since the control plane started, refused ones among them."""

    def __init__(self) -> None:
        self._counts = Counter(dict.fromkeys((*_AGENTS.values(), OTHERS), 0))

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return `app`, with each of its requests counted when it arrives."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                self._counts[_AGENTS.get((scope["method"], scope["path"]), OTHERS)] += 1
            await app(scope, receive, send)

        return counted

    def count(self, path: str) -> None:
        """Count a request of an agent that goes past `around`, posted to `path`."""
        self._counts[_AGENTS["POST", path]] += 1

    def counts(self) -> dict[str, int]:
        """Return the counts, by what is asked for."""
        return dict(self._counts)

    def route(self) -> Route:
        """Return the route that tells the counts."""
        return Route(f"{ROOT}/requests", self._tell)

    async def _tell(self, request: Request) -> Response:
        return json_response({"requests": self.counts()})
