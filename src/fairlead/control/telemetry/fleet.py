"""The instances there are, as the store and the connected agents have them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fairlead.control.instance import RESOURCE
from fairlead.control.instances import Instances
from fairlead.control.nodes import Node, Nodes
from fairlead.control.publish import Publisher
from fairlead.control.store import Key, Object, Store
from fairlead.control.telemetry.memory import App
from fairlead.kinds.kind import child, text_at
from fairlead.protocols.watch.codec import DATABASES, TABLES

MOST_PROBLEMS = 20
"""Problems of one app that are named."""

HOOKED = "hooked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One instance: what is stored of it, and the nodes of its processes, None of one unheard."""

    key: Key
    spec: Object
    status: Object
    nodes: tuple[Node | None, ...]
    states: tuple[str, ...]
    """How each process stands to the newest policy, as `Node.state` says."""

    @property
    def app(self) -> str:
        """The app it serves."""
        return str(self.spec["app"])

    @property
    def lane(self) -> str:
        """The lane it was found to be on, ``""`` for base."""
        return text_at(self.status, "lane")

    @property
    def is_ready(self) -> bool:
        """Whether all of its processes enforce the newest policy."""
        return all(state == "live" for state in self.states)

    def hooks(self) -> Iterator[Object]:
        """Yield the libraries that were found in its processes, each standing once."""
        seen = set()
        for process in self.spec["processes"]:
            for hook in process["hooks"]:
                if (key := tuple(hook.values())) not in seen:
                    seen.add(key)
                    yield hook


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Who is there."""

    store: Store
    nodes: Nodes
    publisher: Publisher
    instances: Instances

    def namespaces(self) -> set[str]:
        """Return the namespaces that have an app."""
        return {service.namespace for service in self.publisher.world.services}

    def apps(self, namespaces: Sequence[str]) -> dict[App, list[Member]]:
        """Return the apps of some namespaces with their instances; one may have none left."""
        wanted = frozenset(namespaces)
        found: defaultdict[App, list[Member]] = defaultdict(list)
        for service in self.publisher.world.services:
            if service.namespace in wanted:
                found[service.namespace, service.app] = []
        revision = self.publisher.world.revision
        for namespace in sorted(wanted):
            for item in self.store.listing(RESOURCE, namespace).items:
                member = self._member(item.key, item.object, revision)
                found[namespace, member.app].append(member)
        return dict(sorted(found.items()))

    def of(self, namespace: str, app: str) -> list[Member] | None:
        """Return the instances of one app, None where there is no such app."""
        world = self.publisher.world
        items = self.store.listing(RESOURCE, namespace).items
        found = [
            self._member(item.key, item.object, world.revision)
            for item in items
            if item.object["spec"]["app"] == app
        ]
        known = any((one.namespace, one.app) == (namespace, app) for one in world.services)
        return found if found or known else None

    def _member(self, key: Key, plain: Object, revision: int) -> Member:
        nodes = tuple(self.nodes.find(one["node"]) for one in plain["spec"]["processes"])
        states = tuple(node.state(revision) if node else "away" for node in nodes)
        status = plain.get("status", {})
        return Member(key=key, spec=plain["spec"], status=status, nodes=nodes, states=states)

    def problems(self, namespace: str, members: Sequence[Member]) -> list[str]:
        """Say what is not as it should be with the instances of an app, the most frequent first."""
        shadows = self._shadows(namespace)
        counts = Counter(text for one in members for text in set(_problems(one, shadows)))
        return [
            text + (f" ({count} instances)" if count > 1 else "")
            for text, count in counts.most_common(MOST_PROBLEMS)
        ]

    def _shadows(self, namespace: str) -> frozenset[str]:
        """Return the sorts of shadow that some lane of a namespace has."""
        for service in self.publisher.world.services:
            if service.namespace == namespace:
                tables, databases = service.shadow_table_lanes, service.shadow_database_lanes
                sorts = ((TABLES, tables), (DATABASES, databases))
                return frozenset(sort for sort, lanes in sorts if lanes)
        return frozenset()


def _problems(member: Member, shadows: frozenset[str]) -> Iterator[str]:
    if conflict := text_at(member.status, "conflict"):
        yield conflict
    for node, state in zip(member.nodes, member.states, strict=True):
        if node is not None and state == "refused":
            yield f"refuses the newest rules: {node.error}"
        elif state == "away":
            yield "its agent is not connected: it enforces what it had last"
        for refused in node.refused if node else ():
            yield f"leaves out: {refused}"
    for hook in member.hooks():
        if hook["state"] != HOOKED:
            yield f"{hook['library']} {hook['version']} is not hooked: {hook['reason']}"
    for sort, why in child(member.status, "unfit").items():
        if sort in shadows:
            yield f"gets no calls of lanes with shadow {sort}: {why}"
