"""requests: only its proxies, since urllib3 carries its calls.

An app's name means nothing to a proxy: a call to one of ours is sent as if none were configured,
by variable, session or argument.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fairlead.instruments.headers import copies
from fairlead.instruments.outbound import plan_for
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "requests"
# 2.28 sends chunked uploads past urllib3's `urlopen`, on the pool's own connections.
VERSIONS = ("2.29", "3")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the adapter, and what a session does for a proxy when it follows a redirect."""
    from requests.adapters import HTTPAdapter
    from requests.sessions import SessionRedirectMixin
    from requests.structures import CaseInsensitiveDict

    _check(HTTPAdapter.send, "self", "request", "stream", "timeout", "verify", "cert", "proxies")
    if vars(CaseInsensitiveDict(A="b")) == {"_store": {"a": ("A", "b")}}:
        copies[CaseInsensitiveDict] = _plain
    _check(SessionRedirectMixin.rebuild_proxies, "self", "prepared_request", "proxies")
    hooks = _Hooks(plane)
    patches.replace(HTTPAdapter, "send", hooks.send)
    patches.replace(SessionRedirectMixin, "rebuild_proxies", hooks.rebuild_proxies)


class _Hooks:
    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    def send(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def send(  # noqa: PLR0913, PLR0917 - the arguments are the adapter's
            adapter: Any,
            request: Any,
            stream: Any = False,  # noqa: FBT002
            timeout: Any = None,
            verify: Any = True,  # noqa: FBT002
            cert: Any = None,
            proxies: Any = None,
        ) -> Any:
            if proxies and self._ours(request):
                proxies = None
            return original(adapter, request, stream, timeout, verify, cert, proxies)

        return send

    def rebuild_proxies(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def rebuild_proxies(session: Any, prepared_request: Any, proxies: Any) -> Any:
            rebuilt = original(session, prepared_request, proxies)
            # The proxy's password is not for the app. The request is the session's own copy.
            if rebuilt and self._ours(prepared_request):
                prepared_request.headers.pop("Proxy-Authorization", None)
            return rebuilt

        return rebuild_proxies

    def _ours(self, request: Any) -> bool:
        try:
            url = urlsplit(request.url)
            return plan_for(self._plane, url.scheme, url.hostname, url.port) is not None
        except Exception:  # counted; the call goes on untouched
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)
            return False


def _plain(headers: Any) -> dict[Any, Any]:
    """Return requests' own kind of headers as a plain dictionary."""
    return dict(headers._store.values())


def _check(function: Callable[..., Any], *names: str) -> None:
    """Raise where `function` takes other arguments than this instrument passes on."""
    if tuple(signature(function).parameters) != names:
        raise TypeError(f"requests: {function.__qualname__} takes {signature(function)}")
