"""Namespaces: there as soon as something is in them; what an operator writes about one is kept.

A view of the store in which a namespace that nobody has written is an object all the same, so that
it can be labelled like one that was made.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from fairlead.compiler.governance import Governance
from fairlead.control.namespace_changes import Census, Past
from fairlead.control.namespace_kind import NAME_LABEL, NAMESPACE, mode_of
from fairlead.control.store import (
    Change,
    Key,
    Listing,
    Object,
    Revision,
    Store,
    Stored,
    Write,
)
from fairlead.kinds.kind import child, text_at
from fairlead.policy.workload import DEFAULT_NAMESPACE

RESOURCE = NAMESPACE.resource

_UIDS = uuid.UUID("5a4c3a52-8f07-4c0e-9d3e-0b6a2f6f6c11")
"""Where the uids of namespaces that nobody has written come from: the same after a restart."""


class NotEmpty(Exception):
    """A namespace cannot be deleted while something is in it."""


def governance(items: Iterable[Stored], default: str) -> Governance:
    """Return which namespaces enforce their rules, of the stored ones in `items`, and labels."""
    written = {item.key.name: item.object for item in items}
    modes = ((name, mode_of(plain)) for name, plain in written.items())
    return Governance(
        default=default,
        namespaces={name: mode for name, mode in modes if mode},
        labels={name: dict(child(plain, "metadata", "labels")) for name, plain in written.items()},
    )


def switched(before: Governance, change: Change) -> Governance:
    """Return the governance after a change of one namespace."""
    modes, labels = dict(before.namespaces), dict(before.labels)
    name, plain = change.stored.key.name, change.stored.object
    modes.pop(name, None)
    labels.pop(name, None)
    if change.type != "DELETED":
        labels[name] = dict(child(plain, "metadata", "labels"))
        if mode := mode_of(plain):
            modes[name] = mode
    return Governance(default=before.default, namespaces=modes, labels=labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespaces:
    """A store, seen as the namespaces that are in use or have been written."""

    store: Store
    resources: Sequence[str]
    """Resources whose objects bring their namespace into being."""
    _census: Census = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_census", Census(self.store, self.resources))

    @property
    def revision(self) -> int:
        """Revision of the store."""
        return self.store.revision

    def get(self, key: Key) -> Stored | None:
        """Return a namespace; one that nobody has written has revision 0."""
        stored = self.store.get(key)
        if stored is None and (key.name == DEFAULT_NAMESPACE or any(self._inside(key.name))):
            return _implied(key.name, self._inside(key.name))
        return stored

    def listing(
        self, resource: str, namespace: str | None = None, at: int | None = None
    ) -> Listing:
        """Return every namespace by name, now or as they were. Raises Expired."""
        listed = self.store.listing(resource, at=at)
        found = {item.key.name: item for item in listed.items}
        inside: dict[str, list[Stored]] = {DEFAULT_NAMESPACE: []}
        for name in self.resources:
            for item in self.store.listing(name, at=at).items:
                inside.setdefault(item.key.namespace, []).append(item)
        for name in inside.keys() - found.keys():
            found[name] = _implied(name, inside[name])
        items = [found[name] for name in sorted(found)]
        return Listing(items=items, revision=listed.revision)

    def count(self, resource: str) -> int:
        """Return how many have been written."""
        return self.store.count(resource)

    async def write(self, write: Write) -> Stored:
        """Make one write. Raises NotEmpty for a namespace that cannot go, else as a store does."""
        name = write.key.name
        if write.object is not None:
            return await self.store.write(replace(write, object=_whole(name, write.object)))
        if name == DEFAULT_NAMESPACE:
            raise NotEmpty(f"namespace {name} is always there; take its labels away instead")
        kinds = sorted({item.key.resource.partition(".")[0] for item in self._inside(name)})
        if kinds:
            raise NotEmpty(f"namespace {name} still has {', '.join(kinds)}: delete them first")
        return await self.store.write(write)

    def changes(self, since: int) -> Sequence[Change]:
        """Return the changes after revision `since`. Raises Expired.

        What brings a namespace into being, or ends it, stands there as that.
        """
        found = self.store.changes(since)
        past = Past(self._census, _implied)
        return [past.told(change) for change in reversed(found)][::-1]

    async def changed(self, since: int) -> None:
        """Return once there is a change after revision `since`."""
        await self.store.changed(since)

    async def revisions(self, key: Key) -> Sequence[Revision]:
        """Return what authors made of a namespace, newest first. Raises StoreFailed."""
        return await self.store.revisions(key)

    async def skip_to(self, revision: int) -> None:
        """Have the store count on from a higher revision. Raises StoreFailed."""
        await self.store.skip_to(revision)

    def close(self) -> None:
        """Nothing to let go of: the store is somebody else's."""

    def _inside(self, namespace: str) -> Iterator[Stored]:
        for name in self.resources:
            yield from self.store.listing(name, namespace).items


def _implied(name: str, inside: Iterable[Stored]) -> Stored:
    """Return a namespace that nobody has written, as old as the oldest object in it."""
    metadata: Object = {"name": name, "uid": str(uuid.uuid5(_UIDS, name)), "generation": 1}
    times = [text_at(item.object, "metadata", "creationTimestamp") for item in inside]
    if any(times):
        metadata["creationTimestamp"] = min(filter(None, times))
    plain: Object = {"apiVersion": NAMESPACE.api_version, "kind": NAMESPACE.kind}
    plain = _whole(name, {**plain, "metadata": metadata, "spec": {}})
    return Stored(key=Key(RESOURCE, "", name), revision=0, object=plain)


def _whole(name: str, plain: Object) -> Object:
    """Return `plain` with what every namespace has."""
    metadata = plain["metadata"]
    labels = {NAME_LABEL: name, **metadata.get("labels", {})}
    labels[NAME_LABEL] = name
    whole = {"spec": {}, **plain, "metadata": {**metadata, "labels": labels}}
    return {**whole, "status": {"phase": "Active"}}
