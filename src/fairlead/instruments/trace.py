"""The trace of the work at hand, passed on by its calls to apps.

W3C's headers go on as they came, with the lane, where the application does not write them itself.
An application with OpenTelemetry makes spans of its own, and its propagators write the headers:
where a span is current, nothing is done. No trace is begun here unless the operator wants it.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from fairlead.instruments.propagate import current
from fairlead.policy.trace import PARENT, STATE, Trace, new_trace, read_trace

if TYPE_CHECKING:
    from fairlead.instruments.passage import Served

_BYTES: tuple[Any, Any, Any] = (PARENT.encode(), STATE.encode(), b",")

_random = SystemRandom()  # forked processes must not begin the same traces


def _all() -> float:
    return 1.0


def _no_span() -> bool:
    return False


class Traces:
    """How the calls of one process carry traces on."""

    __slots__ = ("_lock", "begins", "foreign", "on", "sampling")

    def __init__(self, *, on: bool = True, begins: bool = False) -> None:
        """With `begins`, a request that came without a trace is given one."""
        self.on = on
        self.begins = begins
        self.sampling: Callable[[], float] = _all
        """Says which share of those that begin here is recorded."""
        self.foreign: Callable[[], bool] = _no_span
        """Tells whether the application has a span of its own."""
        self._lock = allocate_lock()

    def begin_again(self) -> None:
        """Begin anew in a forked process."""
        self._lock = allocate_lock()

    def carried(self) -> Trace | None:
        """Return what a call made now carries on, None where it carries nothing of ours."""
        served = current()
        if served is None or self.foreign():
            return None
        return self.of(served)

    def of(self, served: Served) -> Trace | None:
        """Return the trace of a request."""
        if served.trace is None:
            found = read_trace(*_said(served.headers))
            if found is None and self.begins:
                found = self._begun(served)
            served.trace = found or ()
        return served.trace or None

    def _begun(self, served: Served) -> Trace:
        with self._lock:  # its calls may be made at the same time, and are of one trace
            if not served.trace:
                sampled = _random.random() < self.sampling()
                number, span = _random.getrandbits(128) | 1, _random.getrandbits(64) | 1
                served.trace = new_trace(number, span, sampled=sampled)
            trace: Trace = served.trace
            return trace


def _said(headers: Any) -> tuple[str, str]:
    """Return what headers, or metadata of gRPC, say of a trace, as it came."""
    text = not headers or type(headers[0][0]) is str
    wanted, also, comma = (PARENT, STATE, ",") if text else _BYTES
    parent: Any = None
    state: Any = None
    for name, value in headers:
        if name == wanted:
            parent = value if parent is None else parent + comma + value
        elif name == also:
            state = value if state is None else state + comma + value
    if text:
        return parent or "", state or ""
    return (parent or b"").decode("latin-1"), (state or b"").decode("latin-1")
