"""Who calls whom, as the callers tell it; and the graph of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fairlead.control.clocks import Clocks
from fairlead.control.store import Object
from fairlead.control.telemetry.fleet import Fleet
from fairlead.control.telemetry.memory import EDGE, App, Memory
from fairlead.control.telemetry.packed import NOTHING, Sums
from fairlead.control.telemetry.rates import counted, per_second, took
from fairlead.protocols.watch.report import SERVER

MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Calls of one app by another, with one label, served on one lane."""

    caller: App
    callee: App
    label: str
    lane: str
    sums: Sums
    seconds: float

    def shown(self) -> Object:
        """Return what is told of it; its ends are the caller's to name."""
        sums, seconds = self.sums, self.seconds
        return {
            "label": self.label,
            "lane": self.lane,
            "qps": per_second(sums.passed, seconds),
            "errors": per_second(sums.errors, seconds),
            "retries": per_second(sums.retries, seconds),
            "p99": took(sums.rt, 0.99),
            "fallbacks": per_second(sums.fallbacks, seconds),
            "lost": per_second(sums.lost, seconds),
        }


def edges_of(
    memory: Memory, fleet: Fleet, namespaces: Sequence[str], now: float, seconds: int = MINUTE
) -> list[Edge]:
    """Return the calls of the last `seconds` that apps of some namespaces made, in order."""
    world = fleet.publisher.world
    known = {(one.namespace, one.app) for one in world.services}
    # A host that is no app's is called by its name, from whichever namespace.
    known |= {(one, host) for one in namespaces for host in world.registry.seen_from(one)}
    known |= memory.apps.keys()
    return list(_edges(memory, known, namespaces, (now, seconds)))


def _edges(
    memory: Memory, known: set[App], namespaces: Sequence[str], when: tuple[float, int]
) -> Iterator[Edge]:
    for told in memory.within(namespaces):
        window = told.window(*when)
        for (_, to, label, lane), sums in sorted(told.sums(EDGE, window)):
            yield Edge(
                caller=(told.namespace, told.app),
                callee=callee_of(to, told.namespace, known),
                label=label,
                lane=lane,
                sums=sums,
                seconds=window.seconds,
            )


def callee_of(name: str, namespace: str, known: set[App]) -> App:
    """Return the app that a caller means by ``app`` or ``app.namespace``.

    Whether there is one elsewhere makes no difference: who asks may not be allowed to know.
    """
    app, _, where = name.rpartition(".")
    return (where, app) if app and (namespace, name) not in known else (namespace, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The graph of calls."""

    fleet: Fleet
    memory: Memory
    clocks: Clocks

    def shown(self, namespaces: Sequence[str], seconds: int = MINUTE) -> Object:
        """Return the apps of some namespaces, those that they call, and the calls between them."""
        now = self.clocks.now().timestamp()
        edges = edges_of(self.memory, self.fleet, namespaces, now, seconds)
        apps = self.fleet.apps(namespaces)
        lanes = {app: Counter(one.lane for one in members) for app, members in apps.items()}
        ends = {end for edge in edges for end in (edge.caller, edge.callee)}
        # Of an app elsewhere it is told that it is called, and no more: who asks may not read it.
        nodes = [
            self._node(app, lanes.get(app), (now, seconds if app[0] in namespaces else 0))
            for app in sorted(ends | lanes.keys())
        ]
        return {"nodes": nodes, "edges": [_between(edge) for edge in edges]}

    def _node(self, app: App, lanes: Counter[str] | None, when: tuple[float, int]) -> Object:
        told = self.memory.of(*app) if when[1] else None
        sums, covered = NOTHING, 0.0
        if told is not None:
            window = told.window(*when)
            sums, covered = told.sum_of(SERVER, window), window.seconds
        return {
            "app": app[1],
            "namespace": app[0],
            "known": lanes is not None or told is not None,
            "lanes": dict(lanes or {}),
            **counted(sums, covered),
            "p99": took(sums.rt, 0.99),
        }


def _between(edge: Edge) -> Object:
    return {
        "from": edge.caller[1],
        "fromNamespace": edge.caller[0],
        "to": edge.callee[1],
        "toNamespace": edge.callee[0],
        **edge.shown(),
    }
