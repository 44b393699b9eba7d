"""Instances of a cluster place by place, as whoever calls is to have them.

They have Istio's priorities and weights, for Envoy and gRPC; agents work the same out for
themselves (flow/near.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from fairlead.policy.balance import Cluster, by_place
from fairlead.policy.locality import Caller, LocalityRule, Place, priorities, shares
from fairlead.policy.mesh import Endpoint, Locality

Member = tuple[Endpoint, Place]


def localities(
    members: Iterable[Member], cluster: Cluster, caller: Caller, *, strict: bool
) -> tuple[tuple[Locality, ...], bool]:
    """Return the places of instances, and whether their weights are shares.

    Where nobody is in a place that is to get calls, that is nobody if it is `strict`, and else all.
    """
    found, rule = list(members), by_place(cluster)
    if rule is None:
        return _grouped(found, [0] * len(found)), False
    if not rule.distribute:
        ends = [(one.address, place) for one, place in found]
        return _grouped(found, priorities(rule, caller, ends)), False
    return _shared(_grouped(found, [0] * len(found)), rule, caller, strict=strict)


def _shared(
    known: tuple[Locality, ...], rule: LocalityRule, caller: Caller, *, strict: bool
) -> tuple[tuple[Locality, ...], bool]:
    sizes = {_place(one): one.weight for one in known}
    weights = shares(rule, caller, sizes)
    if weights is None or (not weights and not strict):
        return known, False
    kept = (one for one in known if _place(one) in weights)
    return tuple(replace(one, weight=weights[_place(one)]) for one in kept), True


def _place(one: Locality) -> Place:
    return Place(one.region, one.zone, one.sub_zone)


def _grouped(members: Iterable[Member], ranks: Iterable[int]) -> tuple[Locality, ...]:
    groups: Mapping[tuple[int, Place], list[Endpoint]] = defaultdict(list)
    for (one, place), rank in zip(members, ranks, strict=True):
        groups[rank, place].append(one)
    return tuple(
        Locality(
            region=place.region,
            zone=place.zone,
            sub_zone=place.sub_zone,
            weight=sum(one.weight for one in found),
            priority=rank,
            endpoints=tuple(found),
        )
        for (rank, place), found in sorted(groups.items())
    )
