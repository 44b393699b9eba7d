"""DestinationRules by which no instance can ever be left out, with as many as there are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil

from fairlead.compiler.analyze.called import called_by
from fairlead.compiler.instance import Instance
from fairlead.compiler.labels import Pairs, satisfied
from fairlead.compiler.part import Part
from fairlead.kinds.violation import Loc
from fairlead.policy.balance import Cluster, Outlier


def never_ejected(part: Part, instances: Iterable[Instance]) -> Iterator[tuple[Loc, str]]:
    """Yield where `part` says that failing instances are left out and none can be, and why not.

    One instance is a share of all: of three a third, and with 10 % none may be left out.
    """
    if part.calling is None or not part.calling.destination:
        return
    mine = called_by(part.calling, part.resource.namespace, instances)
    told: set[Loc] = set()
    for one in part.calling.instances:
        cluster, labels, rule = one.cluster, one.labels, one.cluster.outlier
        if rule is None or not _judges(rule):
            continue
        loc = _loc(part, cluster)
        for (_, app), count in sorted(_sizes(mine, labels).items()):
            if rule.most_ejected * count < 100 and loc not in told:
                told.add(loc)
                yield loc, _said(app, cluster, count, rule)


def _judges(rule: Outlier) -> bool:
    limits = (
        rule.consecutive_5xx,
        rule.consecutive_gateway_errors,
        rule.consecutive_local_failures,
    )
    return any(limits)


def _sizes(instances: Iterable[Instance], labels: Pairs | None) -> Counter[tuple[str, str]]:
    return Counter(
        (one.namespace, one.app)
        for one in instances
        if labels is None or satisfied(labels, one.app, one.labels)
    )


def _said(app: str, cluster: Cluster, count: int, rule: Outlier) -> str:
    of = f"subset {cluster.subset} of {app}" if cluster.subset else app
    there = f"{of} has {count} instance{'s' if count > 1 else ''}"
    if count == 1:
        return f"{there}: one that fails is left out with maxEjectionPercent 100 only"
    return (
        f"{there}, of which maxEjectionPercent {rule.most_ejected:g} lets none be left out; "
        f"{ceil(100 / count)} lets one"
    )


def _loc(part: Part, cluster: Cluster) -> Loc:
    """Return the field that says so: a subset without a block of its own has that of all."""
    plain = part.resource.plain.get("spec", {})
    for place, subset in enumerate(plain.get("subsets") or ()):
        own = (subset.get("trafficPolicy") or {}).get("outlierDetection")
        if subset.get("name") == cluster.subset and own:
            return ("spec", "subsets", place, "trafficPolicy", "outlierDetection")
    return ("spec", "trafficPolicy", "outlierDetection")
