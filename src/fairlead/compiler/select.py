"""Which resources concern a workload, and which of them wins (contract 11).

Order of precedence: TrafficLane before TrafficLabelRule, then the lowest name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fairlead.compiler.finding import (
    APP_AMBIGUOUS,
    BAGGAGE_KEY_OVERRIDDEN,
    OVERRIDDEN,
    Finding,
)
from fairlead.compiler.guards import Guards
from fairlead.compiler.overlap import may_both_match
from fairlead.compiler.part import Part
from fairlead.compiler.passes import PASSES
from fairlead.compiler.shadows import Settled, settle
from fairlead.kinds import Resource
from fairlead.kinds.binding import disagreement
from fairlead.policy.lane import DEFAULT_KEY, Entry, Lane

PRECEDENCE = "TrafficLane comes before TrafficLabelRule, then the lowest name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one namespace, in order of precedence."""

    parts: tuple[Part, ...] = ()
    lanes: tuple[Lane, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """By app."""
    shadows: Settled = Settled()
    guards: Guards = field(default_factory=Guards)
    by_name: Mapping[tuple[str, str], Part] = field(default_factory=dict)
    """By kind and name of the object."""


def rules_by_namespace(resources: Iterable[Resource[Any]]) -> dict[str, Rules]:
    """Compile every resource, and settle between those of one namespace."""
    parts: dict[str, list[tuple[int, str, Part]]] = {}
    order = {kind.called: (place, run) for place, (kind, run) in enumerate(PASSES)}
    for resource in resources:
        place, run = order[resource.kind.called]
        ranked = (place, resource.name, run(resource))
        parts.setdefault(resource.namespace, []).append(ranked)
    return {
        namespace: _rules(tuple(part for *_, part in sorted(found, key=lambda r: r[:2])))
        for namespace, found in parts.items()
    }


def reference(part: Part) -> str:
    """Name a resource as colourings and findings do: ``TrafficLane/lane-blue``."""
    return f"{part.resource.kind.called}/{part.resource.name}"


def finding(part: Part, kind: str, reason: str, message: str, status: str = "True") -> Finding:
    """Return the finding of type `kind` about the resource of `part`."""
    resource = part.resource
    return Finding(
        kind=resource.kind.called,
        namespace=resource.namespace,
        name=resource.name,
        type=kind,
        status=status,
        reason=reason,
        message=message,
    )


def losers(rules: Rules) -> Iterator[Finding]:
    """Yield a finding for every resource that another one of the namespace overrides."""
    for part in rules.parts:
        named = disagreement(part.resource) if part.app or part.guard else None
        if named:
            message = f"binds to app {named[0]} of its label, not to {named[1]} of its selector"
            yield finding(part, APP_AMBIGUOUS, "LabelWins", message)
    yield from _overridden(rules.parts)
    yield from _rekeyed(rules)
    yield from (finding(*remark) for remark in rules.shadows.remarks)


def _rules(parts: tuple[Part, ...]) -> Rules:
    keys: dict[str, str] = {}
    for part in parts:
        if part.lane and not keys.get(part.lane):
            keys[part.lane] = part.key
    lanes = tuple(Lane(name=name, key=key or DEFAULT_KEY) for name, key in sorted(keys.items()))
    colourings: dict[str, list[Part]] = {}
    for part in parts:
        if part.app:
            colourings.setdefault(part.app, []).append(part)
    entries = {
        app: Entry(colourings=tuple(part.colouring for part in found if part.colouring))
        for app, found in colourings.items()
    }
    return Rules(
        parts=parts,
        lanes=lanes,
        entries=entries,
        shadows=settle(parts),
        guards=Guards(parts),
        by_name={(part.resource.kind.called, part.resource.name): part for part in parts},
    )


def _overridden(parts: tuple[Part, ...]) -> Iterator[Finding]:
    earlier: dict[str, list[Part]] = {}
    for part in parts:
        if part.colouring is None:
            continue
        rivals = earlier.setdefault(part.app, [])
        winner = next((rival for rival in rivals if _takes_from(rival, part)), None)
        if winner is not None:
            message = (
                f"requests that {reference(winner)} matches too go to its lane "
                f"{winner.lane}: {PRECEDENCE}"
            )
            yield finding(part, OVERRIDDEN, "PrecedenceLost", message)
        rivals.append(part)


def _takes_from(rival: Part, part: Part) -> bool:
    if rival.colouring is None or part.colouring is None or rival.lane == part.lane:
        return False
    return may_both_match(rival.colouring.conditions, part.colouring.conditions)


def _rekeyed(rules: Rules) -> Iterator[Finding]:
    keys = {lane.name: lane.key for lane in rules.lanes}
    for part in rules.parts:
        if part.key and part.key != keys[part.lane]:
            message = (
                f"lane {part.lane} travels under {keys[part.lane]}, which an earlier TrafficLane "
                f"names, not under {part.key}"
            )
            yield finding(part, BAGGAGE_KEY_OVERRIDDEN, "PrecedenceLost", message)
