"""Turns away requests that a browser was tricked into: a web page must not steer the control plane.

A page of some other site can send requests to 127.0.0.1, and with a name that resolves there
(DNS rebinding) even read the answers. The first carry a foreign `Origin`, the second a foreign
`Host`. No header allows a cross-origin read. A server with a certificate answers to its names too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairlead.control.api.refusing import turn_away
from fairlead.control.api.status import forbidden


def is_loopback(host: str) -> bool:
    """Say whether `host`, a name or an address without port, is this machine's own loopback."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_REMEMBERED = 300
"""Characters of the longest `Host` that is remembered."""

IsOurs = Callable[[str], bool]
"""Says whether a name or an address, without port, is one that the server is known by."""


class Guard:
    """Lets requests through whose Host is loopback or ours, and whose Origin is the same."""

    def __init__(self, app: ASGIApp, is_ours: IsOurs = lambda host: False) -> None:
        self._app, self._is_ours = app, is_ours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a Status; no answer is taken for what it is not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_plainly(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-content-type-options"] = "nosniff"
            await send(message)

        if (why := _suspicion(Headers(scope=scope), self._is_ours)) is None:
            await self._app(scope, receive, send_plainly)
        else:
            await turn_away(forbidden(why).response(), scope, receive, send_plainly)


def answers_to(host: str, is_ours: IsOurs) -> bool:
    """Say whether a `Host` is loopback or ours."""
    name, loopback = _named(host) if len(host) <= _REMEMBERED else _named.__wrapped__(host)
    return loopback or is_ours(name)


@lru_cache(64)
def _named(host: str) -> tuple[str, bool]:
    """Return the name in a `Host`, and whether it is loopback: every agent's is one of few."""
    name = _hostname(f"//{host}")
    return name, is_loopback(name)


def _suspicion(headers: Headers, is_ours: IsOurs) -> str | None:
    hosts = headers.getlist("host")
    host = hosts[0] if len(hosts) == 1 else ""
    if not answers_to(host, is_ours):
        return (
            f"Host {host[:200]!r} is not this server's: it answers to localhost, loopback "
            "addresses, and the names in its certificate"
        )
    origin = headers.get("origin")
    if origin is not None and urlsplit_netloc(origin) != host.lower():
        return f"requests of pages from {origin[:200]!r} are refused"
    return None


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def urlsplit_netloc(url: str) -> str:
    """Return host and port of a URL, lower case, ``""`` where it has none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
