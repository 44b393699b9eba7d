"""What rules ask about an inbound request beside its resource: who calls, and parts of it.

Made only for gates that have such a rule, and read only as far as it asks. The caller is what an
app of the mesh says of itself: nobody outside is believed, so that an entry, and whoever trusts
nobody, knows no callers. The client is the peer of the socket, as the server names it: headers of
proxies are a client's to write, and a rule that means one names it as a header.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from fairlead.instruments.request import environ_key
from fairlead.policy.parts import cookie_values, query_values
from fairlead.policy.resource import CALLER

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane

CALLER_LENGTH = 512
"""Longer than two names of Kubernetes can be."""


class Raw(Protocol):
    """A request as its interface spells it."""

    def header(self, name: str) -> str | None:
        """Value of a header, repeated ones joined."""

    def query(self) -> str:
        """The query string."""

    def peer(self) -> str | None:
        """Address of the direct peer."""


class InboundFacts:
    """One request, for the rules of its gate."""

    __slots__ = ("_parameters", "_plane", "_raw")

    def __init__(self, plane: DataPlane, raw: Raw, parameters: Mapping[str, Any]) -> None:
        """`parameters` are those of the path, by name."""
        self._plane, self._raw, self._parameters = plane, raw, parameters

    def caller(self) -> str:
        """App that calls, ``""`` where none says so that is believed."""
        if not self._plane.engine.plan.lanes.trusting:
            return ""
        name = (self._raw.header(CALLER) or "").strip()
        return name if len(name) <= CALLER_LENGTH else ""

    def entrance(self) -> str:
        """An inbound call is part of no other."""
        return ""

    def value(self, source: str, name: str) -> Any:
        """Part of the request as text, a list where it is there several times; None for none."""
        raw = self._raw
        match source:
            case "header":
                return raw.header(name)
            case "query":
                return _one(query_values(raw.query(), name))
            case "cookie":
                return _one(cookie_values(raw.header("cookie") or "", name))
            case "path":
                return _parameter(self._parameters, name)
            case "client-ip":
                return raw.peer()
            case "host":
                return _host(raw.header("host"))
        return None


class AsgiRaw:
    """A scope."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._scope = scope

    def header(self, name: str) -> str | None:
        """Value of a header, repeated ones joined as RFC 9110 and 6265 say."""
        found = list(self._values(name.lower().encode("latin-1", "replace")))
        return (";" if name == "cookie" else ",").join(found) if found else None

    def _values(self, wanted: bytes) -> Iterator[str]:
        for key, value in self._scope["headers"]:
            if key == wanted:
                yield value.decode("latin-1")

    def query(self) -> str:
        """The query string."""
        return str(self._scope.get("query_string", b"").decode("latin-1"))

    def peer(self) -> str | None:
        """Address of the direct peer; a Unix socket's is none."""
        client: Sequence[Any] | None = self._scope.get("client")
        return str(client[0]) if client and client[0] else None


class WsgiRaw:
    """An environ."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def header(self, name: str) -> str | None:
        """Value of a header; the server has joined repeated ones."""
        value: str | None = self._environ.get(environ_key(name))
        return value

    def query(self) -> str:
        """The query string."""
        return str(self._environ.get("QUERY_STRING", ""))

    def peer(self) -> str | None:
        """Address of the direct peer; a Unix socket's is empty."""
        return self._environ.get("REMOTE_ADDR") or None


def _one(values: list[str]) -> str | list[str] | None:
    if not values:
        return None
    return values[0] if len(values) == 1 else values


def _parameter(parameters: Mapping[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if value is None and name.lstrip("-").isdigit():
        values, position = list(parameters.values()), int(name)
        value = values[position] if -len(values) <= position < len(values) else None
    return None if value is None else str(value)


def _host(header: str | None) -> str | None:
    """Return the name in a Host header, lower case, without the port."""
    if not header:
        return None
    name = header.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]
