"""Instances where they belong: as endpoints of services, and fit for a lane's shadows or not.

A call is held against the shadows of the callee's namespace: they are what the callee's agent is to
enforce. Shadows of the caller's say nothing about another namespace's writes, whoever is called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fairlead.compiler.finding import INSTANCES_EXCLUDED, LANE_NOT_SEEN, Finding
from fairlead.compiler.instance import Instance
from fairlead.compiler.labels import Pairs
from fairlead.compiler.membership import Membership
from fairlead.compiler.select import Rules, finding, reference
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.locality import Place
from fairlead.policy.workload import BASE

NAMED = 5
"""Instances that a message names; of the rest it says how many there are."""

_NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Placed:
    """An instance, and where it belongs."""

    instance: Instance
    membership: Membership

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place.of(self.instance.zone, self.membership.labels)

    @property
    def said(self) -> tuple[Place, Pairs]:
        """Where it is, and its labels with its app."""
        return self.place, (*self.membership.labels, ("app", self.instance.app))


def services(
    placed: Iterable[Placed], apps: set[tuple[str, str]], rules: Mapping[str, Rules]
) -> Iterator[Service]:
    """Yield what can be called: `apps`, and the instances among `placed` that get traffic."""
    endpoints: dict[tuple[str, str], dict[str, Endpoint]] = {app: {} for app in apps}
    for one in placed:
        # A workload in conflict would serve one lane's requests as the other's.
        if one.membership.conflict is None:
            i = one.instance
            endpoint = _endpoint(one, rules.get(i.namespace, _NO_RULES))
            endpoints[(i.namespace, i.app)].setdefault(i.address, endpoint)
    for (namespace, app), found in sorted(endpoints.items()):
        shadows = rules.get(namespace, _NO_RULES).shadows
        yield Service(
            namespace=namespace,
            app=app,
            endpoints=tuple(found.values()),
            shadow_table_lanes=shadows.table_lanes,
            shadow_database_lanes=shadows.database_lanes,
        )


def _endpoint(placed: Placed, rules: Rules) -> Endpoint:
    instance, shadows = placed.instance, rules.shadows
    # Where no lane has shadows of a sort nobody asks, and snapshots are the smaller for it.
    return Endpoint(
        address=instance.address,
        lane=placed.membership.lane,
        zone=str(placed.place),
        unfit_for_shadow_tables=(instance.unfit_for_tables or None) if shadows.tables else None,
        unfit_for_shadow_databases=(
            (instance.unfit_for_databases or None) if shadows.databases else None
        ),
        warmup=instance.warmup or None,
        protocol=instance.protocol or None,
    )


def shadow_findings(rules: Rules, placed: Sequence[Placed]) -> Iterator[Finding]:
    """Yield what the authors of shadows should know about lanes and instances.

    `placed` are the instances of the namespace that the rules are of.
    """
    shadows = rules.shadows
    lanes: defaultdict[str, set[str]] = defaultdict(set)
    for shadow in shadows.tables:
        lanes[shadow.rule].add(shadow.lane)
    for one in shadows.databases:
        lanes[one.rule].add(one.lane)
    known = {lane.name for lane in rules.lanes} | {one.membership.lane for one in placed}
    for_tables = {lane: _excluded(lane, placed, _for_tables) for lane in shadows.table_lanes}
    for_databases = {
        lane: _excluded(lane, placed, _for_databases) for lane in shadows.database_lanes
    }
    for part in rules.parts:
        for lane in sorted(lanes.get(reference(part), ())):
            if lane not in known:
                message = f"no rule and no instance of this namespace is of the lane {lane}"
                yield finding(part, LANE_NOT_SEEN, "NoRuleNamesIt", message)
            unfit = (for_tables if part.shadow_tables else for_databases)[lane]
            if unfit:
                message = f"get no calls of lane {lane}: {_named(unfit)}"
                excluded = tuple((f"{app} ({address})", why) for app, address, why in unfit)
                found = finding(part, INSTANCES_EXCLUDED, "Unfit", message)
                yield replace(found, excluded=excluded)


def _for_tables(instance: Instance) -> str:
    return instance.unfit_for_tables


def _for_databases(instance: Instance) -> str:
    return instance.unfit_for_databases


Unfit = list[tuple[str, str, str]]
"""Apps and addresses, each with the reason."""


def _excluded(lane: str, placed: Iterable[Placed], why: Callable[[Instance], str]) -> Unfit:
    """Return the instances that could serve a lane and are not fit for it."""
    return [
        (one.instance.app, one.instance.address, why(one.instance))
        for one in placed
        if one.membership.lane in (BASE, lane) and not one.membership.conflict and why(one.instance)
    ]


def _named(unfit: Unfit) -> str:
    names = ", ".join(f"{app} {address} ({why})" for app, address, why in unfit[:NAMED])
    return f"{names} and {len(unfit) - NAMED} more" if len(unfit) > NAMED else names
