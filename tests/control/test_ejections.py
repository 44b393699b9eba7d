"""Who leaves out instances, told as Events of the rule that says so."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from fairlead.compiler import Instance, World
from fairlead.control.clocks import Clocks
from fairlead.control.ejections import Ejections
from fairlead.control.event import Note
from fairlead.control.nodes import Node, Nodes
from fairlead.control.store import Key, MemoryStore, Stored, Write
from fairlead.kinds import parse
from fairlead.protocols.watch.codec import Subscription
from fairlead.protocols.watch.server import Parcel


def rule(name: str, host: str, **policy: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"host": host, "trafficPolicy": policy},
    }


OUTLIER = {"outlierDetection": {"consecutive5xxErrors": 5}}
RULES = (rule("orders", "orders", **OUTLIER), rule("stock", "stock", retryBudget={"percent": 5}))


class Told:
    """A control plane with two rules, and what it tells of them."""

    def __init__(self) -> None:
        self.nodes, self.notes = Nodes(Clocks(), keep=1.0), list[tuple[str, Note]]()
        parsed = [parse(one) for one in RULES]
        there = [
            Instance(namespace="default", app=app, address="h:1") for app in ("orders", "stock")
        ]
        store, kind = MemoryStore(), parsed[0].kind
        for one in RULES:
            key = Key(kind.resource, "default", one["metadata"]["name"])
            asyncio.run(store.write(Write(key=key, object=one, expected=0)))
        publisher: Any = SimpleNamespace(world=World.of(parsed, there, 1))
        self.ejections = Ejections(store, self.nodes, publisher, self._tell)

    def _tell(self, stored: Stored, note: Note) -> None:
        self.notes.append((stored.key.name, note))

    def node(self, name: str, app: str = "front", **ejected: int) -> Node:
        subscription = Subscription(node=name, namespace="default", app=app)
        node = self.nodes.connect(subscription, "d", Parcel(digest="d", revision=1, line=b""))
        node.counters = {"instance_ejected": ejected}
        return node

    def look(self) -> list[str]:
        """Return the rules that something is told of now."""
        self.notes.clear()
        self.ejections.look()
        return [name for name, _ in self.notes]


def test_an_instance_that_is_left_out_is_told_at_the_rule_that_says_so():
    """Who asks why calls go elsewhere looks at the rule, not at each caller."""
    told = Told()
    node = told.node("n")
    assert told.look() == []
    node.counters = {"instance_ejected": {"orders": 1}}
    assert told.look() == ["orders"]
    ((_, note),) = told.notes
    assert (note.type, note.reason) == ("Warning", "InstanceEjected")
    assert note.message.startswith("front leaves out an instance of orders ")
    assert told.look() == []
    node.counters = {"instance_ejected": {"orders": 2, "stock": 1, "nobody": 3}}
    assert told.look() == ["orders"]  # no rule leaves out those of the others


def test_processes_of_one_app_are_one_that_tells():
    """Workers judge for themselves; one Event says it, with a count."""
    told = Told()
    nodes = [told.node(str(number)) for number in range(3)] + [told.node("b", "back")]
    told.look()
    for node in nodes:
        node.counters = {"instance_ejected": {"orders": 1}}
    assert told.look() == ["orders", "orders"]
    assert [note.message.split()[0] for _, note in told.notes] == ["back", "front"]


def test_what_had_happened_before_it_was_heard_of_is_told_by_nobody():
    """A process that comes has not just left somebody out; one that is away says nothing."""
    told = Told()
    node = told.node("n", orders=4)
    assert told.look() == []
    told.nodes.disconnect(node)
    node.counters = {"instance_ejected": {"orders": 9}}
    assert told.look() == []
