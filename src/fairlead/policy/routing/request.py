"""What routing may know of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class RequestLike(Protocol):
    """A request as routing asks for it; `Request` says what each part means."""

    @property
    def authority(self) -> str:
        """Host that is asked for, with the port where one was written."""
        ...

    @property
    def path(self) -> str:
        """Path with the query."""
        ...

    @property
    def method(self) -> str:
        """Method, upper case."""
        ...

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by names in lower case; repeated ones are joined by ``,``."""
        ...

    @property
    def repeated(self) -> Mapping[str, tuple[str, ...]]:
        """Single values of those that came more than once."""
        ...

    @property
    def tls(self) -> bool:
        """Whether the client has shown a certificate."""
        ...

    @property
    def metadata(self) -> Mapping[str, Mapping[str, Any]]:
        """What filters have verified."""
        ...

    @property
    def random(self) -> int:
        """A number that is drawn once."""
        ...

    @property
    def runtime(self) -> Mapping[str, int]:
        """Percentages that somebody has set."""
        ...

    @property
    def source_ip(self) -> str:
        """Address of the direct peer, ``""`` where that is this process."""
        ...

    @property
    def plain_path(self) -> str:
        """Path without query and fragment."""
        ...

    @property
    def queries(self) -> Mapping[str, str]:
        """First value of each parameter, as it is written."""
        ...

    @property
    def cookies(self) -> Mapping[str, str]:
        """First value of each cookie."""
        ...

    def header(self, name: str) -> str | None:
        """Value of a header, or of what HTTP/2 calls one; `name` is lower case."""
        ...

    def values(self, name: str) -> tuple[str, ...]:
        """Values of a header, none where it is missing; `name` is lower case."""
        ...


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
        return without_query(self.path)

    @cached_property
    def queries(self) -> Mapping[str, str]:
        """First value of each parameter, as it is written: Envoy does not decode them here."""
        return parameters(self.path)

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """First value of each cookie."""
        return cookies_of(self.headers.get("cookie", ""))


def without_query(path: str) -> str:
    """Return `path` without query and fragment."""
    if "#" in path:
        path = path[: path.index("#")]
    return path[: path.index("?")] if "?" in path else path


def parameters(path: str) -> dict[str, str]:
    """Return the first value of each parameter of a path with a query, as it is written."""
    found: dict[str, str] = {}
    for part in path.partition("#")[0].partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if name:
            found.setdefault(name, value)
    return found


def cookies_of(text: str) -> dict[str, str]:
    """Return the first value of each cookie in the value of a header."""
    found: dict[str, str] = {}
    for part in text.replace(",", ";").split(";"):
        name, separator, value = part.strip().partition("=")
        if separator:
            quoted = len(value) > 1 and value[0] == value[-1] == '"'
            found.setdefault(name, value[1:-1] if quoted else value)
    return found
