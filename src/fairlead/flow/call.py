"""An outbound call, what became of it, and the errors that a decision can end in."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from fairlead.policy.endpoint import Endpoint

if TYPE_CHECKING:
    from fairlead.flow.changing import Change
    from fairlead.flow.facts import Facts
    from fairlead.flow.gate import Entry
    from fairlead.policy.routing.action import Answer


class Fault(enum.Enum):
    """How much of a failed attempt the other side can have seen."""

    REFUSED = "refused"
    """No connection: nothing was sent, so any other endpoint may be tried."""
    DROPPED = "dropped"
    """A pooled connection died before a byte came back: only idempotent methods may repeat."""
    RESET = "reset"
    """The connection broke after something was sent: nobody knows what became of it."""
    TIMEOUT = "timeout"
    """It was sent, and nobody answered in time."""
    OTHER = "other"
    """Anything else: the caller's to judge, as a timeout is."""


class Inherited(NamedTuple):
    """What a request that is served says about the calls that it causes."""

    until: float = inf
    """When its caller waits no more, on the monotonic clock."""
    attempt: int = 0
    """Which attempt of its caller's it is, 0 where nobody has said."""
    spent: bool = False
    """Whether nobody below is to repeat anything."""


NOTHING_INHERITED = Inherited()

REQUEST = "the time that its request had"
"""What gives a call its time where the request that it is made for has no more: `Call.limit`."""


class Sending(Protocol):
    """Whoever sends a call, as far as layers ask."""

    def inherited(self) -> Inherited:
        """Return what the request that is served says."""
        ...

    def repeatable(self) -> bool:
        """Tell whether what was sent can be sent again: the body is still there."""
        ...

    def target(self) -> str:
        """Return the path and the query, as they are sent."""
        ...

    def headers(self) -> Mapping[str, str]:
        """Return all headers, by names in lower case; repeated ones are joined by ``,``."""
        ...

    def copy(self, call: Call, address: str) -> None:
        """Send a copy of the call to `address`, whose answer nobody waits for."""
        ...


EARLY = 0.01
"""Seconds by which a library's own clock may be ahead when it gives up what it was told to."""


class Call:
    """One call by name. Layers fill in `endpoint`; everything else is the caller's.

    What most calls leave as it is, is the class's: making one is a part of each call's cost.
    """

    began = 0
    """When it began, in nanoseconds of the monotonic clock: for whoever measures it."""
    attempts = 0
    """Endpoints that it was sent to, or was to be."""
    order: Sequence[Endpoint] = ()
    """Endpoints that it may be sent to, the first one first; shared."""
    endpoint: Endpoint | None = None
    facts: Facts | None = None
    """What rules may ask about it."""
    open_ended = False
    """Whether what sends it has sent only a part when it says so, and ends `entry` later."""
    entry: Entry | None = None
    """What the gate said; whoever knows of an end before the others may say so."""
    fault: Exception | None = None
    """A fault of ours that let it pass."""
    trace: tuple[str, str] | None = None
    """What it carries of its request's trace: values of `traceparent` and `tracestate`."""
    waits: Callable[[], float] | None = None
    """Says for how many seconds more it waits for an endpoint that accepts connections, 0.0 or
    less where it does not any more; None for a call that does not wait."""

    sending: Sending | None = None
    until: float | None = None
    """When the attempt under way is to be given up, on the monotonic clock; None for never.

    A generator cannot interrupt a send: whoever sends keeps to it."""
    connect = 0.0
    """Seconds that a connection may take, 0.0 for the library's own time."""
    deadline = inf
    """When the whole call is."""
    limit = ""
    """What gives it that time, as errors say it: ``1 s (VirtualService/orders http[0])``."""
    attempt_limit = ""
    """The same of the time of an attempt."""
    attempt = 0
    """Which attempt it is, 0 where no rule may repeat it."""
    tried: tuple[str, ...] = ()
    """Addresses that an attempt was made at."""
    marks: tuple[tuple[str, str], ...] = ()
    """Headers that tell the callee of time and attempts, as of now."""
    change: Change | None = None
    """What a route changes of it."""

    def __init__(
        self, host: str, method: str, lane: str, resource: str = "", caller: str = ""
    ) -> None:
        self.host = host
        self.method = method
        self.lane = lane
        self.resource = resource
        """What rules about calls know it by: ``call:APP``; a protocol may say more."""
        self.caller = caller
        """How this app names itself to the callee, ``""`` where it has no name."""

    def is_cut_short(self, now: float) -> bool:
        """Tell whether the attempt under way ends because its request's time is over.

        Whoever wrote that into the request, which may be a stranger, says nothing about an
        instance, and must not have it left out for everybody.
        """
        if self.until is None or self.until < self.deadline:
            return False
        return self.limit == REQUEST and now >= self.until - EARLY

    def late(self) -> Late:
        """Return the error of a call whose attempt under way was to be given up by now."""
        whole = self.until is None or self.until >= self.deadline
        return Late(self.host, (self.limit if whole else self.attempt_limit) or "its time")


class Outcome:
    """The result of an attempt, or of the whole call: a response, or an error and its fault."""

    __slots__ = ("error", "fault", "grpc", "response", "status")

    def __init__(
        self,
        response: Any = None,
        error: BaseException | None = None,
        fault: Fault = Fault.OTHER,
        status: int | None = None,
        grpc: int | None = None,
    ) -> None:
        self.response = response
        self.error = error
        self.fault = fault
        self.status = status
        """Of a response of HTTP."""
        self.grpc = grpc
        """Code of gRPC, of a response or an error."""


class Late(Exception):
    """A call took longer than a rule, or whoever caused it, lets it.

    Instruments raise it as the host library's own timeout.
    """

    def __init__(self, host: str, limit: str) -> None:
        super().__init__(f"fairlead: no answer of {host!r} within {limit}")
        self.host, self.limit = host, limit

    def __reduce__(self) -> tuple[type[Late], tuple[str, str]]:
        """Go to another process with the library's error, whose cause this is."""
        return type(self), (self.host, self.limit)


class Injected(Exception):
    """A rule aborts a call on purpose: nothing was sent."""

    text = "fault filter abort"
    """What the answer says, in Envoy's words."""
    headers: tuple[tuple[str, str], ...] = ()

    def __init__(self, rule: str, status: int, grpc: int | None) -> None:
        super().__init__(f"fairlead: {rule} aborts this call on purpose")
        self.rule, self.status, self.grpc = rule, status, grpc

    def __reduce__(self) -> tuple[type[Injected], tuple[str, int, int | None]]:
        """Go to another process with the library's error, whose cause this is."""
        return type(self), (self.rule, self.status, self.grpc)


class Full(Injected):
    """As many calls of this process are under way as a rule lets an app have: 503, not sent."""

    text = "upstream connect error or disconnect/reset before headers. reset reason: overflow"


class Answered(Injected):
    """A rule answers a call in the place of the app: nothing was sent."""

    def __init__(self, rule: str, answer: Answer, grpc: int | None) -> None:
        super().__init__(rule, answer.status, grpc)
        self.args = (f"fairlead: {rule} answers this call itself",)
        self.text, self.headers, self.answer = answer.body, answer.headers, answer

    def __reduce__(self) -> tuple[type[Answered], tuple[str, Answer, int | None]]:  # type: ignore[override]
        """Go to another process with the library's error, whose cause this is."""
        return type(self), (self.rule, self.answer, self.grpc)


NAMED = 3
"""Endpoints that an error names; of the rest it says how many there are."""

Unfit: TypeAlias = tuple[tuple[str, str], ...]
"""Addresses that may not serve a lane with shadows, each with the reason."""


class Unreachable(Exception):
    """A known app has no endpoint that may serve this lane.

    `unfit` are the ones it has and that could write what is the lane's to base (contract 12).
    Instruments raise it as the host library's own connect error.
    """

    def __init__(self, app: str, lane: str, unfit: Unfit = (), subset: str = "") -> None:
        part = f", subset {subset!r}," if subset else ""
        where = f"app {app!r}{part} for lane {lane or 'base'!r}"
        text = f"fairlead: no live endpoint of {where}"
        if unfit:
            text = f"fairlead: no endpoint of {where} is fit for its shadows: {_named(unfit)}"
        super().__init__(text)
        self.app = app
        self.lane = lane
        self.unfit = unfit
        self.subset = subset

    def __reduce__(self) -> tuple[type[Unreachable], tuple[str, str, Unfit, str]]:
        """Go to another process with the library's error, whose cause this is."""
        return type(self), (self.app, self.lane, self.unfit, self.subset)


def _named(unfit: Unfit) -> str:
    names = ", ".join(f"{address} ({reason})" for address, reason in unfit[:NAMED])
    return f"{names} and {len(unfit) - NAMED} more" if len(unfit) > NAMED else names
