"""One call through the flow for a client library, and what becomes of our own faults on the way.

A library's errors reach the application as they are. An error that is neither the library's nor the
flow's own is a fault of ours: it is counted, and the call goes on as if we were not there, unless
an attempt has been made already; then that attempt's result stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlead.flow.call import Call, Inherited, Injected, Late, Outcome, Unreachable
from fairlead.flow.failover import Failover
from fairlead.flow.gated import leave
from fairlead.flow.rejected import Rejected
from fairlead.instruments.ambient import Ambient
from fairlead.instruments.drive import run, run_async
from fairlead.instruments.inherit import inherited
from fairlead.instruments.measure import answered, measured
from fairlead.instruments.mirroring import changed, mirrors
from fairlead.instruments.rejections import told
from fairlead.policy.parts import cookie_value, query_value
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.refusal import Refusal
    from fairlead.flow.steps import Flow
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.mirroring import Copied


class Sender(Ambient):
    """Sends a call in one library's way, and says what rules may ask of it.

    Calling it aims the call at ``call.endpoint``, if it has one, and answers with an Outcome, also
    where the library raises; what it lets out is a fault of ours.
    """

    __slots__ = ()

    library: str
    last: Outcome | None
    """The outcome of the last attempt, None before the first."""

    def __call__(self, call: Call) -> Any:
        """Return an Outcome, or what is awaited for one."""
        raise NotImplementedError

    def untouched(self) -> Any:
        """Send the call as the application made it."""
        raise NotImplementedError

    def unreachable(self, error: Unreachable | Rejected | Injected) -> Exception:
        """Return the library's own connect error for `error`."""
        raise NotImplementedError

    def answer(self, answer: Answer) -> Any:
        """Return the library's own response, or what stands for it; None where it has none."""
        raise NotImplementedError

    def late(self, error: Late) -> Exception:
        """Return the library's own error for a time that is over."""
        raise NotImplementedError

    def repeatable(self) -> bool:
        """Tell whether what was sent can be sent again."""
        return False

    def drop(self) -> Any:
        """Let go of the last answer, or return what is awaited for that: nobody else will."""
        return None

    def inherited(self) -> Inherited:
        """Return what the request that is served says of this call."""
        return inherited()

    def target(self) -> str:
        """Return the path and the query, as they are sent."""
        raise NotImplementedError

    def headers(self) -> Mapping[str, str]:
        """Return all headers, by names in lower case; repeated ones are joined by ``,``."""
        raise NotImplementedError

    def copied(self, call: Call) -> Copied | None:
        """Return the request to be sent once more, None where its body is not at hand."""
        return None

    def copy(self, call: Call, address: str) -> None:
        """Send a copy of the call to `address`, whose answer nobody waits for."""
        one = self.copied(call)
        if one is not None:
            mirrors.put(address, changed(one, call.change))

    def url(self) -> tuple[str, str, str]:
        """Return the host, the path and the query that are called."""
        raise NotImplementedError

    def header(self, name: str) -> str | None:
        """Return a header of the request, repeated ones joined."""
        raise NotImplementedError

    def value(self, source: str, name: str) -> Any:
        """Return a part of the request; a number as a path's name means one of its segments."""
        if source == "header":
            return self.header(name)
        if source == "cookie":
            return cookie_value(self.header("cookie"), name)
        host, path, query = self.url()
        match source:
            case "query":
                return query_value(query, name)
            case "path":
                return _segment(path, name)
            case "host":
                return host.lower()
        return None


class Answer(NamedTuple):
    """What the author of a rule gives instead of a call, as an HTTP response."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, refusal: Refusal) -> Answer:
        """Return the answer that `refusal` is given."""
        return cls.made(refusal.fallback.status, refusal.body.encode(), list(refusal.headers))

    @classmethod
    def made(cls, status: int, body: bytes, headers: list[tuple[str, str]]) -> Answer:
        """Return an answer; its headers get what a body needs."""
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "text/plain; charset=utf-8"))
        headers.append(("Content-Length", str(len(body))))
        reason = HTTPStatus(status).phrase if status in _KNOWN else ""
        return cls(status, reason, headers, body)


_KNOWN = frozenset(int(status) for status in HTTPStatus)


def send(plane: DataPlane, flow: Flow, call: Call, sender: Sender) -> Any:
    """Send `call` by `flow`; return the library's response or raise the library's error."""
    call.facts = sender
    call.began = monotonic_ns()
    try:
        if isinstance(flow, Failover):
            outcome = flow.first(call) or sender(call)
            if outcome.error is not None and call.endpoint is not None:
                outcome = run(flow.then(call, outcome), sender)
        else:
            call.sending = sender
            outcome = run(flow(call), sender, sender.drop)
    except BaseException as error:
        measured(plane, call, error, _NOTHING)
        last = _settled(plane, sender, error)
        return sender.untouched() if last is None else last.response
    finally:
        if call.entry is not None or call.fault is not None:
            count(plane, call, sender)
    if outcome.error is None:
        answered(plane, call, outcome.status)
        return outcome.response
    # Outside of the except: what is raised has no context of ours.
    return _failed(plane, call, sender, outcome.error)


async def send_async(plane: DataPlane, flow: Flow, call: Call, sender: Sender) -> Any:
    """Send `call` by `flow`; return the library's response or raise the library's error."""
    call.facts = sender
    call.began = monotonic_ns()
    try:
        if isinstance(flow, Failover):
            outcome = flow.first(call) or await sender(call)
            if outcome.error is not None and call.endpoint is not None:
                outcome = await run_async(flow.then(call, outcome), sender)
        else:
            call.sending = sender
            outcome = await run_async(flow(call), sender, sender.drop)
    except BaseException as error:
        measured(plane, call, error, _NOTHING)
        last = _settled(plane, sender, error)
        return await sender.untouched() if last is None else last.response
    finally:
        if call.entry is not None or call.fault is not None:
            count(plane, call, sender)
    if outcome.error is None:
        if not call.open_ended:
            answered(plane, call, outcome.status)
        return outcome.response
    # Outside of the except: what is raised has no context of ours.
    return _failed(plane, call, sender, outcome.error)


_NOTHING = Outcome()


def count(plane: DataPlane, call: Call, sender: Sender) -> None:
    """Count what was special about a call: most pass by."""
    entry = call.entry
    if entry is not None and (entry.refused is not None or entry.simulated is not None):
        told(plane, entry)
    if call.fault is not None:
        plane.counters.count(AGENT_FAULTS, sender.library)


def ended(plane: DataPlane, library: str, call: Call, outcome: Outcome | None) -> None:
    """End an open-ended call, None for one that was given up."""
    if call.entry is not None and leave(call.entry, outcome) is not None:
        plane.counters.count(AGENT_FAULTS, library)
    if outcome is not None:
        measured(plane, call, None, outcome)


def _failed(plane: DataPlane, call: Call, sender: Sender, error: BaseException) -> Any:
    """Return what a rule's author answers in the place of an error, or raise the library's."""
    measured(plane, call, error, _NOTHING)
    if isinstance(error, Rejected | Injected):
        answer = _answer(plane, sender, error)
        if answer is not None:
            return answer
    if isinstance(error, Late):
        raise sender.late(error) from error
    if isinstance(error, Rejected | Unreachable | Injected):
        raise sender.unreachable(error) from error
    raise error


def _answer(plane: DataPlane, sender: Sender, error: Rejected | Injected) -> Any:
    try:
        if isinstance(error, Injected):
            made = Answer.made(error.status, error.text.encode(), list(error.headers))
            return sender.answer(made) if error.status else None
        return sender.answer(Answer.of(error.refusal)) if error.answers else None
    except Exception:  # counted; the library's connect error says as much
        plane.counters.count(AGENT_FAULTS, sender.library)
        return None


def _settled(plane: DataPlane, sender: Sender, error: BaseException) -> Outcome | None:
    """Return the outcome that stands in spite of a fault of ours, None before the first attempt.

    Raises the library's error, and what ends more than the call.
    """
    if not isinstance(error, Exception):
        raise error
    plane.counters.count(AGENT_FAULTS, sender.library)
    last = sender.last
    if last is not None and last.error is not None:
        raise last.error
    return last


def _segment(path: str, name: str) -> str | None:
    if not name.lstrip("-").isdecimal():
        return path
    segments, position = path.strip("/").split("/"), int(name)
    return segments[position] if -len(segments) <= position < len(segments) else None


def target(call: Call) -> tuple[str, int]:
    """Return host and port of the endpoint that `call` is to be sent to."""
    if call.endpoint is None:
        raise TypeError(f"the flow sent a call to {call.host!r} before it chose an endpoint")
    return host_and_port(call.endpoint.address)


@lru_cache(maxsize=4096)
def host_and_port(address: str) -> tuple[str, int]:
    """Return the parts of ``host:port``; an IPv6 address loses its brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
