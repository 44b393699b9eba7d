"""Who is there: instances register, renew their lease, leave or are given up.

The store is the truth about who serves what; leases are kept in memory only, so that a renewal
costs no write (contract 4). A control plane that was away, restarted or stopped for a while, gives
everybody the time it missed: it must not empty a service because nobody could reach it. Nor because
most of its instances fell silent at once: `protection.py` keeps those and asks them.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence

from fairlead.control.apps import KnownApps
from fairlead.control.clocks import Clocks
from fairlead.control.instance import (
    RESOURCE,
    WARMUP,
    Renewal,
    begins,
    instance_key,
    joined,
    left,
    new_metadata,
    nodes_of,
    object_of,
    pairs,
    status_of,
    warmed,
)
from fairlead.control.protection import App, Census, Protection
from fairlead.control.store import (
    Busy,
    Conflict,
    Key,
    Object,
    Store,
    Stored,
    StoreFailed,
    Write,
)
from fairlead.protocols.watch.codec import Labels, Registration

TICK = 0.5
"""Seconds between looks at the leases."""

AWAY = 1.0
"""Seconds by which a look may be late before everybody is given the time that was missed."""

SETTLING = 4.0
"""Seconds in which instances that outlive a lost store are back: they renew every three."""

MOST_PROCESSES = 512
"""Processes behind one address; they are kept in one object."""

Resolve = Callable[[str, str, Labels, str | None], tuple[str, str | None]]
"""Lane and conflict of a workload: namespace, app, labels, and the lane it names itself."""

log = logging.getLogger(__name__)


class TooMany(Exception):
    """As many instances are registered as may be."""


class Instances:
    """The registered instances of a store, and their leases."""

    def __init__(
        self,
        store: Store,
        apps: KnownApps,
        resolve: Resolve,
        clocks: Clocks,
        *,
        protection: Protection,
        limit: int = 10_000,
    ) -> None:
        """Give everybody in the store a full lease from now (contract 4)."""
        self.lost: set[Key] = set()
        """Instances that are being given up, for whoever sees them go."""
        self._store, self._apps, self._resolve = store, apps, resolve
        self.protection = protection
        self._clocks, self._lease, self._limit = clocks, protection.lease, limit
        self._looked = clocks.elapsed()
        self._settled = self._looked + (0.0 if store.count(RESOURCE) else SETTLING)
        self._leases: dict[Key, dict[str, float]] = {}
        self._warming: dict[Key, float] = {}
        """When instances that are stored as new are so no more."""
        self._replaced: dict[Key, str] = {}
        """Nodes that were their instance's last, and wait for the process that replaces them."""
        self._adopt()

    def addresses(self, namespace: str) -> dict[str, Stored]:
        """Return the instances of a namespace by each of their nodes."""
        return {
            node: item
            for item in self._store.listing(RESOURCE, namespace).items
            for node in nodes_of(item.object["spec"])
        }

    def lease_left(self, key: Key) -> float:
        """Return for how many seconds an instance may say nothing, 0.0 of one that is held."""
        end = max(self._leases.get(key, {}).values(), default=0.0)
        return max(0.0, end - self._clocks.elapsed())

    def unsettled(self) -> float:
        """Return for how many seconds more a store that began without instances says nothing.

        It may be new, or have lost what was in it: whoever has endpoints from before keeps them
        until those that are alive have had the time to register again.
        """
        return max(0.0, self._settled - self._clocks.elapsed())

    async def renew(self, registration: Registration) -> tuple[str, str | None]:
        """Register an instance or renew its lease; return its lane and what contradicts it.

        Raises TooMany, Busy or StoreFailed.
        """
        r = registration
        key = instance_key(r.namespace, r.app, r.address)
        self._leases.setdefault(key, {})[r.node] = self._clocks.elapsed() + self._lease
        self.protection.release(key, renewed=True)
        resolved = self._resolve(r.namespace, r.app, r.labels, r.lane)
        current = self._store.get(key)
        if current is None or joined(current.object["spec"], r) != current.object["spec"]:
            self._check_room(key, r.node)
            if r.warmup and begins(current.object["spec"] if current else None, r):
                self._warming[key] = self._clocks.elapsed() + r.warmup
            if current is None:
                await self._apps.seen(r.namespace, r.app)
            await self._change(key, lambda spec: joined(spec, r))
        if self._replaced.get(key, r.node) != r.node:
            await self._remove(key, (self._replaced.pop(key),))
        return resolved

    def settle(self, renewal: Renewal, registration: Registration) -> None:
        """Note the revision of the instance that has all that a registration says."""
        current = self._store.get(renewal.key)
        if current is not None:
            spec = current.object["spec"]
            renewal.revision = current.revision if joined(spec, registration) == spec else 0

    def renew_at_once(self, renewal: Renewal) -> tuple[str, str | None] | None:
        """Do what `renew` does, of a process that says nothing new, and write nothing.

        Returns None, having done nothing, where that is not certain: then `renew` has to look.
        """
        key, current = renewal.key, self._store.get(renewal.key)
        leases = self._leases.get(key)
        if current is None or leases is None or key in self._replaced:
            return None
        if current.revision != renewal.revision:
            return None
        leases[renewal.node] = self._clocks.elapsed() + self._lease
        self.protection.release(key, renewed=True)
        return self._resolve(key.namespace, renewal.app, renewal.labels, renewal.lane)

    async def leave(self, namespace: str, app: str, address: str, node: str) -> int:
        """Take a process out; its instance is gone with its last process.

        Returns the revision that the instance is gone at, 0 if it is not gone by this.
        """
        key = instance_key(namespace, app, address)
        revision = await self._remove(key, (node,))
        if revision:
            await self._note_absence({(namespace, app)})
        return revision

    async def hand_over(self, namespace: str, app: str, address: str, node: str) -> None:
        """Take a process out whose socket another one goes on serving.

        The last process of an instance stays, as long as its lease, until the other is registered:
        an instance that stops while one is left would wait for it in vain.
        """
        key = instance_key(namespace, app, address)
        leases = self._leases.get(key, {})
        if len(leases) > 1:
            await self._remove(key, (node,))
        elif node in leases:
            self._replaced[key] = node

    async def gone(self, namespace: str, app: str, address: str) -> int:
        """Return the revision that an instance is gone at, once its last process is."""
        key = instance_key(namespace, app, address)
        while True:
            seen = self._store.revision
            if self._store.get(key) is None:
                return seen
            await self._store.changed(seen)

    async def expire(self) -> None:
        """Give up or hold processes whose lease has ended; to be called every TICK."""
        now = self._clocks.elapsed()
        missed = now - self._looked - TICK
        self._looked = now
        if missed > AWAY:
            log.warning("was away for %.1f s: every lease is as much longer", missed)
            for leases in self._leases.values():
                for node in leases:
                    leases[node] += missed
        ended = {
            key: nodes
            for key, leases in self._leases.items()
            if (nodes := [node for node, end in leases.items() if end <= now])
            and key not in self.protection
        }
        for key in self._held_back(ended):
            del ended[key]
        gone = await asyncio.gather(*(self._give_up(key, nodes) for key, nodes in ended.items()))
        await self._note_absence({app for app in gone if app is not None})

    async def warm(self) -> None:
        """Take the mark of a new instance from those that are none; to be called every TICK."""
        now = self._clocks.elapsed()
        for key in [key for key, end in self._warming.items() if end <= now]:
            await self._change(key, lambda spec: warmed(spec) if spec else None)
            if self._warming.get(key, now) <= now:  # nobody has begun it again meanwhile
                self._warming.pop(key, None)

    async def ask(self) -> None:
        """Ask the instances that are held whether they are there; to be called every TICK."""
        await self.protection.ask(self._drop, self._census)

    async def run(self) -> None:
        """Look after the leases for good, and after what is held without one."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            group.create_task(self._ask())

    async def _ask(self) -> None:
        # Beside the looks: a connection that is not answered must not make them late.
        while True:
            await asyncio.sleep(TICK)
            await self._guarded(self.ask())

    async def _look(self) -> None:
        """Look at the leases, and now and then at what can be forgotten."""
        looks = 0
        while True:
            await asyncio.sleep(TICK)
            await self._guarded(self.expire())
            await self._guarded(self.warm())
            looks += 1
            if looks % 120 == 0:
                await self._guarded(self.tidy())

    async def tidy(self) -> None:
        """Mend what a crash between two writes has left, and forget apps of long ago."""
        self._adopt()
        await asyncio.gather(*(self._apps.seen(*app) for app in self._present()))
        await self._note_absence(set(self._apps.all()))
        await self._apps.forget()

    def _present(self) -> set[tuple[str, str]]:
        items = self._store.listing(RESOURCE).items
        return {(item.key.namespace, item.object["spec"]["app"]) for item in items}

    def _adopt(self) -> None:
        """Give whoever is stored without a lease a full one, so that nobody stays for good."""
        now = self._clocks.elapsed()
        end = now + self._lease
        for item in self._store.listing(RESOURCE).items:
            if WARMUP in item.object["spec"]:
                self._warming.setdefault(item.key, now + item.object["spec"][WARMUP])
            leases = self._leases.setdefault(item.key, {})
            for node in nodes_of(item.object["spec"]):
                leases.setdefault(node, end)

    async def _guarded(self, work: Awaitable[None]) -> None:
        """A failing disk must not end the looks: it may come back."""
        try:
            await work
        except (Busy, StoreFailed) as error:
            log.error("leases could not be looked after: %s", error)  # noqa: TRY400
        except Exception:
            log.exception("leases could not be looked after")

    def _held_back(self, ended: Mapping[Key, Sequence[str]]) -> list[Key]:
        """Return those of `ended` that are held; the others count as lost where nobody is left."""
        whole = [key for key, nodes in ended.items() if len(nodes) == len(self._leases[key])]
        if not whole:
            return []
        census, found = self._census(), [self._store.get(key) for key in whole]
        there = [(one, (one.key.namespace, one.object["spec"]["app"])) for one in found if one]
        # Before any of them is counted as lost: together they are one look's news.
        spared = {app for _, app in there if self.protection.spares(app, census[app])}
        for one, app in there:
            if app in spared:
                address = one.object["spec"]["address"]
                self.protection.hold(one.key, app, address, census[app].present)
            else:
                self.protection.lost(app)
        return [one.key for one, app in there if app in spared]

    def _census(self) -> Mapping[App, Census]:
        """Count the instances of every app; who has missed half of a lease is silent."""
        late = self._clocks.elapsed() + self._lease / 2
        counts: dict[App, list[int]] = {}
        for item in self._store.listing(RESOURCE).items:
            count = counts.setdefault((item.key.namespace, item.object["spec"]["app"]), [0, 0])
            count[0] += 1
            count[1] += max(self._leases.get(item.key, {}).values(), default=0.0) <= late
        return {app: Census(present=all_, silent=some) for app, (all_, some) in counts.items()}

    async def _drop(self, key: Key) -> None:
        """Give up an instance that was held."""
        app = await self._give_up(key, list(self._leases.get(key, {})))
        await self._note_absence({app} if app else set())

    def _check_room(self, key: Key, node: str) -> None:
        current = self._store.get(key)
        if current is None and self._store.count(RESOURCE) >= self._limit:
            why = f"{self._limit} instances are registered, which is the limit"
        elif len(self._leases[key]) > MOST_PROCESSES:
            why = f"{MOST_PROCESSES} processes serve {key.name}, which is the limit"
        else:
            return
        del self._leases[key][node]
        raise TooMany(why)

    async def _give_up(self, key: Key, nodes: Sequence[str]) -> tuple[str, str] | None:
        current = self._store.get(key)
        self.lost.add(key)
        try:
            removed = await self._remove(key, nodes)
        except (Busy, StoreFailed) as error:
            log.warning("%s could not be given up: %s", key.name, error)
            again = self._clocks.elapsed() + self._lease
            self._leases.setdefault(key, {}).update(dict.fromkeys(nodes, again))
            removed = 0
        if not removed:
            self.lost.discard(key)
            return None
        app = current.object["spec"]["app"] if current else ""
        return (key.namespace, app)

    async def _remove(self, key: Key, nodes: Sequence[str]) -> int:
        """Take processes out, except who renewed meanwhile.

        Returns the revision that the instance is gone at, 0 if it is not gone by this.
        """
        leases = self._leases.get(key, {})
        for node in nodes:
            leases.pop(node, None)
        if not leases:
            self._leases.pop(key, None)
            self._replaced.pop(key, None)
            self.protection.release(key, renewed=False)
        if self._store.get(key) is None:
            return 0

        def change(spec: Object | None) -> Object | None:
            back = self._leases.get(key, {})
            return left(spec, [node for node in nodes if node not in back]) if spec else None

        revision = await self._change(key, change)
        return revision if self._store.get(key) is None else 0

    async def _note_absence(self, apps: set[tuple[str, str]]) -> None:
        """Begin to forget those of `apps` that have no instance any more."""
        if apps:
            await asyncio.gather(*(self._apps.gone(*app) for app in apps - self._present()))

    async def _change(self, key: Key, change: Callable[[Object | None], Object | None]) -> int:
        """Write what `change` makes of the newest spec; None deletes.

        Returns the revision of the write, 0 if there was nothing to write.
        """
        while True:
            current = self._store.get(key)
            before = current.object if current else None
            spec = change(before["spec"] if before else None)
            if spec == (before["spec"] if before else None):
                return 0
            write = Write(
                key=key,
                object=self._object(key, before, spec) if spec else None,
                expected=current.revision if current else 0,
            )
            try:
                return (await self._store.write(write)).revision
            except Conflict:
                continue

    def _object(self, key: Key, before: Object | None, spec: Object) -> Object:
        labels, lane = pairs(spec.get("labels")), spec.get("lane")
        found = self._resolve(key.namespace, spec["app"], labels, lane)
        status = status_of(spec, *found)
        new = new_metadata(str(uuid.uuid4()), self._clocks.now())
        return object_of(key, before, spec, status, new)
