"""The rules of following a workload's snapshots, without a socket.

- A snapshot is enforced whole or refused whole; a refusal says why, and what was in force stays.
- What is in force is not forgotten with the stream: a reconnecting client names it, so that an
  unchanged snapshot does not travel again.
- A snapshot older than the one in force is ignored. One that was read from disk is nobody's elder:
  the control plane may have started a new count since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fairlead.policy.encode import read_snapshot
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot
from fairlead.protocols.watch.codec import (
    LINE_LIMIT,
    Answer,
    Heartbeat,
    InvalidLine,
    Telemetry,
    decode,
)

Apply = Callable[[Snapshot, dict[str, Any]], None]
"""Enforces a snapshot, given also as the plain object it was read from."""


class Session:
    """What one process follows, across as many streams as it takes."""

    def __init__(self, apply: Apply, tell: Callable[[str], None] = lambda reason: None) -> None:
        """Enforce by `apply`; `tell` hears what is refused, and why."""
        self._apply = apply
        self._tell = tell
        self._digest = ""
        self._revision = 0
        self._oldest = 0
        self._resumed = False
        self.live = False
        """Whether what is in force is known to be what the control plane says."""
        self.refusal = ""
        """The last thing that was refused, and why."""
        self.telemetry = Telemetry()
        """How much the server wants measured, as it said last."""

    @property
    def in_force(self) -> tuple[str, int] | None:
        """Digest and revision of what is enforced."""
        return (self._digest, self._revision) if self._digest else None

    def adopt(self, snapshot: Snapshot) -> None:
        """Take note of a snapshot that was put in force from elsewhere."""
        self._digest, self._revision = snapshot.digest, snapshot.revision

    def connect(self) -> tuple[str, int] | None:
        """Begin a stream; return what to tell the server is in force."""
        self._resumed = self.in_force is not None
        return self.in_force

    def receive(self, line: bytes | None) -> Answer | None:
        """Take a line, or None for one that was too long to keep; return what to answer."""
        if line is None:
            return self._refuse("", 0, f"a line longer than {LINE_LIMIT >> 20} MiB")
        try:
            message = decode(line)
        except InvalidLine as error:
            return self._refuse("", 0, str(error))
        if message is None:
            return None
        if isinstance(message, Heartbeat):
            # The server sends no snapshot only to those who named the one it would send.
            self.live = self.live or self._resumed
            return None
        if isinstance(message, Telemetry):
            self.telemetry = message
            return None
        return self._offered(message.plain, *message.name)

    def _offered(self, plain: Any, digest: str, revision: int) -> Answer | None:
        self._resumed = False
        try:
            snapshot, refused = read_snapshot(plain)
            if snapshot.revision < self._oldest:
                older = f"revision {snapshot.revision} is older than {self._oldest}"
                self._refuse(digest, revision, f"{older}, which is in force")
                return None
            self._apply(snapshot, plain)
        except InvalidSnapshot as error:
            return self._refuse(digest, revision, str(error))
        except Exception as error:
            # Ours, not the sender's; but what cannot be enforced must not be acknowledged.
            return self._refuse(digest, revision, f"{type(error).__name__}: {error}")
        self._digest, self._revision = snapshot.digest, snapshot.revision
        self._oldest = snapshot.revision
        self.live = True
        self.refusal = "; ".join(refused)
        if refused:
            self._tell(self.refusal)
        return Answer(digest=snapshot.digest, revision=snapshot.revision, refused=refused)

    def _refuse(self, digest: str, revision: int, reason: str) -> Answer:
        self.refusal = reason
        self._tell(reason)
        return Answer(digest=digest, revision=revision, error=reason)
