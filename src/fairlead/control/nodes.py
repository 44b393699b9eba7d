"""Connected agents: what each was sent, what it enforces, and why it refused.

A node is in sync with a resource written at revision r if it enforces a snapshot compiled at r or
later; it may have got that snapshot earlier, when it said the same. It goes on enforcing what it
has while its connection is away, so it is kept in mind for the length of a lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from fairlead.control.clocks import Clocks
from fairlead.protocols.watch.codec import Answer, Labels, Subscription
from fairlead.protocols.watch.server import Outbox, Parcel

REMEMBERED = 32
"""Snapshots sent to a node whose late acknowledgement still counts."""


class Wanted(NamedTuple):
    """What decides the content of a snapshot: equal for all processes that are configured alike."""

    namespace: str
    app: str
    labels: Labels
    lane: str | None
    zone: str

    @classmethod
    def of(cls, subscription: Subscription) -> Wanted:
        """Return what `subscription` asks for."""
        s = subscription
        return cls(s.namespace, s.app, s.labels, s.lane, s.zone)


@dataclass(slots=True, kw_only=True)
class Node:
    """One process with an agent."""

    id: str
    wanted: Wanted
    outbox: Outbox
    target: Parcel
    """The snapshot it is to enforce."""
    goal: int
    """Newest revision whose compilation is `target`."""
    since: datetime
    seen: float
    connected: bool = True
    held: str = ""
    """Digest of what it enforces, as far as it has said."""
    held_revision: int = 0
    synced: int = 0
    """Newest revision that what it enforces was compiled at."""
    error: str | None = None
    """Why it refused `target`."""
    refused: tuple[str, ...] = ()
    """Parts of what it enforces that it left out, each with the reason."""
    held_at: float | None = None
    """When it said so, on the monotonic clock; None where it held that when it came."""
    behind_at: float | None = None
    """Since when it was sent something that it does not enforce, on the monotonic clock."""
    counters: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """What it has counted, as it said last."""
    measures: bytes = b""
    """The line that told it last what to measure."""
    sent: dict[str, int] = field(default_factory=dict)
    """Revision by digest of the snapshots it was sent."""

    def state(self, revision: int) -> str:
        """Say how it stands towards the policy of `revision`: live, waiting, refused or away."""
        if not self.connected:
            return "away"
        if self.error is not None:
            return "refused"
        return "live" if self.synced >= revision else "waiting"

    def aim(self, parcel: Parcel) -> None:
        """Make `parcel` the target, and send it where it is another one."""
        self.goal = parcel.revision
        if parcel.digest != self.target.digest:
            self.target, self.error = parcel, None
            self.send(parcel)
        elif self.held == parcel.digest:
            self.synced = parcel.revision

    def send(self, parcel: Parcel) -> None:
        """Put `parcel` into the outbox."""
        self.sent.pop(parcel.digest, None)
        self.sent[parcel.digest] = parcel.revision
        if len(self.sent) > REMEMBERED:
            del self.sent[next(iter(self.sent))]
        self.outbox.put(parcel)

    def hold(self, digest: str, revision: int) -> None:
        """Note that it enforces the snapshot called `digest`."""
        self.held, self.held_revision = digest, revision
        if digest == self.target.digest:
            self.synced, self.error = max(self.synced, self.goal), None
        else:
            self.synced = max(self.synced, self.sent.get(digest, 0))


class Nodes:
    """The nodes that are connected, and those that were a moment ago."""

    def __init__(self, clocks: Clocks, keep: float = 10.0) -> None:
        """Keep a node in mind for `keep` seconds after its connection ended."""
        self._clocks, self._keep = clocks, keep
        self.news = asyncio.Event()
        """Set by everything that a status may depend on; whoever writes statuses clears it."""
        self.news.set()
        self._heard = asyncio.Event()
        self._nodes: dict[str, Node] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def all(self) -> Iterable[Node]:
        """Return every node."""
        return self._nodes.values()

    def find(self, name: str) -> Node | None:
        """Return the node of that name, as long as it is kept in mind."""
        return self._nodes.get(name)

    def live(self, names: Iterable[str], revision: int) -> bool:
        """Say whether all these nodes are connected and enforce the policy of `revision`."""
        nodes = (self._nodes.get(name) for name in names)
        return all(node is not None and node.state(revision) == "live" for node in nodes)

    async def told(self, revision: int, leaving: str) -> None:
        """Return once nobody who is connected enforces a policy older than `revision`.

        Not waited for are the node `leaving`, and those that refused what they were sent.
        """
        while any(
            node.id != leaving and node.state(revision) == "waiting"
            for node in self._nodes.values()
        ):
            self._heard.clear()
            await self._heard.wait()

    def wanted(self) -> set[Wanted]:
        """Return what the connected nodes want, each once."""
        return {node.wanted for node in self._nodes.values() if node.connected}

    def connect(self, subscription: Subscription, digest: str, parcel: Parcel) -> Node:
        """Take in a node that holds `digest` and is to enforce `parcel`.

        An older connection of the same node ends: it is a half of one that broke.
        """
        before = self._nodes.get(subscription.node)
        if before is not None:
            before.outbox.close()
        node = Node(
            id=subscription.node,
            wanted=Wanted.of(subscription),
            outbox=Outbox(),
            target=parcel,
            goal=parcel.revision,
            since=self._clocks.now(),
            seen=self._clocks.elapsed(),
        )
        if before is not None and before.wanted == node.wanted:
            node.sent, node.refused = before.sent, before.refused
            node.synced, node.counters = before.synced, before.counters
            node.held_at = before.held_at if before.held == digest else None
        if digest == parcel.digest:
            node.hold(digest, parcel.revision)
        else:
            node.held = digest
            node.send(parcel)
        self._nodes[node.id] = node
        self.news.set()
        return node

    def disconnect(self, node: Node) -> None:
        """Note that a connection ended; a newer one of the same node stays."""
        node.outbox.close()
        node.connected, node.seen = False, self._clocks.elapsed()
        self._tell()

    def answer(self, name: str, answer: Answer) -> None:
        """Take in what a node made of a snapshot; a node that is not known is passed over."""
        node = self._nodes.get(name)
        if node is None:
            return
        node.seen = self._clocks.elapsed()
        if answer.error is None:
            if answer.digest != node.held:
                node.held_at = node.seen
            if answer.digest == node.target.digest:
                node.behind_at = None
            node.hold(answer.digest, answer.revision)
            node.refused = answer.refused
        elif answer.digest in ("", node.target.digest):
            # A line that could not be read has no digest to be named by.
            node.error = answer.error
        self._tell()

    def renewed(self, name: str, counters: Mapping[str, Mapping[str, int]]) -> None:
        """Note a sign of life, and what the node has counted."""
        node = self._nodes.get(name)
        if node is not None:
            node.seen, node.counters = self._clocks.elapsed(), counters

    def held_for(self, node: Node) -> float | None:
        """Return for how many seconds a node has enforced what it does, None where unknown."""
        return None if node.held_at is None else self._clocks.elapsed() - node.held_at

    def behind_for(self, node: Node) -> float:
        """Return for how many seconds a node has had something to enforce, and does not."""
        return 0.0 if node.behind_at is None else self._clocks.elapsed() - node.behind_at

    def publish(self, parcels: Mapping[Wanted, Parcel]) -> None:
        """Let every node enforce its parcel."""
        for node in self._nodes.values():
            if node.connected:
                node.aim(parcels[node.wanted])
                if node.held == node.target.digest:
                    node.behind_at = None
                elif node.behind_at is None:
                    node.behind_at = self._clocks.elapsed()
        self._tell()

    def forget(self) -> None:
        """Drop nodes that have been away for too long."""
        latest = self._clocks.elapsed() - self._keep
        gone = [n.id for n in self._nodes.values() if not n.connected and n.seen < latest]
        for name in gone:
            del self._nodes[name]
        if gone:
            self.news.set()

    def _tell(self) -> None:
        self.news.set()
        self._heard.set()

    def close(self) -> None:
        """End every connection."""
        for node in self._nodes.values():
            node.outbox.close()
