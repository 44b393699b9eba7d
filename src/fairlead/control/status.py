"""Writes the status of resources and instances, whenever it is another one than is stored.

News is gathered for a moment, then every status is worked out anew from the world and the nodes;
what is equal is not written. A status write changes no policy and so publishes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from fairlead.compiler.compile import World
from fairlead.control.attachment import written
from fairlead.control.carrying import Carried, Carrier
from fairlead.control.clocks import Clocks
from fairlead.control.condition import NOBODY, Condition, Liveness, Workload, liveness, merged
from fairlead.control.instance import RESOURCE, is_beside_envoy, nodes_of, pairs, status_of
from fairlead.control.nodes import Node, Nodes
from fairlead.control.protection import Protection
from fairlead.control.publish import Authored, Publisher
from fairlead.control.store import Busy, Conflict, Key, Object, Store, Stored, StoreFailed, Write

LOOK = 1.0
"""Seconds after which it is looked again without news: a node that stays away is no news."""

AT_ONCE = 64
"""Writes that wait for the disk together."""

MOST_MEMBERS = 100
"""Members that a status names: it is sent with every read of the object."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watching:
    """When it is looked, and at whom beside agents."""

    clocks: Clocks
    gather: float
    """Seconds that news is gathered for."""
    carriers: Callable[[], frozenset[Carrier]]


class Statuses:
    """The statuses of everything that is stored."""

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        nodes: Nodes,
        protection: Protection,
        watching: Watching,
    ) -> None:
        self._store, self._publisher, self._nodes = store, publisher, nodes
        self._clocks, self._gather = watching.clocks, watching.gather
        self._carriers = watching.carriers
        self._carrying = self._carriers()
        self._protection = protection
        self._placed_by: tuple[World, int] | None = None
        self._pause = watching.gather

    async def run(self) -> None:
        """Keep the statuses for good."""
        while True:
            await self._wait()
            try:
                await self.write_all()
            except (Busy, StoreFailed) as error:
                # The log may be on the same disk: not ten lines a second.
                log.error("statuses could not be written: %s", error)  # noqa: TRY400
                await asyncio.sleep(LOOK)
                self._nodes.news.set()
            except Exception:
                log.exception("statuses could not be worked out")
                await asyncio.sleep(LOOK)
                self._nodes.news.set()

    async def _wait(self) -> None:
        while not self._nodes.news.is_set():
            try:
                async with asyncio.timeout(LOOK):
                    await self._nodes.news.wait()
            except TimeoutError:
                self._nodes.forget()
                if self._carriers() != self._carrying:
                    break
        await asyncio.sleep(self._pause)
        self._nodes.news.clear()

    async def write_all(self) -> None:
        """Write every status that is not what it should be."""
        started = self._clocks.elapsed()
        due = self._due()
        while batch := list(islice(due, AT_ONCE)):
            writes = (self._try(write) for write in batch if write is not None)
            await asyncio.gather(asyncio.sleep(0), *writes)
        # With many workloads and resources a look takes long: a fifth of the time is enough for it.
        self._pause = max(self._gather, 4 * (self._clocks.elapsed() - started))

    async def _try(self, write: Write) -> None:
        try:
            await self._store.write(write)
        except Conflict:
            # Its author or an agent was faster. What they wrote is looked at next.
            self._nodes.news.set()

    def _due(self) -> Iterator[Write | None]:
        """Yield the writes that are due, and None for each status that is right."""
        workloads = self._workloads()
        self._carrying = self._carriers()
        carried = Carried(self._publisher.world, self._carrying)
        findings, excluded = self._findings(carried)
        for key, authored in list(self._publisher.inputs.authored.items()):
            stored = self._store.get(key)
            if stored is None:
                continue
            called = self._publisher.inputs.kinds[key.resource].called
            live = liveness(
                workloads.get(key.namespace, ()),
                f"{called}/{key.name}",
                authored.revision,
                excluded.get(key, NOBODY),
                self._publisher.world.apps(called, key.namespace, key.name),
            )
            conditions = _conditions(authored, live, findings.get(key, ()))
            yield _write_of(stored, self._status(stored, authored, conditions, live, carried))
        placed_by = (self._publisher.world, self._protection.version)
        if placed_by != self._placed_by:
            for stored in self._store.listing(RESOURCE).items:
                yield _write_of(stored, self._instance_status(stored))
            self._placed_by = placed_by

    def _status(
        self,
        stored: Stored,
        authored: Authored,
        conditions: Iterable[Condition],
        live: Liveness,
        carried: Carried,
    ) -> Object:
        before = stored.object.get("status", {})
        moment = self._clocks.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        # Not the newest one's: what is said here is true of what was compiled.
        generation = authored.generation
        status: Object = {
            "conditions": merged(before.get("conditions", ()), conditions, generation, moment),
            "live": f"{live.live}/{live.total}",
            "workloads": {"live": live.live, "total": live.total},
        }
        key = stored.key
        called = self._publisher.inputs.kinds[key.resource].called
        standing = self._publisher.world.standing(called, key.namespace, key.name)
        standing = carried.standing(key.namespace, key.name, standing)
        status |= written(standing, before, generation, moment)
        members = self._publisher.world.members(called, key.namespace, key.name)
        if members:
            status["members"] = list(members[:MOST_MEMBERS])
            if len(members) > MOST_MEMBERS:
                status["members"].append(f"and {len(members) - MOST_MEMBERS} more")
        return status

    def _instance_status(self, stored: Stored) -> Object:
        spec = stored.object["spec"]
        labels, lane = pairs(spec.get("labels")), spec.get("lane")
        where = stored.key.namespace
        found = self._publisher.resolve(where, spec["app"], labels, lane)
        return status_of(spec, *found, self._protection.condition(stored.key))

    def _findings(
        self, carried: Carried
    ) -> tuple[Mapping[Key, list[Condition]], Mapping[Key, dict[str, str]]]:
        """Return by resource what its author should know, and who cannot keep to it, and why."""
        resources = {kind.called: name for name, kind in self._publisher.inputs.kinds.items()}
        found: defaultdict[Key, list[Condition]] = defaultdict(list)
        excluded: defaultdict[Key, dict[str, str]] = defaultdict(dict)
        for finding in self._publisher.world.findings():
            key = Key(resources[finding.kind], finding.namespace, finding.name)
            condition = Condition(
                type=finding.type,
                status=finding.status,
                reason=finding.reason,
                message=finding.message,
            )
            about = (finding.kind, finding.namespace, finding.name)
            found[key].append(carried.condition(about, condition))
            excluded[key] |= dict(finding.excluded or ())
        return found, excluded

    def _workloads(self) -> Mapping[str, list[Workload]]:
        """Return the workloads of each namespace."""
        nodes: dict[str, Node] = {node.id: node for node in self._nodes.all()}
        found: defaultdict[str, list[Workload]] = defaultdict(list)
        for item in self._store.listing(RESOURCE).items:
            spec = item.object["spec"]
            if is_beside_envoy(spec):
                continue  # which hears of rules over xDS, and says so at the rule (carrying.py)
            name = f"{spec['app']} ({spec['address']})"
            own = tuple(nodes.pop(node, None) for node in nodes_of(spec))
            found[item.key.namespace].append(Workload.of(name, own, spec["app"]))
        # Who has left and hung up enforces nothing any more.
        for node in (node for node in nodes.values() if node.connected):
            name = f"{node.wanted.app} (process {node.id[:8]}, not registered)"
            found[node.wanted.namespace].append(Workload.of(name, (node,), node.wanted.app))
        return found


def _conditions(
    authored: Authored, live: Liveness, findings: Iterable[Condition]
) -> Iterator[Condition]:
    if authored.resource is None:
        message = f"left out, this version cannot read it: {authored.refused}"
        yield Condition(type="Accepted", status="False", reason="Unreadable", message=message)
        return
    yield live.condition
    # One type, one condition: where several findings share it, they are told together.
    by_type: dict[str, list[Condition]] = {}
    for finding in findings:
        by_type.setdefault(finding.type, []).append(finding)
    for same in by_type.values():
        message = "; ".join(condition.message for condition in same)
        first = same[0]
        yield Condition(type=first.type, status=first.status, reason=first.reason, message=message)


def _write_of(stored: Stored, status: Object) -> Write | None:
    if stored.object.get("status") == status:
        return None
    after = {**stored.object, "status": status}
    return Write(key=stored.key, object=after, expected=stored.revision)
