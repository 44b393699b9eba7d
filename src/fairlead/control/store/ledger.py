"""Decides one write after another: is it allowed, which revision is it, what does it change.

Shared by every store, so that all of them conflict, count and delete alike. A batch is decided
first, and kept only when the store has made it durable.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from fairlead.control.store.store import (
    Author,
    Change,
    ChangeType,
    Conflict,
    Key,
    Stored,
    Write,
)


@dataclass(slots=True, kw_only=True)
class Decided:
    """A write that is allowed: what it changes, and the object's JSON text."""

    change: Change
    text: bytes
    author: Author | None


@dataclass(slots=True, kw_only=True)
class Batch:
    """Writes decided together on top of a ledger, and not yet kept."""

    revision: int
    heads: dict[Key, Stored | None] = field(default_factory=dict)


class Ledger:
    """The newest revision of every object. Belongs to the one thread that writes."""

    def __init__(self, heads: dict[Key, Stored], revision: int) -> None:
        self.revision = revision
        self._heads = heads

    def begin(self) -> Batch:
        """Start a batch on top of what is kept."""
        return Batch(revision=self.revision)

    def decide(self, batch: Batch, write: Write) -> Decided:
        """Take `write` into `batch`. Raises Conflict, and then the batch is as it was."""
        head = batch.heads[write.key] if write.key in batch.heads else self._heads.get(write.key)
        actual = head.revision if head else 0
        if write.expected != actual or (write.object is None and head is None):
            raise Conflict(write.key, write.expected, actual)
        before = head.object if head else None
        after = write.object if write.object is not None else before
        text = orjson.dumps(after)
        batch.revision += 1
        stored = Stored(key=write.key, revision=batch.revision, object=after or {})
        batch.heads[write.key] = stored if write.object is not None else None
        kind: ChangeType = "DELETED" if write.object is None else "MODIFIED" if head else "ADDED"
        change = Change(
            type=kind,
            stored=stored,
            before=before,
            before_revision=actual,
            size=len(text),
            author=write.author,
        )
        return Decided(change=change, text=text, author=write.author)

    def keep(self, batch: Batch) -> None:
        """Make a durable batch the ground for the next."""
        self.revision = batch.revision
        for key, head in batch.heads.items():
            if head is None:
                self._heads.pop(key, None)
            else:
                self._heads[key] = head
