"""A request as conditions see it, read from an ASGI scope or a WSGI environ only where asked.

Everything in it is a stranger's: text is decoded so that nothing can raise, and nothing is searched
further than a bound. What a server already limits (a header's length, their number) is not limited
again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fairlead.policy.parts import TRACE_HEADERS, cookie_value, query_value, trace_id

if TYPE_CHECKING:
    from fairlead.policy.snapshot import Snapshot


class AsgiRequest(dict[str, str]):
    """An ``http`` or ``websocket`` scope as a RequestView.

    It is a dict of headers by lower-case name: those of `asked_headers` at least.
    """

    __slots__ = ("scope",)

    scope: Mapping[str, Any]

    if TYPE_CHECKING:

        def header(self, name: str) -> str | None:
            """Value of a header, repeated ones joined by ``,``."""

    else:
        # Every rule of an entry asks on every request: the dict's own method, not one around it.
        header = dict.get

    def add(self, name: str, value: bytes) -> None:
        """Add the next value of a header; repeated ones are joined as RFC 9110 and 6265 say."""
        text = value.decode("latin-1")
        if name in self:
            text = f"{self[name]}{';' if name == 'cookie' else ','}{text}"
        self[name] = text

    def query(self, name: str) -> str | None:
        """First value of a query parameter, decoded."""
        return query_value(self.scope.get("query_string", b"").decode("latin-1"), name)

    def cookie(self, name: str) -> str | None:
        """First value of a cookie."""
        return cookie_value(self.get("cookie"), name)

    def path(self) -> str | None:
        """Decoded path, mount prefixes included."""
        path: str | None = self.scope.get("path")
        return path

    def method(self) -> str | None:
        """Method, upper case; a websocket opens with GET."""
        return str(self.scope.get("method", "GET")).upper()

    def source_ip(self) -> str | None:
        """Address of the direct peer, as the server names it."""
        client = self.scope.get("client")
        return client[0] if client else None

    def trace(self) -> str | None:
        """Trace id, as `policy.parts.trace_id` finds it."""
        return trace_id(self.header)


class WsgiRequest:
    """A WSGI environ as a RequestView."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def header(self, name: str) -> str | None:
        """Value of a header; the server has joined repeated ones."""
        value: str | None = self._environ.get(environ_key(name))
        return value

    def query(self, name: str) -> str | None:
        """First value of a query parameter, decoded."""
        return query_value(self._environ.get("QUERY_STRING", ""), name)

    def cookie(self, name: str) -> str | None:
        """First value of a cookie."""
        return cookie_value(self._environ.get("HTTP_COOKIE"), name)

    def path(self) -> str | None:
        """Decoded path, mount prefixes included."""
        path = self._environ.get("SCRIPT_NAME", "") + self._environ.get("PATH_INFO", "")
        # PEP 3333: bytes in disguise, one character each.
        return str(path).encode("latin-1", "replace").decode("utf-8", "replace")

    def method(self) -> str | None:
        """Method, upper case."""
        return str(self._environ.get("REQUEST_METHOD", "GET")).upper()

    def source_ip(self) -> str | None:
        """Address of the direct peer; a Unix socket's is empty."""
        return self._environ.get("REMOTE_ADDR") or None

    def trace(self) -> str | None:
        """Trace id, as `policy.parts.trace_id` finds it."""
        return trace_id(self.header)


def asked_headers(snapshot: Snapshot) -> Iterator[str]:
    """Yield the headers, in lower case, that the rules of `snapshot` look at."""
    for colouring in snapshot.entry.colourings if snapshot.entry else ():
        for condition in colouring.conditions:
            match condition.source:
                case "header":
                    yield condition.key.lower()
                case "cookie":
                    yield "cookie"
                case "trace":
                    yield from TRACE_HEADERS


@lru_cache(maxsize=1024)
def environ_key(name: str) -> str:
    """Return the key of header `name` in a WSGI environ."""
    key = name.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
