"""Where instances are, and what it says about who is called: Istio's localityLbSetting.

Distances, wildcards and shares are as Istio works them out for the endpoints that it gives Envoy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
SUBZONE = "topology.istio.io/subzone"
"""Labels that say where a workload is, where it does not say so itself."""
ANY = "*"
DISTANCES = 5
"""Here, this zone, this region, another region, and one that is not failed over to."""

Labels = tuple[tuple[str, str], ...]


class Place(NamedTuple):
    """Where something is; ``""`` for what nobody has said."""

    region: str = ""
    zone: str = ""
    sub_zone: str = ""

    @classmethod
    def read(cls, text: str) -> Place:
        """Return what ``zone``, ``region/zone`` or ``region/zone/subzone`` spells."""
        parts = text.split("/")
        return cls(*parts[:3]) if len(parts) > 1 else cls(zone=text)

    @classmethod
    def of(cls, told: str, labels: Iterable[tuple[str, str]]) -> Place:
        """Return where a workload is: what it tells first, what it leaves out by its labels."""
        found, known = cls.read(told), dict(labels)
        return cls(
            found.region or known.get(REGION, ""),
            found.zone or known.get(ZONE, ""),
            found.sub_zone or known.get(SUBZONE, ""),
        )

    def __str__(self) -> str:
        if not (self.region or self.sub_zone):
            return self.zone
        return "/".join(self if self.sub_zone else self[:2])

    @property
    def labels(self) -> Labels:
        """The labels that say the same."""
        pairs = zip((REGION, ZONE, SUBZONE), self, strict=True)
        return tuple((key, value) for key, value in pairs if value)

    def within(self, pattern: str) -> bool:
        """Tell whether it is in ``region/zone/subzone``; what is left out or ``*`` is any."""
        region, zone, sub_zone = (*pattern.split("/"), ANY, ANY)[:3]
        return (
            region in (ANY, self.region)
            and zone in (ANY, "", self.zone)
            and sub_zone in (ANY, "", self.sub_zone)
        )

    def distance(self, other: Place) -> int:
        """Return how far another place is: 0, and 3 for another region."""
        same = (self.region == other.region, self.zone == other.zone, self == other)
        return next((3 - at for at, one in enumerate(same) if not one), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Where calls from some places go."""

    source: str
    """Places, as `Place.within` reads them."""
    to: tuple[tuple[str, int], ...]
    """Places and percents; others get nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalityRule:
    """What it says about who is called where instances are.

    Of several, whoever is nearer gets calls as long as enough there are healthy; this needs to be
    known, so that without outlier detection only `distribute` counts.
    """

    enabled: bool = True
    distribute: tuple[Distribution, ...] = ()
    """The first that is for the caller counts. With any, nobody is nearer."""
    failover: tuple[tuple[str, str], ...] = ()
    """By region, the one that comes before other ones."""
    labels: tuple[str, ...] = ()
    """``key`` or ``key=value``: whoever has the first of them as the caller has, or that value, is
    nearer, then the second as well, and so on; distances count only with `failover` then."""
    carried: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By address, what instances have of `labels`."""


USUAL = LocalityRule()


class Caller(NamedTuple):
    """Who calls."""

    place: Place = Place()
    labels: Labels = ()
    """Its app and its place among them."""


def keys(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of `LocalityRule.labels`."""
    return tuple(label.partition("=")[0] for label in labels)


def values(
    labels: Iterable[str], place: Place, found: Iterable[tuple[str, str]]
) -> tuple[str, ...]:
    """Return what an instance with labels has of `LocalityRule.labels`, ``""`` for nothing."""
    known = dict((*found, *place.labels))
    return tuple(known.get(key, "") for key in keys(labels))


def priorities(
    rule: LocalityRule, caller: Caller, instances: Sequence[tuple[str, Place]]
) -> list[int]:
    """Return how near instances are, given by address and place: from 0 on without gaps."""
    wanted, known = _wanted(rule, caller), dict(rule.carried)
    ranks = [_rank(rule, caller, place, _match(wanted, known.get(one))) for one, place in instances]
    order = {rank: at for at, rank in enumerate(sorted(set(ranks)))}
    return [order[rank] for rank in ranks]


def shares(
    rule: LocalityRule, caller: Caller, instances: Mapping[Place, int]
) -> dict[Place, int] | None:
    """Return the weights of places, given with the weight of who is there; others get nothing.

    None where nobody has said anything for this caller.
    """
    said = next((one for one in rule.distribute if caller.place.within(one.source)), None)
    if said is None:
        return None
    found: dict[Place, int] = {}
    for pattern, percent in said.to:
        meant = [one for one in instances if one not in found and one.within(pattern)]
        whole = sum(instances[one] for one in meant)
        # A place that several share is shared by the weight of who is there.
        found |= {one: ceil(instances[one] * percent / whole) for one in meant if whole}
    return found


def _wanted(rule: LocalityRule, caller: Caller) -> tuple[str, ...]:
    known = dict(caller.labels)
    split = (label.partition("=") for label in rule.labels)
    return tuple(value if equals else known.get(key, "") for key, equals, value in split)


def _match(wanted: tuple[str, ...], has: tuple[str, ...] | None) -> int:
    """Return how many labels in front are not as they are wanted: 0 for none of them."""
    pairs = zip(wanted, has or ("",) * len(wanted), strict=False)
    return next((len(wanted) - at for at, (one, other) in enumerate(pairs) if one != other), 0)


def _rank(rule: LocalityRule, caller: Caller, place: Place, matched: int) -> int:
    if rule.labels and not rule.failover:
        return matched
    distance = caller.place.distance(place)
    to = next((to for source, to in rule.failover if source == caller.place.region), None)
    far = distance == 3 and to is not None and place.region != to
    return matched * DISTANCES + distance + far


def problem(rule: LocalityRule) -> str | None:
    """Return why `rule` cannot be kept: a sender's fault, as the kinds refuse all of it."""
    for one in rule.distribute:
        if not all(0 < percent <= 100 for _, percent in one.to):
            return "no share of a place"
    width = len(rule.labels)
    if not all(len(values) == width for _, values in rule.carried):
        return "labels of instances are not those that are asked"
    return None
