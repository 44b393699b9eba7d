"""What one stream asks for of one type, and what it has been told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from google.protobuf.message import DecodeError

from fairlead.protocols.xds import asked
from fairlead.protocols.xds.resource import NOBODYS, NOTHING, Collection, Resource, Share

MOST_NAMES = 20_000
"""Names that a stream may ask for of one type."""
LONGEST_NAME = 1024
LONGEST_REASON = 4096
LONGEST_ENTRY = 8192
"""Bytes of a name with a version."""
ALL = "*"


class Refused(Exception):
    """The peer's fault: a request that no server has to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A response that a client did not take."""

    type_url: str
    version: str
    reason: str


@dataclass(slots=True)
class Subscription:
    """Of one type, on one stream."""

    type_url: str
    names: frozenset[str] = frozenset()
    everything: bool = False
    named: bool = False
    """Whether names were ever asked for: from then on, no names are none."""
    seen: Collection = NOTHING
    """Up to where the client was told."""
    taken: Collection = NOTHING
    """Up to where it had acknowledged when it was told more."""
    due: set[str] = field(default_factory=set)
    """Names that it is to be told about, changed or not."""
    gone: dict[str, Resource | None] = field(default_factory=dict)
    """What it has, and is no more; without what it was, where only the client knows it."""
    answer: bool = False
    """Whether it is to be answered even with nothing."""
    held: list[bytes] | None = None
    """Names with versions that it had when it came, as they came, until they were compared."""
    nonce: str = ""
    sent: str = ""
    """Version of the last response."""
    acknowledged: str = ""
    waiting: bool = False
    """Whether the last response is still to be answered."""
    rejection: Rejection | None = None

    def covers(self, resource: Resource) -> bool:
        """Say whether the client asks for it."""
        return resource.name in self.names or (self.everything and not resource.on_demand)

    def hear(self, nonce: str, error: str | None) -> bool:
        """Take in the answer to a response; return whether it is one to the last."""
        if nonce != self.nonce:
            return False
        self.waiting = False
        if error is None:
            self.acknowledged, self.rejection = self.sent, None
        else:
            error = error[:LONGEST_REASON] or "no reason given"
            self.rejection = Rejection(type_url=self.type_url, version=self.sent, reason=error)
        return True

    def look(self, newest: Collection) -> Share:
        """Return what the client lacks of `newest`; what is gone is kept in `gone`."""
        found = NOBODYS
        if self.rejection is None:
            self.taken = self.seen
        if newest is not self.seen:
            found = newest.since(self.seen).share(self.names, everything=self.everything)
            self.gone |= found.gone
            self.seen = newest
        if self.held is not None:
            found = self._beside(self.held, found)
            self.held = None
        if not self.due <= found.put.keys():
            due = {n: newest.resources[n] for n in self.due if n in newest.resources}
            found = Share({**found.put, **due})
        for name in self.gone.keys() & newest.resources.keys():
            del self.gone[name]
        return found

    def _beside(self, held: list[bytes], found: Share) -> Share:
        """Return what of `found` differs from what the client had when it came. Raises Refused."""
        entries, there, said = self.seen.entries, self.seen.resources, set(held)
        if said == entries.keys():
            self.due.difference_update(there)
            return NOBODYS
        had = {name: there[name].version for name in (entries[e] for e in said & entries.keys())}
        had |= _read(said - entries.keys())
        self.due.difference_update(had)
        self.gone |= dict.fromkeys(n for n in had if n not in there)
        return Share({n: r for n, r in found.put.items() if had.get(n) != r.version})

    def has(self, name: str) -> Resource | None:
        """Return what the client has acknowledged under a name, None for nothing."""
        unsure = self.waiting or self.rejection is not None
        found = (self.taken if unsure else self.seen).resources.get(name)
        return found if found and name not in self.due and self.covers(found) else None

    def idle(self, newest: Collection) -> bool:
        """Say whether there is nothing to look at."""
        return not (newest is not self.seen or self.due or self.answer or self.held is not None)

    def pending(self, newest: Collection) -> bool:
        """Say whether the client is to be told something that is there."""
        if self.answer or self.due or self.held is not None:
            return True
        if newest is self.seen:
            return False
        return bool(newest.since(self.seen).share(self.names, everything=self.everything).put)


def _read(entries: Iterable[bytes]) -> dict[str, str]:
    try:
        found = asked.versions(entries)
    except DecodeError as error:
        raise Refused("initial_resource_versions cannot be read") from error
    checked(list(found))
    return found


def entered(entries: Iterable[bytes]) -> list[bytes] | None:
    """Return the versions in a request, None for none. Raises Refused."""
    found = list(entries)
    if len(found) > MOST_NAMES or max(map(len, found), default=0) > LONGEST_ENTRY:
        raise Refused(f"more than {MOST_NAMES} versions, or one that is too long")
    return found or None


@lru_cache(64)
def shared(names: frozenset[str]) -> frozenset[str]:
    """Return an equal set that other streams have, too: a fleet asks for the same."""
    return names


def checked(names: list[str], known: int = 0) -> set[str]:
    """Return the names of a request. Raises Refused."""
    if len(names) + known > MOST_NAMES:
        raise Refused(f"more than {MOST_NAMES} names of one type")
    if max(map(len, names), default=0) > LONGEST_NAME:
        raise Refused(f"a name of more than {LONGEST_NAME} characters")
    return set(names)
