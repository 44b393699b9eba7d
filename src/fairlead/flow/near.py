"""Which of several places a call goes to, by who is healthy there, as Envoy works it out.

By nearness: a place keeps all calls until more than two of seven of its instances are left out,
and then as many as 1.4 times the others' part of them; what it cannot take goes to the next one. By
shares: it keeps its share until then, and all divide what it cannot take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import gcd

from fairlead.policy.endpoint import Endpoint
from fairlead.policy.locality import Caller, LocalityRule, Place, priorities, shares

ENOUGH = 1.4
"""Envoy's overprovisioning factor."""

Endpoints = tuple[Endpoint, ...]
Out = Callable[[str], bool]
"""Tells whether an address is left out."""


class Near:
    """The endpoints of one side, place by place."""

    def __init__(self, parts: Sequence[Endpoints], weights: Sequence[int] = ()) -> None:
        """Take `parts` by nearness, or each with its weight."""
        self.parts = tuple(parts)
        self._weights = tuple(weights)
        self._turns = tuple(_turns(self._weights))

    @property
    def shared(self) -> bool:
        """Whether parts have weights: each gets its turns."""
        return bool(self._turns)

    def order(self, turn: int) -> tuple[Endpoints, ...]:
        """Return the parts in the order to try them, where nobody is left out."""
        turns = self._turns
        return _led(self.parts, turns[turn % len(turns)]) if turns else self.parts

    def healthy(self, out: Out, chance: float) -> tuple[Endpoints, ...]:
        """Return the parts in the order to try them, without who is left out.

        `chance`, below 1, decides which is the first where that is not always the same.
        """
        well = [tuple(one for one in part if not out(one.address)) for part in self.parts]
        health = [
            min(1.0, ENOUGH * len(one) / len(whole))
            for one, whole in zip(well, self.parts, strict=True)
        ]
        if self._weights:
            weights = [one * share for one, share in zip(self._weights, health, strict=True)]
            left = chance * sum(weights)
        else:
            weights = health
            left = chance * min(1.0, sum(weights))
        for at, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return tuple(filter(None, _led(well, at)))
        return tuple(filter(None, well))


def near(
    side: Endpoints, rule: LocalityRule, caller: Caller, *, strict: bool = False
) -> Near | None:
    """Return `side` place by place, None where all of it is one.

    Where nobody of it is in a place that is to get calls, that is nobody if it is `strict`, and
    else all: a lane comes before a place.
    """
    places = [Place.read(one.zone) for one in side]
    if rule.distribute:
        sizes = {place: places.count(place) for place in places}
        weights = shares(rule, caller, sizes)
        if weights is None or (not weights and not strict):
            return None
        parts = [_where(side, places, place) for place in weights]
        return None if parts == [side] else Near(parts, tuple(weights.values()))
    found = zip((one.address for one in side), places, strict=True)
    ranks = priorities(rule, caller, list(found))
    last = max(ranks, default=0)
    return Near([_where(side, ranks, rank) for rank in range(last + 1)]) if last else None


def _where(side: Endpoints, found: Sequence[object], wanted: object) -> Endpoints:
    return tuple(one for one, each in zip(side, found, strict=True) if each == wanted)


def _led(parts: Sequence[Endpoints], at: int) -> tuple[Endpoints, ...]:
    """Return `parts` with one of them first."""
    return (parts[at], *parts[:at], *parts[at + 1 :])


def _turns(weights: Sequence[int]) -> Iterator[int]:
    """Yield who is next by weights, evenly: as often as they say, once all have been taken."""
    common = gcd(*weights)
    owed = [0] * len(weights)
    whole = sum(weights)
    for _ in range(whole // common if common else 0):
        owed = [one + weight for one, weight in zip(owed, weights, strict=True)]
        at = owed.index(max(owed))
        owed[at] -= whole
        yield at
