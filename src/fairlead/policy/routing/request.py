"""What routing may know of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, before anything has been changed of it."""

    authority: str = ""
    path: str = "/"
    """With the query."""
    method: str = "GET"
    scheme: str = "http"
    headers: Mapping[str, str] = field(default_factory=dict)
    """By names in lower case; values of a repeated one are joined by ``,``."""
    repeated: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NOTHING)
    """Single values of those of `headers` that came more than once."""
    tls: bool = False
    """Whether the client has shown a certificate."""
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _NOTHING)
    """What filters have verified, by their names. Never put in what a client merely says."""
    random: int = 0
    """A number of 64 bits, drawn once: weights and fractions are decided by it."""
    runtime: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    """Percentages that somebody has set, by runtime key."""
    source_ip: str = ""
    """Address of the direct peer."""

    def header(self, name: str) -> str | None:
        """Value of a header, or of what HTTP/2 calls one; `name` is lower case."""
        found = self.headers.get(name)
        if found is not None or name[:1] not in (":", "h"):
            return found
        match name:
            case ":method":
                return self.method
            case ":authority" | "host":
                return self.authority
            case ":path":
                return self.path
            case ":scheme":
                return self.scheme
        return None

    def values(self, name: str) -> tuple[str, ...]:
        """Values of a header, none where it is missing; `name` is lower case."""
        several = self.repeated.get(name)
        if several is not None:
            return several
        value = self.header(name)
        return () if value is None else (value,)

    @property
    def plain_path(self) -> str:
        """Path without query and fragment."""
        path = self.path
        if "#" in path:
            path = path[: path.index("#")]
        return path[: path.index("?")] if "?" in path else path

    @cached_property
    def queries(self) -> Mapping[str, str]:
        """First value of each parameter, as it is written: Envoy does not decode them here."""
        found: dict[str, str] = {}
        for part in self.path.partition("#")[0].partition("?")[2].split("&"):
            name, _, value = part.partition("=")
            if name:
                found.setdefault(name, value)
        return found

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """First value of each cookie."""
        found: dict[str, str] = {}
        for part in self.headers.get("cookie", "").replace(",", ";").split(";"):
            name, separator, value = part.strip().partition("=")
            if separator:
                quoted = len(value) > 1 and value[0] == value[-1] == '"'
                found.setdefault(name, value[1:-1] if quoted else value)
        return found
