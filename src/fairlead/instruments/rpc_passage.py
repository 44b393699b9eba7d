"""Calls of gRPC in the gates of the process that serves them: what is asked, and how they ended.

A call enters when its handler is to begin, which for one message is when that is there. It leaves
when the handler's function has returned, when its stream has ended, or when the client of a stream
has gone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Any

from fairlead.flow.refusal import AUTHORITY
from fairlead.flow.result import GRPC_FAULTS
from fairlead.instruments.facts import CALLER_LENGTH
from fairlead.instruments.inbound import fault
from fairlead.instruments.passage import Passage
from fairlead.instruments.rejections import told
from fairlead.instruments.rpc import WHERE, Pairs, field_of, ip_of, status_of, values_of
from fairlead.policy.parts import cookie_value
from fairlead.policy.resource import CALLER, scopes

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry, Gate
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.instrument import DataPlane

MOST_KNOWN = 10_000
"""Methods whose gates are at hand."""

CANCELLED, UNKNOWN, DEADLINE_EXCEEDED = 1, 2, 4

PUSHBACK = "grpc-retry-pushback-ms"
"""Metadata that tells a client when to try again, if it does (gRFC A6); negative for never."""


class RpcPassage(Passage):
    """A call in gates."""

    __slots__ = ("believed", "grpc")

    def __init__(self, lane: str, count_fault: Callable[[], None]) -> None:
        super().__init__(lane, count_fault)
        self.grpc: int | None = None
        self.believed = False
        """Whether it is believed who sent it."""

    def caller(self) -> str:
        """Return the app that sent it, as far as that is believed; ``""`` for none."""
        name = (values_of(self.headers, CALLER) or "").strip() if self.believed else ""
        return name if len(name) <= CALLER_LENGTH else ""

    def over(self, code: int) -> None:
        """Leave, as the call has ended with this code; the first one counts.

        What its handler does then is still work for it.
        """
        if self.grpc is None:
            self.grpc = code
        self.leave()

    def failed(self) -> bool:
        """Tell whether it ended in a code that is the server's fault."""
        return self.grpc in GRPC_FAULTS


class RpcFacts:
    """One call, for the rules of its gate."""

    __slots__ = ("_context", "_message", "_metadata", "_method", "_plane")

    def __init__(
        self, plane: DataPlane, method: str, metadata: Pairs, message: Any, context: Any
    ) -> None:
        """`message` is None where a stream of them comes; `context` is the library's."""
        self._plane, self._method, self._metadata = plane, method, metadata
        self._message, self._context = message, context

    def caller(self) -> str:
        """App that calls, ``""`` where none says so that is believed."""
        if not self._plane.engine.plan.lanes.trusting:
            return ""
        name = (values_of(self._metadata, CALLER) or "").strip()
        return name if len(name) <= CALLER_LENGTH else ""

    def entrance(self) -> str:
        """An inbound call is part of no other."""
        return ""

    def value(self, source: str, name: str) -> Any:
        """Part of the call, None where it has none."""
        match source:
            case "header":
                return values_of(self._metadata, name.lower())
            case "cookie":
                return cookie_value(values_of(self._metadata, "cookie"), name)
            case "grpc":
                return field_of(self._message, name)
            case "client-ip":
                return ip_of(self._context.peer())
            case "path":
                return self._method
        return None


class RpcGates:
    """The gates of methods. A fault of ours lets a call pass."""

    __slots__ = ("_engine", "_known", "_plane")

    def __init__(self, plane: DataPlane) -> None:
        self._plane, self._engine = plane, plane.engine
        self._known: dict[str, Gate] = {}

    def enter(self, passage: RpcPassage, facts: RpcFacts, method: str) -> Entry | None:
        """Enter the gate of `method`; what is let in is the passage's to leave."""
        try:
            gate = self._known.get(method) or self._gate(method)
            entry, measuring, resource = gate.enter(1, facts), self._engine.measuring, gate.resource
            if entry.refused is not None or entry.simulated is not None:
                told(self._plane, entry)
                measuring.reject(resource, passage.lane, simulated=entry.refused is None)
                if passage.note is not None:
                    passage.note.hear(entry)
            if entry.refused is None:
                passage.take(entry, resource)
                if measuring.on and passage.lane:
                    passage.entries += (measuring.meter(resource, passage.lane).enter(),)
            return entry
        except Exception:  # counted; the call goes through
            fault(self._plane, WHERE)
            return None

    def _gate(self, method: str) -> Gate:
        gates = self._engine.gates
        if len(self._known) >= MOST_KNOWN and not gates.known(method):
            # A handler of any method: what a stranger makes up is no name of a counter.
            return gates.gate(scopes(method)[0] if gates.known(scopes(method)[0]) else OTHERS)
        gate = self._known[method] = gates.gate(method)
        return gate


OTHERS = "/"
"""Methods beyond MOST_KNOWN that no rule names."""


def code_of(context: Any, error: BaseException | None) -> int:
    """Return the code that a call ends with, whose handler has returned or raised `error`."""
    ask = getattr(context, "code", None)
    code = ask() if ask is not None else None
    number = code if code is None or isinstance(code, int) else code.value[0]
    if error is None or number:
        return number or 0
    return UNKNOWN if isinstance(error, Exception) else gone(context)


def gone(context: Any) -> int:
    """Return the code of a call whose client has gone: it had no time, or no wish for an answer."""
    left = context.time_remaining()
    return DEADLINE_EXCEEDED if left is not None and left <= 0 else CANCELLED


def answer_of(refusal: Refusal) -> tuple[Any, str, tuple[tuple[str, str], ...]]:
    """Return the library's code, the message and the metadata of the answer to `refusal`."""
    number, message = status_of(refusal)
    codes = sys.modules["grpc"].StatusCode
    code = next((one for one in codes if one.value[0] == number and number), codes.UNKNOWN)
    pause = -1 if refusal.reason == AUTHORITY else ceil(refusal.retry_after * 1000) or 1000
    return code, message, ((PUSHBACK, str(pause)),)
