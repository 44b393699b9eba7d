"""A call as routes see it: each part is asked for when a route wants to know it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fairlead.policy.routing.match import MESSAGE
from fairlead.policy.routing.request import cookies_of, parameters, without_query
from fairlead.policy.trace import PARENT

if TYPE_CHECKING:
    from fairlead.flow.call import Call

MILLION = 1_000_000
"""Greatest denominator of a fraction."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Message(Mapping[str, str]):
    """Fields of a call's message, by path; those of a call without one are all missing."""

    def __init__(self, call: Call) -> None:
        self._facts = call.facts

    def __getitem__(self, name: str) -> str:
        value = None if self._facts is None else self._facts.value("grpc", name)
        if value is None:
            raise KeyError(name)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class View:
    """One call (`policy.routing.request.RequestLike`)."""

    __slots__ = ("_call", "_dice", "_headers", "_path", "_queries", "_random")

    scheme = "http"
    """Contract 6: only calls of this scheme are by app names."""
    tls = False
    source_ip = ""
    """Who calls is this process."""
    repeated: Mapping[str, tuple[str, ...]] = _NOTHING
    runtime: Mapping[str, int] = _NOTHING

    def __init__(self, call: Call, dice: Callable[[], float]) -> None:
        self._call, self._dice = call, dice
        self._path: str | None = None
        self._headers: Mapping[str, str] | None = None
        self._queries: Mapping[str, str] | None = None
        self._random: int | None = None

    @property
    def metadata(self) -> Mapping[str, Mapping[str, Any]]:
        """The message of a call of gRPC; nobody has verified anything."""
        return {MESSAGE: Message(self._call)}

    @property
    def method(self) -> str:
        """Method, upper case."""
        return self._call.method

    @property
    def authority(self) -> str:
        """Host that the application wrote, or called."""
        return self._header("host") or self._call.host

    @property
    def path(self) -> str:
        """Path with the query, as it is sent."""
        if self._path is None:
            sending = self._call.sending
            self._path = "/" if sending is None else sending.target()
        return self._path

    @property
    def plain_path(self) -> str:
        """Path without query."""
        return without_query(self.path)

    @property
    def headers(self) -> Mapping[str, str]:
        """All of them, by names in lower case; repeated ones are joined."""
        if self._headers is None:
            sending = self._call.sending
            self._headers = _NOTHING if sending is None else sending.headers()
        return self._headers

    @property
    def queries(self) -> Mapping[str, str]:
        """First value of each parameter."""
        if self._queries is None:
            self._queries = parameters(self.path)
        return self._queries

    @property
    def cookies(self) -> Mapping[str, str]:
        """First value of each cookie."""
        return cookies_of(self._header("cookie") or "")

    @property
    def random(self) -> int:
        """A number that is drawn once."""
        if self._random is None:
            self._random = int(self._dice() * MILLION)
        return self._random

    def header(self, name: str) -> str | None:
        """Value of a header, or of what HTTP/2 calls one."""
        match name:
            case ":method":
                return self._call.method
            case ":authority" | "host":
                return self.authority
            case ":path":
                return self.path
            case ":scheme":
                return self.scheme
        return self._header(name)

    def values(self, name: str) -> tuple[str, ...]:
        """Values of a header."""
        value = self.header(name)
        return () if value is None else (value,)

    def _header(self, name: str) -> str | None:
        facts = self._call.facts
        value = None if facts is None else facts.value("header", name)
        if value is None and name == PARENT and self._call.trace is not None:
            return self._call.trace[0]  # what is sent, where the application has written none
        return None if value is None else str(value)
