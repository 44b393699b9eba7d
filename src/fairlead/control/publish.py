"""From the store to the agents: whatever changed, everybody is to enforce what the store says now.

Level-based: a change only says that it is time to look. The newest resources and instances become
one World; each distinct workload is compiled once and encoded once; a node is sent something only
if its digest is another one. Building is done in a thread: requests are answered meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fairlead.compiler.compile import World
from fairlead.compiler.governance import Governance
from fairlead.compiler.instance import Instance
from fairlead.control import apps, instance, namespaces
from fairlead.control.nodes import Node, Nodes, Wanted
from fairlead.control.store import Change, Expired, Key, Store, Stored
from fairlead.kinds import KINDS, InvalidResource, Kind, Resource
from fairlead.kinds.admission import admit
from fairlead.policy.governance import ON
from fairlead.protocols.watch.codec import Labels, Subscription
from fairlead.protocols.watch.server import Parcel

RETRY = 1.0
"""Seconds to wait after a fault of ours before the world is built again."""

CATCH_UP = 2.0
"""Seconds that a question about what was written a moment ago waits for it."""

SPARE = 256
"""Snapshots that are kept beside those of connected agents, for who comes again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authored:
    """A resource as it is compiled; None, with the reason, where this version cannot read it."""

    resource: Resource[Any] | None
    refused: str = ""
    revision: int
    """Revision of the last write that changed more than its status."""
    generation: int
    """Generation of the spec that was read."""


@dataclass(slots=True)
class Inputs:
    """Everything a World is made of, kept up with the store."""

    kinds: dict[str, Kind[Any]]
    governance: Governance = Governance()
    authored: dict[Key, Authored] = field(default_factory=dict)
    instances: dict[Key, Instance] = field(default_factory=dict)
    apps: set[tuple[str, str]] = field(default_factory=set)

    def load(self, store: Store) -> None:
        """Start anew from what is stored."""
        self.authored.clear()
        self.instances.clear()
        self.apps = {(key.namespace, key.name) for key in _keys(store, apps.RESOURCE)}
        written = store.listing(namespaces.RESOURCE).items
        self.governance = namespaces.governance(written, self.governance.default)
        for name in (*self.kinds, instance.RESOURCE):
            for item in store.listing(name).items:
                self._put(item)

    def follow(self, changes: Iterable[Change]) -> bool:
        """Take in changes; return whether a World made from them may be another one."""
        return sum([self._follow(change) for change in changes]) > 0

    def _follow(self, change: Change) -> bool:
        key = change.stored.key
        if key.resource == apps.RESOURCE:
            app = (key.namespace, key.name)
            known = change.type != "DELETED"
            moved = known != (app in self.apps)
            self.apps = self.apps | {app} if known else self.apps - {app}
            return moved
        if key.resource == namespaces.RESOURCE:
            before, self.governance = self.governance, namespaces.switched(self.governance, change)
            return before != self.governance
        if key.resource not in self.kinds and key.resource != instance.RESOURCE:
            return False
        if change.type == "DELETED":
            self.authored.pop(key, None)
            self.instances.pop(key, None)
        elif _only_status(change):
            return False
        else:
            self._put(change.stored)
        return True

    def _put(self, stored: Stored) -> None:
        key = stored.key
        if key.resource == instance.RESOURCE:
            self.instances[key] = instance.compiled(key, stored.object["spec"])
            return
        resource: Resource[Any] | None
        refused = ""
        try:
            resource = admit(self.kinds[key.resource], stored.object, namespace=key.namespace)
        except InvalidResource as error:
            # Stored by a version that read it otherwise: leave it out and say so in its status.
            resource, refused = None, str(error)
        self.authored[key] = Authored(
            resource=resource,
            refused=refused,
            revision=stored.revision,
            generation=stored.object["metadata"]["generation"],
        )

    def world(self, revision: int) -> World:
        """Return the World of these inputs."""
        resources = [one.resource for one in self.authored.values() if one.resource is not None]
        instances = list(self.instances.values())
        return World.of(resources, instances, revision, list(self.apps), self.governance)


class Publisher:
    """Keeps the World that is in force, and every node on its part of it."""

    def __init__(self, store: Store, nodes: Nodes, gather: float, governance: str = ON) -> None:
        """Build the first World from what is stored.

        `governance` is the mode of namespaces that name none.
        """
        self._store, self._nodes, self._gather = store, nodes, gather
        kinds = {kind.resource: kind for kind in KINDS}
        self.inputs = Inputs(kinds, Governance(default=governance))
        self.inputs.load(store)
        self._seen = store.revision
        self._followed = asyncio.Event()
        """Set when changes of the store are taken in, and made anew."""
        self._published = asyncio.Event()
        """The same when they are on their way to agents."""
        self.world = self.inputs.world(self._seen)
        self._stale = False
        self._parcels: dict[Wanted, Parcel] = {}
        self._room = SPARE

    def resolve(
        self, namespace: str, app: str, labels: Labels, lane: str | None
    ) -> tuple[str, str | None]:
        """Return the lane of a workload, and what contradicts it (contract 1)."""
        member = self.world.membership(namespace, app, labels, lane)
        return member.lane, member.conflict

    async def connect(self, subscription: Subscription, digest: str) -> Node:
        """Take in an agent that holds the snapshot `digest`; its outbox has what it lacks."""
        wanted = Wanted.of(subscription)
        while (parcel := self._parcels.get(wanted)) is None:
            world = self.world
            compiled = await asyncio.to_thread(_parcels, world, [wanted])
            if world is self.world:
                self._make_room()
                self._parcels |= compiled
        return self._nodes.connect(subscription, digest, parcel)

    def _make_room(self) -> None:
        """Drop what nobody who is connected wants: whoever comes may want something else."""
        if len(self._parcels) >= self._room:
            wanted = self._nodes.wanted()
            self._parcels = {one: self._parcels[one] for one in wanted & self._parcels.keys()}
            self._room = len(self._parcels) + SPARE

    async def run(self) -> None:
        """Follow the store for good."""
        while True:
            if not self._stale:
                await self._store.changed(self._seen)
            # The first of a burst waits for the rest, for a moment that nobody notices.
            await asyncio.sleep(self._gather)
            try:
                await self.refresh()
            except Exception:
                log.exception("what is stored could not be compiled; agents keep what they have")
                await asyncio.sleep(RETRY)

    async def caught_up(self) -> None:
        """Return once `inputs` have what was written by now, or after CATCH_UP."""
        wanted = self._store.revision
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP):
                while self._seen < wanted:
                    await self._followed.wait()

    async def refresh(self) -> None:
        """Publish what the store says now, if that is something new."""
        seen = self._store.revision
        try:
            self._stale |= self.inputs.follow(self._store.changes(self._seen))
        except Expired:
            self.inputs.load(self._store)
            self._stale = True
        self._seen = seen
        followed, self._followed = self._followed, asyncio.Event()
        followed.set()
        if self._stale:
            await self._publish(seen)
            self._stale = False
            published, self._published = self._published, asyncio.Event()
            published.set()

    async def published(self, revision: int) -> None:
        """Return once agents are told what was stored at a revision, or after CATCH_UP."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP):
                while self.world.revision < revision:
                    await self._published.wait()

    def published_next(self) -> Coroutine[Any, Any, Any]:
        """Return what ends when another World is in force than at the time of this call.

        It need not run before that: who makes a task of it waits from now on.
        """
        return self._published.wait()

    async def _publish(self, revision: int) -> None:
        wanted = self._nodes.wanted()
        copy = Inputs(
            self.inputs.kinds,
            self.inputs.governance,
            dict(self.inputs.authored),
            dict(self.inputs.instances),
            self.inputs.apps,
        )
        world, parcels = await asyncio.to_thread(_build, copy, revision, wanted)
        while missing := self._nodes.wanted() - parcels.keys():
            parcels |= await asyncio.to_thread(_parcels, world, list(missing))
        # No await from here on: whoever connects meets either world whole.
        self.world, self._parcels = world, parcels
        self._nodes.publish(parcels)


def _build(
    inputs: Inputs, revision: int, wanted: Iterable[Wanted]
) -> tuple[World, dict[Wanted, Parcel]]:
    world = inputs.world(revision)
    return world, _parcels(world, list(wanted))


def _parcels(world: World, wanted: Sequence[Wanted]) -> dict[Wanted, Parcel]:
    return {one: Parcel.of(world.snapshot(*one)) for one in wanted}


def _only_status(change: Change) -> bool:
    """Say whether a write left everything but the status as it was."""
    before, after = change.before, change.stored.object
    if before is None or before.get("spec") != after.get("spec"):
        return False
    labels = [plain["metadata"].get("labels") for plain in (before, after)]
    return bool(labels[0] == labels[1])


def _keys(store: Store, resource: str) -> Iterable[Key]:
    return (item.key for item in store.listing(resource).items)
