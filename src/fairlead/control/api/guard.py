"""Turns away requests that a browser was tricked into: a web page must not steer the control plane.

A page of some other site can send requests to 127.0.0.1, and with a name that resolves there
(DNS rebinding) even read the answers. The first carry a foreign `Origin`, the second a foreign
`Host`. No header allows a cross-origin read.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from fairlead.control.api.status import forbidden


def is_loopback(host: str) -> bool:
    """Say whether `host`, a name or an address without port, is this machine's own loopback."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class LoopbackGuard:
    """Lets requests through whose Host and Origin are loopback: for a server bound to it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a Status."""
        if scope["type"] != "http" or (why := _suspicion(Headers(scope=scope))) is None:
            await self._app(scope, receive, send)
            return
        await forbidden(why).response()(scope, receive, send)


def _suspicion(headers: Headers) -> str | None:
    host = headers.get("host", "")
    if not is_loopback(_hostname(f"//{host}")):
        return (
            f"Host {host[:200]!r} is not this server's: it answers to localhost and loopback only"
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
