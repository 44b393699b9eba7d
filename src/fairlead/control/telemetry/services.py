"""Every app in one line, and one app in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fairlead.control.clocks import Clocks
from fairlead.control.store import Object
from fairlead.control.telemetry.edges import Edge, edges_of
from fairlead.control.telemetry.fleet import Fleet, Member
from fairlead.control.telemetry.memory import RULE, Memory, Told
from fairlead.control.telemetry.packed import MOST, NOTHING, Sums
from fairlead.control.telemetry.rates import counted, mean, per_second, took
from fairlead.control.telemetry.series import Window
from fairlead.protocols.watch.report import SERVER, Runtime

_LATEST = ("loop_lag",)
"""Figures of a runtime of which the greatest counts; of the others, the sum of all processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What is shown of apps."""

    fleet: Fleet
    memory: Memory
    clocks: Clocks

    def listed(self, namespaces: Sequence[str]) -> list[Object]:
        """Return every app of some namespaces in one line."""
        now = self.clocks.now().timestamp()
        return [
            self._line(namespace, app, members, now)
            for (namespace, app), members in self.fleet.apps(namespaces).items()
        ]

    def _line(self, namespace: str, app: str, members: Sequence[Member], now: float) -> Object:
        told = self.memory.of(namespace, app)
        sums, seconds = NOTHING, 0.0
        if told is not None:
            window = told.window(now)
            sums, seconds = told.sum_of(SERVER, window), window.seconds
        problems = self.fleet.problems(namespace, members)
        return {
            "namespace": namespace,
            "app": app,
            "instances": len(members),
            "ready": sum(member.is_ready for member in members),
            "lanes": sorted({member.lane for member in members}),
            **counted(sums, seconds),
            "p50": took(sums.rt, 0.5),
            "p99": took(sums.rt, 0.99),
            "fit": not problems,
            "problems": problems,
        }

    def shown(self, namespace: str, app: str) -> Object | None:
        """Return one app in full, None where there is none of that name."""
        members = self.fleet.of(namespace, app)
        told = self.memory.of(namespace, app)
        if members is None and told is None:
            return None
        now = self.clocks.now().timestamp()
        edges = edges_of(self.memory, self.fleet, [namespace], now)
        return {
            **self._line(namespace, app, members or (), now),
            "interfaces": _interfaces(told, told.window(now)) if told else [],
            "instances": [self._instance(member, told) for member in members or ()],
            "callers": [_end(one, "from") for one in edges if one.callee == (namespace, app)],
            "callees": [_end(one, "to") for one in edges if one.caller == (namespace, app)],
        }

    def _instance(self, member: Member, told: Told | None) -> Object:
        processes, known = member.spec["processes"], told.processes if told else {}
        reports = [known[one["node"]] for one in processes if one["node"] in known]
        nodes = [node for node in member.nodes if node is not None]
        return {
            "name": member.key.name,
            "address": member.spec["address"],
            "lane": member.lane,
            "zone": member.spec.get("zone", ""),
            "labels": {one["key"]: one["value"] for one in member.spec.get("labels", ())},
            "python": processes[-1]["python"],
            "version": processes[-1]["version"],
            "pids": [one["pid"] for one in processes],
            "lease": round(self.fleet.instances.lease_left(member.key), 1),
            "hooks": list(member.hooks()),
            "revision": min((node.held_revision for node in nodes), default=0),
            "inForce": member.is_ready,
            "states": list(member.states),
            "refused": [node.error for node in nodes if node.error]
            + [text for node in nodes for text in node.refused],
            "runtime": _runtime([one.runtime for one in reports if one.runtime is not None]),
        }


def _interfaces(told: Told, window: Window) -> list[Object]:
    rows: dict[tuple[str, str, str], Object] = {}
    inflight: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for process in told.processes.values():
        for count, known in process.inflight:
            inflight[known[1:]] += min(count, MOST)
    for (_, *name), sums in told.interfaces(window):
        key = (name[0], name[1], name[2])
        rows[key] = _interface(key, sums, window.seconds, inflight[key])
    for (_, rule, resource, reason), sums in told.sums(RULE, window):
        row: Object = {"rule": rule, "reason": reason}
        row |= {
            "rejected": per_second(sums.rejected, window.seconds),
            "simulated": per_second(sums.simulated, window.seconds),
        }
        _row_of(rows, resource)["rules"].append(row)
    return [rows[key] for key in sorted(rows)]


def _row_of(rows: dict[tuple[str, str, str], Object], resource: str) -> Object:
    """Return the row that a rule's figures stand in: rules do not tell lanes apart."""
    own = sorted(key for key in rows if key[0] == resource)
    if own:
        return rows[own[0]]
    key = (resource, SERVER, "")
    return rows.setdefault(key, _interface(key, NOTHING, 0.0, 0))


def _interface(key: tuple[str, str, str], sums: Sums, seconds: float, inflight: int) -> Object:
    quantiles = {f"p{share}": took(sums.rt, share / 100) for share in (50, 95, 99)}
    return {
        "name": key[0],
        "side": key[1],
        "lane": key[2],
        **counted(sums, seconds),
        "rt": {**quantiles, "mean": mean(sums)},
        "inflight": inflight,
        "rules": [],
    }


def _end(edge: Edge, end: str) -> Object:
    plain = edge.shown()
    other = edge.caller if end == "from" else edge.callee
    return {"namespace": other[0], "app": other[1], **plain}


def _runtime(found: Sequence[Runtime]) -> Object | None:
    """Return the figures of an instance's processes, None where no process has told any."""
    if not found:
        return None
    plains = [asdict(one) for one in found]
    return {name: _together(name, [plain[name] for plain in plains]) for name in plains[0]}


def _together(name: str, values: Sequence[Any]) -> Any:
    if isinstance(values[0], tuple | list):
        return [sum(one) for one in zip(*values, strict=True)]
    return max(values) if name in _LATEST else sum(values)
