"""What is told of agents to whoever asks: of each process what it enforces, hooks and counted.

A process that is registered and has no connection is told of apart: of what it enforces nothing is
known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fairlead.control.instances import Instances
from fairlead.control.nodes import Node, Nodes
from fairlead.control.publish import Publisher
from fairlead.control.store import Object
from fairlead.protocols.watch.codec import DATABASES, TABLES

_SAID = ("pid", "host", "python", "version", "hooks", "unfit", "unmatched")
"""What a process says of itself when it registers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The processes there are."""

    nodes: Nodes
    publisher: Publisher
    instances: Instances

    def listed(self, namespace: str | None, app: str | None) -> Object:
        """Return every process, in one namespace and of one app or in all."""
        found = [
            node
            for node in self.nodes.all()
            if namespace in (None, node.wanted.namespace) and app in (None, node.wanted.app)
        ]
        where = {node.wanted.namespace for node in found} | ({namespace} if namespace else set())
        processes = {name: one for place in where for name, one in self._processes(place)}
        items = [self._node(node, processes.get(node.id, {})) for node in found]
        seen = {node.id for node in found}
        absent = [
            _absent(name, one)
            for name, one in processes.items()
            if name not in seen and app in (None, one["app"])
        ]
        world = self.publisher.world
        return {
            "revision": world.revision,
            "governance": {
                "default": world.governance.default,
                "namespaces": {
                    name: mode
                    for name, mode in dict(world.governance.namespaces).items()
                    if namespace in (None, name)
                },
            },
            "alarms": self.instances.protection.report(namespace),
            "nodes": sorted(items, key=_order),
            "absent": sorted(absent, key=_order),
        }

    def _processes(self, namespace: str) -> Iterator[tuple[str, Object]]:
        lanes = self._shadow_lanes(namespace)
        for name, stored in self.instances.addresses(namespace).items():
            spec, status = stored.object["spec"], stored.object.get("status", {})
            process = next(one for one in spec["processes"] if one["node"] == name)
            said: dict[str, Any] = {field: process.get(field) for field in _SAID}
            yield (
                name,
                {
                    **said,
                    "namespace": namespace,
                    "app": spec["app"],
                    "address": spec["address"],
                    "lane": status.get("lane", ""),
                    "conflict": status.get("conflict"),
                    "shadow_lanes": lanes,
                },
            )

    def _shadow_lanes(self, namespace: str) -> Object:
        """Return the lanes that have shadows in a namespace, by sort of shadow."""
        for service in self.publisher.world.services:
            if service.namespace == namespace:
                return {
                    TABLES: list(service.shadow_table_lanes),
                    DATABASES: list(service.shadow_database_lanes),
                }
        return {}

    def _node(self, node: Node, process: Object) -> Object:
        wanted = node.wanted
        lane, conflict = self.publisher.resolve(*wanted[:4])
        return {
            **process,
            "node": node.id,
            "namespace": wanted.namespace,
            "app": wanted.app,
            "address": process.get("address"),
            "lane": lane,
            "conflict": conflict,
            "zone": wanted.zone,
            "connected": node.connected,
            "since": node.since.isoformat(timespec="seconds"),
            "state": node.state(self.publisher.world.revision),
            "source": _source(node),
            "enforces": {"digest": node.held, "revision": node.held_revision},
            "held_seconds": self.nodes.held_for(node),
            "behind_seconds": self.nodes.behind_for(node),
            "sent": {"digest": node.target.digest, "revision": node.target.revision},
            "synced": node.synced,
            "error": node.error,
            "refused": list(node.refused),
            "counters": node.counters,
        }


def _source(node: Node) -> str:
    """Say where what a node enforces is from: live, or kept from before; none where nothing is."""
    if not node.held:
        return "none"
    return "live" if node.connected and node.held == node.target.digest else "kept"


def _absent(name: str, process: Object) -> Object:
    return {
        **process,
        "node": name,
        "connected": False,
        "state": "away",
        "source": "unknown",
        "enforces": {"digest": "", "revision": 0},
        "held_seconds": None,
        "behind_seconds": 0.0,
        "synced": 0,
        "error": None,
        "refused": [],
        "counters": {},
    }


def _order(item: Object) -> tuple[str, str, str, str]:
    return item["namespace"], item["app"], item["address"] or "", item["node"]
