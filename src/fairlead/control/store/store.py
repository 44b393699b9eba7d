"""The interface of a store, and the words spoken about it.

A store keeps plain objects under keys and numbers every write with one revision that never goes
back, not by deletes and not by a restart. It knows no kind, validates nothing and merges nothing: a
writer says which revision it has seen, and is refused where somebody else was faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

Object: TypeAlias = dict[str, Any]
"""A plain JSON object. Nobody changes one that a store has handed out."""

ChangeType: TypeAlias = Literal["ADDED", "MODIFIED", "DELETED"]


class Key(NamedTuple):
    """Where an object is kept: ``trafficlanes.traffic.opensergo.io``, namespace, name."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object as of the revision that wrote it."""

    key: Key
    revision: int
    object: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Somebody who writes an object, and when: UTC, as objects carry it."""

    who: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Put `object` under `key`, or delete what is there where `object` is None.

    `expected` is the revision the writer has seen, 0 where it has seen nothing. What has an author
    is kept as a revision; what the control plane writes by itself has none.
    """

    key: Key
    object: Object | None
    expected: int
    author: Author | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an author made of an object; a deletion carries the last object.

    `at` and `who` are ``""`` of an object that was there before its revisions were kept.
    """

    revision: int
    type: ChangeType
    at: str
    who: str
    object: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One acknowledged write. A deletion carries the last object, at the deletion's revision."""

    type: ChangeType
    stored: Stored
    before: Object | None
    before_revision: int
    """Revision at which `before` was written, 0 where there was nothing."""
    size: int
    """Bytes of the object's JSON text: what remembering this change costs."""
    author: Author | None = None
    """None too of a change from before a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Objects in order of namespace and name, and the revision at which this was the truth."""

    items: Sequence[Stored]
    revision: int


class Conflict(Exception):
    """Somebody else wrote first: the object is not at the revision the writer had seen."""

    def __init__(self, key: Key, expected: int, actual: int) -> None:
        super().__init__(
            f"{key.resource} {key.namespace}/{key.name} is at revision {actual}, "
            f"the write was based on {expected}"
        )
        self.key, self.expected, self.actual = key, expected, actual


class Expired(Exception):
    """Changes since that revision are no longer remembered: list again."""

    def __init__(self, since: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {since} ({oldest})")
        self.since, self.oldest = since, oldest


class Busy(Exception):
    """More writes are waiting than the store will remember: try again in a moment."""


class StoreFailed(Exception):
    """The disk's fault: the data could not be read, or a write could not be made durable."""


class Store(Protocol):
    """Everything the control plane asks of a store. Used from one event loop.

    Reads see acknowledged writes only, each of them from the moment its `write` returns.
    """

    @property
    def revision(self) -> int:
        """Revision of the newest acknowledged write, 0 before the first."""

    def get(self, key: Key) -> Stored | None:
        """Return what is kept under `key`."""

    def listing(
        self, resource: str, namespace: str | None = None, at: int | None = None
    ) -> Listing:
        """Return the objects of a resource, in one namespace or in all.

        With `at` as they were at that revision. Raises Expired where it is not remembered.
        """

    def count(self, resource: str) -> int:
        """Return how many objects of a resource there are."""

    async def write(self, write: Write) -> Stored:
        """Make one write durable and return it with its revision.

        Raises Conflict, Busy or StoreFailed; then nothing was changed.
        """

    def changes(self, since: int) -> Sequence[Change]:
        """Return the changes after revision `since`, oldest first. Raises Expired."""

    async def changed(self, since: int) -> None:
        """Return once there is a change after revision `since`."""

    async def revisions(self, key: Key) -> Sequence[Revision]:
        """Return what authors made of an object, newest first. Raises StoreFailed."""

    async def skip_to(self, revision: int) -> None:
        """Count on from a higher revision; a lower one changes nothing. Raises StoreFailed.

        What led there is another store's to know: changes before it are remembered no more.
        """

    def close(self) -> None:
        """Finish the writes under way and let go of the data. No write may follow."""
