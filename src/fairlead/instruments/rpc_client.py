"""Channels of gRPC, sync and asyncio alike: what one of the application's reaches by an app's name.

The application's own channel stays as it is, and connects to nobody as long as its target is
known. Each endpoint has a channel of its own behind it, made like the application's and kept until
the app has that endpoint no more. What is let go of closes when its last call has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

from fairlead.flow.call import Fault, Injected, Outcome
from fairlead.flow.inject import CODES, UNKNOWN
from fairlead.flow.rejected import Rejected
from fairlead.instruments.attempt import Sender, count
from fairlead.instruments.drive import Journey
from fairlead.instruments.measure import measured
from fairlead.instruments.outbound import BAGGAGE, label_only, plan_for, trace_only
from fairlead.instruments.propagate import current_lane
from fairlead.instruments.rpc import (
    WHERE,
    address_of,
    authority_of,
    field_of,
    name_in,
    status_of,
    values_of,
    with_labels,
)
from fairlead.policy.resource import CALLER
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.call import Call, Late, Unreachable
    from fairlead.flow.engine import Plan
    from fairlead.flow.steps import Flow
    from fairlead.instruments.attempt import Answer
    from fairlead.instruments.instrument import DataPlane

MOST_ENDPOINTS = 256
"""Endpoints that one channel of the application is connected to at most."""

CONNECT = 3.0
"""Seconds that an endpoint has to accept a connection before the next one is tried."""

LIBRARY = "grpcio"

GRPC_TYPE = "application/grpc"

CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE = 1, 4, 14

READY, FAILED, SHUTDOWN = 2, 3, 4
"""States of a channel (`grpc_connectivity_state`)."""

OPTIONS = (
    # An app's name means nothing to a proxy.
    ("grpc.enable_http_proxy", 0),
    # The application chooses among endpoints that live; one that is back is to be found back.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
"""What an endpoint's channel has beside the application's own options, which go before these."""


def is_plain(credentials: Any) -> bool:
    """Tell whether a channel with these is without certificates; there are some that say so."""
    return credentials is None or type(credentials).__name__ == "InsecureChannelCredentials"


class Asked(NamedTuple):
    """A call as the application asks for it, but for its message."""

    timeout: float | None = None
    metadata: Any = None
    credentials: Any = None
    wait_for_ready: bool | None = None
    compression: Any = None

    def until(self) -> float:
        """Return when its time is over, on the monotonic clock."""
        return float("inf") if self.timeout is None else time.monotonic() + self.timeout


class Governed(NamedTuple):
    """A call to an app that is known: how to drive it, and the metadata it carries."""

    flow: Flow
    call: Call
    metadata: list[Any]
    repeated: bool
    """Whether a rule may send it again."""


class Reach:
    """What one channel of the application's reaches, by the name in its target."""

    def __init__(
        self,
        plane: DataPlane,
        target: str,
        options: Iterable[Any],
        make: Callable[[str, tuple[Any, ...]], Any],
    ) -> None:
        """`make` opens a channel of the library's to a target with these options."""
        self.plane = plane
        self.name = name_in(target)
        self.closed = False
        self.wanted = False
        """Whether the application has asked it to connect, whatever endpoints come."""
        self._make = make
        theirs = tuple(options or ())
        named = {name for name, _ in theirs}
        ours = (*OPTIONS, ("grpc.default_authority", authority_of(target)))
        self._options = (*theirs, *(option for option in ours if option[0] not in named))
        self._channels: dict[str, Any] = {}
        self._alive: WeakSet[Any] = WeakSet()
        """Those too that were let go of, and have calls under way."""
        self._plan: Plan | None = None

    def govern(self, method: str, asked: Asked, until: float) -> Governed | None:
        """Return how to send a call of `method`, None where it goes as the application made it."""
        if not self.name or self.closed:
            return None
        try:
            plan = plan_for(self.plane, "http", self.name, None)
            if plan is None or not plan.routes.has_grpc(self.name):
                return None
            if plan is not self._plan:
                self._renew(plan)
            call = plan.routes.call(self.name, "POST", current_lane(self.plane))
            call.resource = f"{call.resource}:{method}"
            call.waits = partial(self._waits, until) if asked.wait_for_ready else None
            label = plan.lanes.label(call.lane, values_of(asked.metadata, BAGGAGE))
            traces = self.plane.observing.traces
            if traces.on:
                call.trace = traces.carried()
            metadata = with_labels(asked.metadata, label, (CALLER, call.caller), call.trace)
            flow = plan.outbound if call.waits is None else plan.patient
            if plan.ruled and until < float("inf"):
                call.until = until
            return Governed(flow, call, metadata, self.name in plan.repeated)
        except Exception:  # counted; the call goes on untouched
            self.fault()
            return None

    def _waits(self, until: float) -> float:
        return 0.0 if self.closed else until - time.monotonic()

    def labelled(self, metadata: Any) -> Any:
        """Return the metadata of a call that is not governed: a label must not end here."""
        if not self.plane.propagation_only:
            return metadata
        try:
            label = label_only(self.plane, "http", values_of(metadata, BAGGAGE))
            trace = trace_only(self.plane, "http")
            if label is None and trace is None:
                return metadata
            return with_labels(metadata, label, trace=trace)
        except Exception:  # counted; the call goes on untouched
            self.fault()
            return metadata

    def channel(self, call: Call) -> Any:
        """Return the library's channel to the endpoint of `call`."""
        if call.endpoint is None:
            raise TypeError(f"the flow sent a call to {call.host!r} before it chose an endpoint")
        address = call.endpoint.address
        channel = self._channels.get(address)
        if channel is None:
            channel = self._make(address_of(address), self._options)
            if len(self._channels) >= MOST_ENDPOINTS:
                self._channels.pop(next(iter(self._channels)), None)
            # Two threads may have made one: both go on with the first.
            channel = self._channels.setdefault(address, channel)
            self._alive.add(channel)
        return channel

    def drop(self, channel: Any) -> None:
        """Let go of a channel that could not connect: the next one tries at once."""
        for address, one in list(self._channels.items()):
            if one is channel:
                self._channels.pop(address, None)

    def close(self) -> list[Any]:
        """Let go of every channel; return those to close."""
        self.closed = True
        alive = list(self._alive)
        self._channels.clear()
        return alive

    def fault(self) -> None:
        """Count a fault of ours."""
        self.plane.counters.count(AGENT_FAULTS, WHERE)

    def _renew(self, plan: Plan) -> None:
        """Let go of the channels to endpoints that are gone."""
        self._plan = plan
        if self._channels:
            live = {one.address for service in plan.snapshot.services for one in service.endpoints}
            for address in [one for one in self._channels if one not in live]:
                self._channels.pop(address, None)


class RpcSender(Sender):
    """Sends a call, and says what rules may ask of it."""

    __slots__ = ("_asked", "_governed", "_method", "_name", "_request", "_until", "last", "raised")

    library = LIBRARY

    def __init__(
        self, name: str, method: str, request: Any, asked: Asked, governed: Governed, until: float
    ) -> None:
        """`request` is a message, or an iterator of messages, which is left alone."""
        self._name, self._method, self._request = name, method, request
        self._asked, self._governed, self._until = asked, governed, until
        self.last: Outcome | None = None
        self.raised: BaseException | None = None
        """What the library raised when it was given the call: the application's to hear."""
        governed.call.facts = governed.call.sending = self

    def told(self) -> list[Any]:
        """Return the metadata of the attempt under way."""
        metadata, call = self._governed.metadata, self._governed.call
        found = call.marks
        names = {name for name, _ in found}
        if call.change is not None:
            removed, added = call.change.headers
            names.update(removed)
            found = (*found, *(pair for pair in added if not pair[0].startswith((":", "grpc-"))))
        if not (names or found):
            return metadata
        return [*(pair for pair in metadata if pair[0].lower() not in names), *found]

    def patience(self) -> float:
        """Return until when its endpoint may take to connect."""
        until: float = time.monotonic() + (self._governed.call.connect or CONNECT)
        return min(self.end(), until)

    def end(self) -> float:
        """Return when the attempt under way is to be given up, on the monotonic clock."""
        until = self._governed.call.until
        return self._until if until is None else min(self._until, until)

    def begin(self, plane: DataPlane) -> Journey:
        """Bring the call to where it is to be sent, or is turned away."""
        flow, call, *_ = self._governed
        call.began = time.monotonic_ns()
        journey = Journey(flow, call)
        count(plane, call, self)
        call.fault = None
        return journey

    def value(self, source: str, name: str) -> Any:
        """Return a part of the call."""
        match source:
            case "header":
                found = values_of(self._governed.metadata, name.lower())
                return GRPC_TYPE if not found and name.lower() == "content-type" else found
            case "host":
                return self._name
            case "path":
                return self._method
            case "grpc":
                return field_of(self._request, name)
        return None

    def target(self) -> str:
        """Return the method: its path."""
        return self._method

    def headers(self) -> Mapping[str, str]:
        """Return the metadata that is text, with the type that every call has."""
        pairs = {key: values_of(self._governed.metadata, key) for key in self._keys()}
        return {"content-type": GRPC_TYPE} | {key: one for key, one in pairs.items() if one}

    def _keys(self) -> Iterator[str]:
        yield from (pair[0].lower() for pair in self._governed.metadata or ())

    def answer(self, answer: Answer) -> Any:
        """Return nothing: a rule's code and text are an error of the library's."""
        del answer

    def unreachable(self, error: Unreachable | Rejected | Injected) -> Exception:
        """Return the library's own error."""
        if isinstance(error, Injected):
            code = CODES.get(error.status, UNKNOWN) if error.grpc is None else error.grpc
            return self.error_of(code, error.text)
        if isinstance(error, Rejected):
            code, text = status_of(error.refusal)
            return self.error_of(code, text)
        return self.unsent(str(error))

    def late(self, error: Late) -> Exception:
        """Return the library's own error for a time that is over."""
        return self.error_of(DEADLINE_EXCEEDED, str(error))

    def repeatable(self) -> bool:
        """Tell whether the request is one message, which can be sent again."""
        return not hasattr(self._request, "__next__") and not hasattr(self._request, "__aiter__")

    def unsent(self, text: str) -> Exception:
        """Return what stands for not having been sent."""
        late = time.monotonic() >= self.end()
        return self.error_of(DEADLINE_EXCEEDED if late else UNAVAILABLE, text)

    def closed(self) -> Outcome:
        """Return the outcome of a call that waited when its channel was closed."""
        return Outcome(error=self.error_of(CANCELLED, "Channel closed!"), grpc=CANCELLED)

    def refused(self, call: Call) -> Outcome:
        """Return the outcome of an endpoint that accepts no connection."""
        error = self.unsent(unconnected(call))
        return Outcome(error=error, fault=Fault.REFUSED, grpc=UNAVAILABLE)

    def error_of(self, code: int, text: str) -> Exception:
        """Return an error of the library's, as it makes one for a call that it never sent."""
        raise NotImplementedError


def ended(reach: Reach, journey: Journey, call: Call, outcome: Outcome) -> None:
    """Tell the flow what became of a call that was under way."""
    try:
        journey.end(outcome)
    except Exception:  # counted; the call has ended all the same
        reach.fault()
    if call.fault is not None:
        reach.fault()
    measured(reach.plane, call, None, outcome)


def outcome_of(response: Any, error: BaseException | None, code: int | None) -> Outcome:
    """Return what became of a call that was sent."""
    fault = Fault.TIMEOUT if code == DEADLINE_EXCEEDED else Fault.OTHER
    return Outcome(response, error, fault, grpc=code)


def left(until: float) -> float | None:
    """Return the seconds until then, None for no end."""
    return None if until == float("inf") else max(0.0, until - time.monotonic())


def unconnected(call: Call) -> str:
    """Return what is wrong where the endpoint of `call` accepts no connection."""
    address = call.endpoint.address if call.endpoint else ""
    lane = call.lane or "base"
    return f"fairlead: app {call.host!r} for lane {lane!r}: {address} accepts no connection"


def taken(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Asked]:
    """Return what a call is given: its message, or its iterator of messages, and the rest."""
    if args:
        return args[0], Asked(*args[1:], **kwargs)
    name = "request" if "request" in kwargs else "request_iterator"
    rest = {key: value for key, value in kwargs.items() if key != name}
    return kwargs[name], Asked(**rest)
