"""Which lane a workload is on (contract 1)."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.compiler.labels import TAG, Pairs, pairs, satisfied
from fairlead.compiler.part import Part
from fairlead.compiler.select import Rules, reference
from fairlead.policy.workload import BASE, lane_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A workload's lane, ``""`` for base, and all its labels in order.

    With a `conflict`, which says what contradicts what, the workload is refused: it is on no lane
    and gets no traffic. `causes` are the resources that contradict each other.
    """

    lane: str = BASE
    conflict: str | None = None
    labels: Pairs = ()
    causes: tuple[Part, ...] = ()


def membership(rules: Rules, app: str, labels: Pairs, lane: str | None) -> Membership:
    """Return the membership of a workload of `app` with its own `labels`.

    `lane` is the one it names itself, None for none; it decides. Otherwise its tags do, as far as
    a rule names them as lanes, and the lanes whose workload selector it satisfies.
    """
    own = pairs(labels)
    # Rules select by a workload's own labels: given ones must not depend on each other's order.
    given = {
        (TAG, label)
        for part in rules.parts
        if part.labelling and part.labelling.app in ("", app)
        if satisfied(part.labelling.selector, app, own)
        for label in part.labelling.labels
    }
    carried = pairs((*own, *given))
    if lane is not None:
        return _named(lane, carried)
    found = _lanes(rules, app, carried)
    if len(found) > 1:
        return Membership(
            conflict=_conflict(found),
            labels=carried,
            causes=tuple(part for parts in found.values() for part in parts),
        )
    return Membership(lane=next(iter(found), BASE), labels=carried)


def _named(lane: str, labels: Pairs) -> Membership:
    name = lane_name(lane)
    if name is None:
        return Membership(conflict=f"{lane!r} can name no lane", labels=labels)
    return Membership(lane=name, labels=labels)


def _lanes(rules: Rules, app: str, labels: Pairs) -> dict[str, list[Part]]:
    """Return the lanes that `labels` put a workload on, each with the resources that say so."""
    found: dict[str, list[Part]] = {}
    for part in rules.parts:
        tagged = (TAG, part.lane) in labels
        selected = bool(part.workloads) and satisfied(part.workloads, app, labels)
        if part.lane and (tagged or selected):
            found.setdefault(part.lane, []).append(part)
    return dict(sorted(found.items()))


def _conflict(found: dict[str, list[Part]]) -> str:
    lanes = (f"{lane} ({', '.join(map(reference, parts))})" for lane, parts in found.items())
    return f"is on several lanes: {' and '.join(lanes)}; leave one label, or set FAIRLEAD_LANE"
