"""The agent's end of the wire: follow a workload's snapshots, and keep an instance registered.

Both block the thread they run on; the agent gives each its own. Rules are in `session.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fairlead.protocols.watch.codec import (
    ROOT,
    Answer,
    Lease,
    Registration,
    Subscription,
    answer_body,
    instance_path,
    read_lease,
    read_status,
    registration_body,
    replaced_path,
    watch_path,
)
from fairlead.protocols.watch.connection import Connection, ControlAddress, ControlUnreachable
from fairlead.protocols.watch.lines import lines
from fairlead.protocols.watch.report import REPORTS, Report, read_reported, report_body
from fairlead.protocols.watch.session import Session
from fairlead.protocols.watch.tls import Trust

SILENCE = 10.0
"""Seconds without a byte after which the server counts as gone; it speaks every three."""

ANSWER_TIMEOUT = 3.0
"""Seconds that an acknowledgement or a registration may take."""

LEAVE_TIMEOUT = 1.0
"""Seconds that a deregistration may take: a process that stops is waiting for it."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0

_CLOSED = (401, 403)
"""Refusals that do not pass by themselves: of the token, or of what it is used for."""

Pause = Callable[[float], bool]
"""Lets seconds pass; True if it was woken because there is no use in going on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How to get in at the control plane."""

    address: ControlAddress
    token: Callable[[], str] = lambda: ""
    trust: Trust = field(default_factory=Trust)

    def connection(self, timeout: float) -> Connection:
        """Return a connection that is made on its first request."""
        return Connection(self.address, timeout=timeout, token=self.token, trust=self.trust)


class RefusedRequest(Exception):
    """The control plane refuses this process: the operator's to mend."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the control plane refuses ({status}): {reason}")
        self.status = status


class Watch:
    """Follows one workload's snapshots until it is told to stop."""

    def __init__(  # noqa: PLR0913
        self,
        door: Door,
        subscription: Subscription,
        session: Session,
        *,
        dice: Callable[[], float],
        pause: Pause,
        tell: Callable[[str], None] | None = None,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """Follow at `door`; `tell` is told why the control plane refuses this process.

        `between` is called after each sign of life, on the thread that follows, and raises nothing.
        """
        self._tell = tell
        self._between = between
        self._subscription = subscription
        self._session = session
        self._dice = dice
        self._pause = pause
        self._stream = door.connection(SILENCE)
        self._answers = door.connection(ANSWER_TIMEOUT)
        self._unsent: Answer | None = None
        self._stopped = False
        self.connected = False
        self.problem = ""
        """Why there is no connection, in words for the operator."""

    def run(self) -> None:
        """Connect, follow, and connect again with full jitter, until `stop`."""
        failures = 0
        while not self._stopped:
            try:
                for line in self._lines():
                    failures = 0
                    self._take(line)
                    self._between()
            except (ControlUnreachable, RefusedRequest) as error:
                self.problem = str(error)
                if self._tell and isinstance(error, RefusedRequest) and error.status in _CLOSED:
                    self._tell(self.problem)
            self.connected = False
            self._stream.close()
            ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 10))
            failures += 1
            if self._pause(self._dice() * ceiling):
                break
        self.abandon()

    def stop(self) -> None:
        """Make `run` return soon; from any thread, together with whatever wakes its pause."""
        self._stopped = True
        self._stream.interrupt()
        self._answers.interrupt()

    def abandon(self) -> None:
        """Close this process's side of the connections, and say nothing: for a forked child."""
        self._stream.close()
        self._answers.close()

    def _lines(self) -> Iterator[bytes | None]:
        path = watch_path(self._subscription, self._session.connect())
        status, pieces = self._stream.stream(path)
        if status != 200:
            raise RefusedRequest(status, read_status(_start_of(pieces)))
        self.connected, self.problem = True, ""
        yield from lines(pieces)
        raise ControlUnreachable(f"{self._stream.address}: the stream ended")

    def _take(self, line: bytes | None) -> None:
        answer = self._session.receive(line)
        # An answer that could not be sent goes again with the next sign of life; only the last
        # one matters.
        self._unsent = answer or self._unsent
        if self._unsent is not None:
            body = answer_body(self._subscription.node, self._unsent)
            try:
                status, _ = self._answers.request("POST", f"{ROOT}/ack", body)
            except ControlUnreachable:
                return
            if status < 500:
                self._unsent = None


class Registry:
    """Registers this process's instance, one request at a time."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._connection = door.connection(ANSWER_TIMEOUT)

    def register(self, registration: Registration) -> Lease:
        """Register or renew. Raises ControlUnreachable, RefusedRequest or InvalidReply."""
        body = registration_body(registration)
        status, answer = self._connection.request("POST", f"{ROOT}/instances", body)
        if status != 200:
            raise RefusedRequest(status, read_status(answer))
        return read_lease(answer)

    def deregister(self, registration: Registration) -> None:
        """Say that the instance is gone. Raises ControlUnreachable or RefusedRequest."""
        self._delete(instance_path(registration))

    def hand_over(self, registration: Registration) -> None:
        """Say that another process will serve. Raises ControlUnreachable or RefusedRequest."""
        self._delete(replaced_path(registration))

    def _delete(self, path: str) -> None:
        # On a connection of its own: it may come from another thread than renewals do.
        connection = self._door.connection(LEAVE_TIMEOUT)
        try:
            status, answer = connection.request("DELETE", path)
        finally:
            connection.close()
        if status >= 300:
            raise RefusedRequest(status, read_status(answer))

    def abandon(self) -> None:
        """Close this process's side of the connection."""
        self._connection.close()


class Reports:
    """Sends what this process measured, one report at a time."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._connection = door.connection(ANSWER_TIMEOUT)

    def hurry(self) -> None:
        """Have the next one take no longer than a goodbye: the process is about to end."""
        self._connection.close()
        self._connection = self._door.connection(LEAVE_TIMEOUT)

    def send(self, report: Report) -> int:
        """Return the number up to which reports have arrived.

        Raises ControlUnreachable or RefusedRequest.
        """
        status, answer = self._connection.request("POST", REPORTS, report_body(report))
        if status >= 300:
            raise RefusedRequest(status, read_status(answer))
        return read_reported(answer) or report.seq

    def abandon(self) -> None:
        """Close this process's side of the connection."""
        self._connection.close()


def _start_of(pieces: Iterator[bytes]) -> bytes:
    start = b""
    for piece in pieces:
        start += piece
        if len(start) > 1 << 16:
            break
    return start
