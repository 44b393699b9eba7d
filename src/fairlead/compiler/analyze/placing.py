"""DestinationRules that give calls to places where nobody is, of the instances there are now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fairlead.compiler.analyze.called import called_by
from fairlead.compiler.instance import Instance
from fairlead.compiler.labels import satisfied
from fairlead.compiler.part import Part
from fairlead.kinds.violation import Loc
from fairlead.policy.locality import Place

Apps = dict[str, list[Place]]
"""Where the instances of apps are."""


def nobody_there(part: Part, instances: Iterable[Instance]) -> Iterator[tuple[Loc, str]]:
    """Yield where `part` shares calls with a place that has no instance, and what comes of it."""
    if part.calling is None or not part.calling.destination:
        return
    mine = called_by(part.calling, part.resource.namespace, instances)
    told: set[str] = set()
    for called in part.calling.instances:
        rule = called.cluster.locality
        if rule is None or not rule.enabled or not rule.distribute:
            continue
        apps: Apps = {}
        for one in mine:
            if called.labels is None or satisfied(called.labels, one.app, one.labels):
                apps.setdefault(one.app, []).append(Place.of(one.zone, one.labels))
        subset = f"subset {called.cluster.subset} of " if called.cluster.subset else ""
        for app, places in sorted(apps.items()):
            for each in rule.distribute:
                message = _said(subset + app, each.source, each.to, places)
                if message and message not in told:
                    told.add(message)
                    yield _loc(part, called.cluster.subset), message


def _said(app: str, source: str, to: Iterable[tuple[str, int]], places: list[Place]) -> str:
    to = list(to)
    empty = [one for one, _ in to if not any(place.within(one) for place in places)]
    if not empty:
        return ""
    what = "calls from there fail" if len(empty) == len(to) else "others get its share"
    return f"from {source}: no instance of {app} is in {' or '.join(empty)}: {what}"


def _loc(part: Part, subset: str) -> Loc:
    """Return the field that says so: a subset without a block of its own has that of all."""
    end = ("trafficPolicy", "loadBalancer", "localityLbSetting", "distribute")
    plain = part.resource.plain.get("spec", {})
    for at, one in enumerate(plain.get("subsets") or ()):
        if one.get("name") == subset and (one.get("trafficPolicy") or {}).get("loadBalancer"):
            return ("spec", "subsets", at, *end)
    return ("spec", *end)
