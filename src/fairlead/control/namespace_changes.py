"""What changes of a store are changes of namespaces: one comes and goes with what is in it too.

How many objects are in a namespace now is counted as the store goes on; how many there were before
a change that is remembered follows from the changes since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from fairlead.control.namespace_kind import NAMESPACE
from fairlead.control.store import Change, Expired, Key, Object, Store, Stored
from fairlead.policy.workload import DEFAULT_NAMESPACE

RESOURCE = NAMESPACE.resource

Imply: TypeAlias = Callable[[str, Iterable[Stored]], Stored]
"""Makes the namespace of this name that nobody has written, from what is in it."""

_MORE = {"ADDED": 1, "DELETED": -1}


@dataclass(slots=True)
class Census:
    """How many objects are in each namespace, kept up with the store when somebody asks."""

    store: Store
    resources: Sequence[str]
    """Resources whose objects bring their namespace into being."""
    _counts: Counter[str] = field(init=False, default_factory=Counter)
    _revision: int = field(init=False, default=-1)

    def now(self) -> Mapping[str, int]:
        """Return the number of objects in each namespace that has some."""
        try:
            changes = self.store.changes(self._revision)
        except Expired:
            self._count()
        else:
            for change in changes:
                self._take(change)
        self._revision = self.store.revision
        return self._counts

    def more(self, change: Change) -> int:
        """Return how many more objects are in a namespace after a change than before."""
        if change.stored.key.resource not in self.resources:
            return 0
        return _MORE.get(change.type, 0)

    def _take(self, change: Change) -> None:
        name, more = change.stored.key.namespace, self.more(change)
        if more:
            self._counts[name] += more
            if not self._counts[name]:
                del self._counts[name]

    def _count(self) -> None:
        self._counts.clear()
        for name in self.resources:
            self._counts.update(item.key.namespace for item in self.store.listing(name).items)


class Past:
    """Namespaces as they were, going back over changes from the newest."""

    def __init__(self, census: Census, imply: Imply) -> None:
        self._census, self._imply = census, imply
        self._counts = census.now()
        self._then: dict[str, tuple[int, Stored | None]] = {}

    def told(self, change: Change) -> Change:
        """Return what `change` made of a namespace, or itself where it made nothing of any.

        To be asked of every change, the newest first.
        """
        key = change.stored.key
        written = key.resource == RESOURCE
        name = key.name if written else key.namespace
        if not written and key.resource not in self._census.resources:
            return change
        count, after = self._at(name)
        less, before = count - self._census.more(change), after
        if written:
            before = _before(change)
        self._then[name] = less, before
        was, now = self._seen(change, less, before), self._seen(change, count, after)
        if not written and (was is None) is (now is None):
            return change
        return _change(change, Key(RESOURCE, "", name), was, now)

    def _at(self, name: str) -> tuple[int, Stored | None]:
        """Return how many objects are in a namespace, and what is written of it."""
        if name not in self._then:
            written = self._census.store.get(Key(RESOURCE, "", name))
            self._then[name] = self._counts.get(name, 0), written
        return self._then[name]

    def _seen(self, change: Change, count: int, written: Stored | None) -> Object | None:
        if written is not None:
            return written.object
        key = change.stored.key
        name = key.name if key.resource == RESOURCE else key.namespace
        if count <= 0 and name != DEFAULT_NAMESPACE:
            return None
        inside = () if key.resource == RESOURCE else (change.stored,)
        return self._imply(name, inside).object


def _before(change: Change) -> Stored | None:
    if change.before is None:
        return None
    return replace(change.stored, object=change.before, revision=change.before_revision)


def _change(change: Change, key: Key, was: Object | None, now: Object | None) -> Change:
    shown = now if now is not None else was
    return replace(
        change,
        type="ADDED" if was is None else "DELETED" if now is None else "MODIFIED",
        stored=Stored(key=key, revision=change.stored.revision, object=shown or {}),
        before=was,
    )
