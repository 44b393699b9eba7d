"""The sending end of the agent wire: what one connection is sent, and when. It knows no socket.

An agent that reads slowly is sent the newest snapshot when it is ready for one; those in between
are never kept. Silence is filled with heartbeats, so that the agent can tell a quiet server from a
dead one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from fairlead.policy.encode import to_plain
from fairlead.policy.snapshot import Snapshot
from fairlead.protocols.watch.codec import heartbeat_line, snapshot_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A snapshot ready to be sent: encoded once for all who are to have it."""

    digest: str
    revision: int
    line: bytes

    @classmethod
    def of(cls, snapshot: Snapshot) -> Parcel:
        """Encode a sealed snapshot."""
        line = snapshot_line(to_plain(snapshot))
        return cls(digest=snapshot.digest, revision=snapshot.revision, line=line)


class Outbox:
    """What waits to be sent to one agent: at most one snapshot and one line, the newest."""

    def __init__(self) -> None:
        self._waiting: Parcel | None = None
        self._said: bytes | None = None
        self._woken = asyncio.Event()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the connection is to end."""
        return self._closed

    def put(self, parcel: Parcel) -> None:
        """Send `parcel` next, in place of one that waits."""
        self._waiting = parcel
        self._woken.set()

    def say(self, line: bytes) -> None:
        """Send `line` behind the snapshot that waits, in place of another that does."""
        self._said = line
        self._woken.set()

    def said(self) -> bytes | None:
        """Return the line that is to be sent next, once."""
        line, self._said = self._said, None
        return line

    def close(self) -> None:
        """End the connection, at once where nothing is being written."""
        self._closed = True
        self._woken.set()

    async def take(self, within: float) -> Parcel | None:
        """Return what is to be sent next, None after `within` seconds or when closed."""
        if not self._woken.is_set():
            try:
                async with asyncio.timeout(within):
                    await self._woken.wait()
            except TimeoutError:
                return None
        self._woken.clear()
        parcel, self._waiting = self._waiting, None
        return parcel


async def lines(
    outbox: Outbox, revision: Callable[[], int], heartbeat: float
) -> AsyncIterator[bytes]:
    """Yield the lines of one watch until its outbox is closed.

    Something is sent at once: the snapshot that waits or, where the agent has it already, a
    heartbeat.
    """
    parcel, begun = await outbox.take(0), False
    while not outbox.closed:
        said = outbox.said()
        if parcel is not None or said is None or not begun:
            yield parcel.line if parcel else heartbeat_line(revision())
        if said is not None:
            yield said
        begun = True
        parcel = await outbox.take(heartbeat)
