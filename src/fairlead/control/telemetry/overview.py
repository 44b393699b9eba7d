"""Everything at a glance, and lanes: who is on them, what they get, and where they leak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fairlead.control.clocks import Clocks
from fairlead.control.event import RESOURCE as EVENTS
from fairlead.control.store import Object
from fairlead.control.telemetry.breakers import Breakers
from fairlead.control.telemetry.edges import Edge, edges_of
from fairlead.control.telemetry.fleet import HOOKED, Fleet, Member
from fairlead.control.telemetry.memory import RULE, TOTAL, App, Memory
from fairlead.control.telemetry.news import KEPT, Newsroom
from fairlead.control.telemetry.packed import NOTHING, unpack
from fairlead.control.telemetry.rates import counted, per_second
from fairlead.control.telemetry.series import COARSE
from fairlead.control.traffic import Traffic
from fairlead.kinds.kind import text_at
from fairlead.protocols.watch.report import SERVER

TOP = 10
MINUTES, LAG = 300, 12.5
"""Seconds of traffic that are told, up to when all reports have come: each is of ten seconds."""

MOST_PARTLY = 50
"""Libraries that are not hooked which are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What an operator sees first."""

    fleet: Fleet
    memory: Memory
    clocks: Clocks
    news: Newsroom
    breakers: Breakers
    traffic: Traffic
    began: float

    def shown(self, namespaces: Sequence[str]) -> Object:
        """Return what there is in some namespaces, and what is not as it should be."""
        apps = self.fleet.apps(namespaces)
        members = [member for found in apps.values() for member in found]
        wanted = frozenset(namespaces)
        changes = [one.plain for one in self.news.changes if one.namespace in wanted]
        lanes = {
            (place, lane) for place in wanted for lane in self.fleet.publisher.world.lanes(place)
        }
        lanes |= {(one.key.namespace, one.lane) for one in members if one.lane}
        return {
            "services": len(apps),
            "instances": len(members),
            "ready": sum(member.is_ready for member in members),
            "lanes": len(lanes),
            "agents": _agents(members),
            "rejected": self._rejected(namespaces),
            "broken": self.breakers.shown(namespaces),
            "traffic": self._traffic(namespaces),
            "changes": changes[: -KEPT - 1 : -1],
            "events": self._events(wanted),
            "revision": self.fleet.publisher.world.revision,
            "uptime": round(self.clocks.elapsed() - self.began, 1),
        }

    def _traffic(self, namespaces: Sequence[str]) -> Object:
        """Return what came in over the last minutes, point by point; None of unknown time."""
        now = self.clocks.now().timestamp()
        end = int(now - LAG) // COARSE
        slots = range(end - MINUTES // COARSE, end)
        there: set[int] = set()
        packed: defaultdict[int, int] = defaultdict(int)
        for told in self.memory.within(namespaces):
            there.update(slot for slot in slots if slot in told.covered.coarse)
            for (_, _, side, _), series in told.sorted[TOTAL].items():
                if side == SERVER:
                    for slot in there & series.coarse.keys():
                        packed[slot] += series.coarse[slot]
        points = [counted(unpack(packed[slot]), COARSE) if slot in there else {} for slot in slots]
        arrays = {name: [point.get(name) for point in points] for name in counted(NOTHING, 0)}
        return {"step": COARSE, "from": slots.start * COARSE, **arrays}

    def _rejected(self, namespaces: Sequence[str]) -> list[Object]:
        """Return the rules that turn most calls away."""
        now = self.clocks.now().timestamp()
        found: list[Object] = []
        for told in self.memory.within(namespaces):
            window = told.window(now)
            for (_, rule, resource, reason), sums in told.sums(RULE, window):
                if rate := per_second(sums.rejected, window.seconds):
                    names = {"namespace": told.namespace, "app": told.app, "interface": resource}
                    found.append({**names, "rule": rule, "reason": reason, "perSecond": rate})
        return sorted(found, key=lambda one: one["perSecond"], reverse=True)[:TOP]

    def _events(self, wanted: frozenset[str]) -> list[Object]:
        items = [
            one for one in self.fleet.store.listing(EVENTS).items if one.key.namespace in wanted
        ]
        items.sort(key=lambda one: (text_at(one.object, "lastTimestamp"), one.revision))
        return [one.object for one in items[: -KEPT - 1 : -1]]

    def lanes(self, namespaces: Sequence[str]) -> list[Object]:
        """Return every lane of some namespaces: by a rule, or by an instance that is on it."""
        now, found = self.clocks.now().timestamp(), []
        for namespace in namespaces:
            apps = self.fleet.apps([namespace])
            edges = edges_of(self.memory, self.fleet, [namespace], now)
            shares = self._shares(namespace, now)
            rules = self.fleet.publisher.world.lanes(namespace)
            there = {one.lane for members in apps.values() for one in members if one.lane}
            for lane in sorted(there | rules.keys()):
                own = [edge for edge in edges if edge.label == lane]
                line = {"namespace": namespace, "lane": lane, "share": shares.get(lane, 0.0)}
                objects = [{"kind": kind, "name": name} for kind, name in rules.get(lane, ())]
                line |= {"rules": objects, "members": list(_members(lane, apps))}
                found.append({**line, "coverage": _coverage(own, apps)})
        return found

    def _shares(self, namespace: str, now: float) -> Mapping[str, float]:
        """Return the part of requests at entries that each lane has: of the last minute, or of all.

        Where nothing came in the last minute, what came since the control plane began counts.
        """
        counts: defaultdict[str, int] = defaultdict(int)
        for app in self.fleet.publisher.world.entries(namespace):
            told = self.memory.of(namespace, app)
            if told is None:
                continue
            window = told.window(now, 60)
            for (_, _, side, lane), sums in told.sums(TOTAL, window):
                if side == SERVER:
                    counts[lane] += sums.passed + sums.rejected
        if not sum(counts.values()):
            for lanes in self.traffic.apps(namespace).values():
                for lane, count in lanes.items():
                    counts[lane] += count
        total = sum(counts.values())
        return {lane: round(count / total, 4) for lane, count in counts.items()} if total else {}


def _agents(members: Sequence[Member]) -> Object:
    partly: list[Object] = []
    processes = hooked = 0
    for member in members:
        for process in member.spec["processes"]:
            processes += 1
            hooked += all(hook["state"] == HOOKED for hook in process["hooks"])
        for hook in member.hooks():
            if hook["state"] != HOOKED and len(partly) < MOST_PARTLY:
                partly.append(
                    {
                        "namespace": member.key.namespace,
                        "app": member.app,
                        "address": member.spec["address"],
                        "library": hook["library"],
                        "reason": hook["reason"],
                    }
                )
    return {"total": processes, "hooked": hooked, "partly": partly}


def _members(lane: str, apps: Mapping[App, Sequence[Member]]) -> Iterator[Object]:
    for (_, app), members in apps.items():
        own = sum(member.lane == lane for member in members)
        if own:
            base = sum(member.lane == "" for member in members)
            yield {"app": app, "instances": own, "base": base}


def _coverage(edges: Sequence[Edge], apps: Mapping[App, Sequence[Member]]) -> Object:
    """Return where calls of a lane go, and where they lose its label or fall back to base."""
    touched = {end for edge in edges for end in (edge.caller, edge.callee)}
    lost = [
        {
            "from": edge.caller[1],
            "to": edge.callee[1],
            "perSecond": per_second(edge.sums.lost, edge.seconds),
        }
        for edge in edges
        if edge.sums.lost
    ]
    back = sorted({edge.callee[1] for edge in edges if edge.sums.fallbacks})
    return {
        "apps": len(touched),
        "instrumented": sum(bool(apps.get(app)) for app in touched),
        "lost": lost,
        "fallback": [{"app": app} for app in back],
    }
