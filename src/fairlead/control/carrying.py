"""Who carries gateways and routes out: what data planes that speak xDS have, and what they refuse.

Pure: from what is known of each stream to the conditions `Enforced` and `Programmed`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from fairlead.compiler.compile import World
from fairlead.compiler.finding import ENFORCED, PER_PROCESS
from fairlead.compiler.gateways.standing import PROGRAMMED, ListenerState, Standing, Verdict
from fairlead.compiler.istio.hosts import full_name
from fairlead.control.condition import Condition
from fairlead.control.limits import unsaid
from fairlead.control.mesh import OUTBOUND
from fairlead.control.sidecars import Sidecar

NAMED = 5
"""Data planes that a message names."""
LONGEST = 300
"""Characters of a reason, which a peer has written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A data plane."""

    node: str
    namespace: str
    asked: frozenset[str]
    """Tables that it asks for."""
    has: frozenset[str]
    """Those that it has as they are now."""
    refused: tuple[str, ...] = ()
    """Reasons that it gives."""
    sidecar: Sidecar | None = None
    """Of an Envoy beside an application."""


@dataclass(frozen=True, slots=True)
class _Beside:
    """What sidecars make of a rule about calls that come in."""

    apps: set[str] = field(default_factory=set)
    problems: set[str] = field(default_factory=set)


class Carried:
    """What of a World is carried out."""

    def __init__(self, world: World, carriers: Iterable[Carrier]) -> None:
        self._world, self._carriers = world, tuple(carriers)

    def condition(self, key: tuple[str, str, str], found: Condition) -> Condition:
        """Return a condition of an object (kind, namespace, name) with what data planes say."""
        kind, namespace, name = key
        beside = self._beside.get((namespace, f"{kind}/{name}"))
        if beside is not None and found.type == ENFORCED:
            return _by_sidecars(found, beside)
        if found.reason == PER_PROCESS:
            return self._by_agents(key, found)
        if found.type not in (ENFORCED, PROGRAMMED) or found.status == "True":
            return found
        gateways, services = self._world.tables(*key)
        if found.type == PROGRAMMED:
            return self._programmed(gateways, found)
        there = [*self._having(gateways), *self._callers(services)]
        refused = [*self._refusing(gateways), *self._callers_refusing(services)]
        if refused:
            message = f"refused by {_some(refused)}"
            message += f"; {found.message}" if services else ""
            return replace(found, status="False", reason="Refused", message=message)
        if not there:
            return found
        said = f"carried out by {_some(there)}"
        if services:
            return replace(found, message=f"{said}; {found.message}")
        lacking = [one for one in gateways if not self._having([one])]
        if lacking:
            message = f"{said}; no gateway serves {_some(lacking)}"
            return replace(found, status="False", reason="Partly", message=message)
        return replace(found, status="True", reason="Carried", message=said)

    def _by_agents(self, key: tuple[str, str, str], found: Condition) -> Condition:
        """Return what agents enforce with what data planes say of it."""
        apps = [full_name(one) for one in self._world.callings.reached.get(key, ())]
        gateways, attached = self._world.tables(*key)
        services = [*((app, "") for app in apps), *attached]
        refused = [*self._refusing(gateways), *self._callers_refusing(services)]
        # Who refuses a cluster has its routes: the cluster's name is in the reason.
        refused += [
            f"{one.node}: {reason[:LONGEST]}"
            for one in self._carriers
            for reason in one.refused
            if any(f"|{app}" in reason for app in apps)
        ]
        if refused:
            message = f"refused by {_some(refused)}; {found.message}"
            return replace(found, status="False", reason="Refused", message=message)
        there = [*self._having(gateways), *self._callers(services)]
        return replace(found, message=f"{found.message}; {_also(there)}") if there else found

    @cached_property
    def _beside(self) -> dict[tuple[str, str], _Beside]:
        """Return what sidecars make of rules and strategies, by namespace and ``Kind/name``."""
        found: dict[tuple[str, str], _Beside] = defaultdict(_Beside)
        for namespace, app, labels, lane in {
            (one.namespace, one.sidecar.app, one.sidecar.labels, one.sidecar.lane)
            for one in self._carriers
            if one.sidecar is not None and one.sidecar.inbound
        }:
            for rule, why in unsaid(self._world.unsealed(namespace, app, labels, lane)):
                for name in {rule.rule, rule.strategy}:
                    found[namespace, name].apps.add(app)
                    if why:
                        found[namespace, name].problems.add(f"{rule.strategy}: {why}")
        return dict(found)

    def standing(self, namespace: str, name: str, found: Standing) -> Standing:
        """Return how a gateway stands, each listener by the data planes that have its port."""
        if not found.listeners or not self._carriers:
            return found
        listeners = tuple(self._listener(namespace, name, one) for one in found.listeners)
        return replace(found, listeners=listeners)

    def _listener(self, namespace: str, name: str, one: ListenerState) -> ListenerState:
        tables = [
            served.table.name
            for served in self._world.served
            if (served.namespace, served.gateway) == (namespace, name)
            and one.name in (listener[0] for listener in served.listeners)
        ]
        verdicts = tuple(
            self._verdict(tables, each) if each.type == PROGRAMMED else each
            for each in one.verdicts
        )
        return replace(one, verdicts=verdicts)

    def _verdict(self, tables: Iterable[str], found: Verdict) -> Verdict:
        plain = Condition(
            type=found.type, status=found.status, reason=found.reason, message=found.message
        )
        told = self._programmed(tuple(tables), plain)
        return replace(found, status=told.status, reason=told.reason, message=told.message)

    def _programmed(self, tables: tuple[str, ...], found: Condition) -> Condition:
        refused = self._refusing(tables)
        if refused:
            message = f"refused by {_some(refused)}"
            return replace(found, status="False", reason="Invalid", message=message)
        there = [self._having([one]) for one in tables]
        if not tables or not all(there):
            return found
        message = f"served by {_some([node for one in there for node in one])}"
        return replace(found, status="True", reason=PROGRAMMED, message=message)

    def _having(self, tables: Iterable[str]) -> list[str]:
        wanted = set(tables)
        return [one.node for one in self._carriers if one.has & wanted]

    def _refusing(self, tables: Iterable[str]) -> list[str]:
        wanted = set(tables)
        return [
            f"{one.node}: {reason[:LONGEST]}"
            for one in self._carriers
            for reason in one.refused
            # A listener that is refused asks for no table; its name is in the reason.
            if one.asked & (lacking := wanted - one.has) or any(name in reason for name in lacking)
        ]

    def _callers(self, services: Iterable[tuple[str, str]]) -> Iterator[str]:
        for one in self._carriers:
            if one.has & _tables_of(one, services):
                yield one.node

    def _callers_refusing(self, services: Iterable[tuple[str, str]]) -> Iterator[str]:
        for one in self._carriers:
            wanted = _tables_of(one, services)
            if one.refused and one.asked & wanted and not one.has & wanted:
                yield f"{one.node}: {one.refused[0][:LONGEST]}"


def _by_sidecars(found: Condition, beside: _Beside) -> Condition:
    whose = f"sidecars of {_some(sorted(beside.apps))}"
    if not beside.problems:
        said = f"{whose} enforce it, each for itself: N instances let N times a limit pass"
        return replace(found, message=f"{found.message}; {said}")
    message = f"{found.message}; {whose} do not enforce all of it: {_some(sorted(beside.problems))}"
    reason = found.reason if found.status == "False" else "SidecarCannot"
    return replace(found, status="False", reason=reason, message=message)


def _tables_of(one: Carrier, services: Iterable[tuple[str, str]]) -> set[str]:
    """Return the tables that a caller has the routes of services in."""
    found = {name for name, callers in services if callers in ("", one.namespace)}
    return found | {OUTBOUND} if found else found


def _also(names: list[str]) -> str:
    return f"data planes of xDS have it: {_some(names)}"


def _some(names: list[str]) -> str:
    names = sorted(set(names))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
