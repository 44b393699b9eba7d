"""Choose the instance that a call is sent to, among those that its lane and its subset allow.

The lane comes first (contract 12): what is chosen among is what lanes and shadows leave, then the
subset, and then places. Who is left out for its failures, and who has just failed this call, is
chosen where there is nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain, count

from fairlead.flow.call import Call, Unfit
from fairlead.flow.hashing import Table, maglev, place, ring
from fairlead.flow.near import Near, near
from fairlead.flow.outlier import Hosts
from fairlead.flow.patience import Patience
from fairlead.flow.route import Pools
from fairlead.policy.balance import (
    COOKIE,
    HEADER,
    LEAST_REQUEST,
    MAGLEV,
    PRIME,
    QUERY,
    RANDOM,
    RING,
    RING_HASH,
    Cluster,
    Warmup,
    by_place,
)
from fairlead.policy.endpoint import Endpoint
from fairlead.policy.locality import Caller
from fairlead.policy.workload import BASE

SPARE = 2
"""Instances that are tried after the chosen one, of each side."""

GRAINS = 9973
"""Parts that keys are told apart by where places share what one of them cannot take."""

Endpoints = tuple[Endpoint, ...]
Dice = Callable[[], float]
Share = Callable[[Endpoint], float]


class Standing:
    """What one cluster keeps over snapshots: its instances, turns and tables."""

    def __init__(self, clock: Callable[[], float], dice: Dice) -> None:
        self.hosts = Hosts(clock)
        self.turns = count(int(dice() * 1_000_000))
        self.places = count(int(dice() * 1_000_000))
        """Turns of places that have shares."""
        self.tables: dict[tuple[str, int, tuple[str, ...]], Table] = {}
        self.patience = Patience()
        self.salt = str(dice())
        """What stands for the address that this process calls from."""


class Choice:
    """Who may be called of one cluster, in the order in which to try them."""

    def __init__(
        self,
        pools: Pools,
        cluster: Cluster,
        caller: Caller,
        standing: Standing,
        share: Share,
        dice: Dice,
    ) -> None:
        """`share` says how much of an equal share an instance is to get, as it says itself."""
        self._standing, self._share, self._dice = standing, share, dice
        balance = self._balance = cluster.balance
        self.subset = cluster.subset
        self._warmup = balance.warmup
        addresses = None if cluster.addresses is None else frozenset(cluster.addresses)
        self._pools = {
            lane: (_within(pool.first, addresses), _within(pool.base, addresses), pool.unfit)
            for lane, pool in pools.items()
        }
        self._near = {lane: found for lane, found in self._placed(cluster, caller) if any(found)}
        self._hashed = balance.algorithm in (RING_HASH, MAGLEV)
        # By what the endpoints are rather than by what is in them, of which there is much.
        self._tables: dict[int, tuple[Endpoints, Table]] = {}
        for side, table in self._made() if self._hashed else ():
            self._tables[id(side)] = side, table
        self._warms = balance.algorithm not in (RING_HASH, MAGLEV, RANDOM) and (
            balance.warmup is not None or any(one.warmup for one in self._every())
        )

    def addresses(self) -> list[str]:
        """Return the addresses of its instances."""
        return list(dict.fromkeys(endpoint.address for endpoint in self._every()))

    def serves(self, lane: str) -> bool:
        """Tell whether there is an instance for a lane."""
        first, base, _ = self._pools.get(lane) or self._pools[BASE]
        return bool(first or base)

    def candidates(self, call: Call) -> list[Endpoint]:
        """Return the endpoints to try: the chosen one, others of its lane, then base's."""
        if self._near:
            lane = call.lane if call.lane in self._pools else BASE
            if lane in self._near:
                return self._by_place(lane, call)
        first, base, _ = self._pools.get(call.lane) or self._pools[BASE]
        sides = [first, base] if first else [base]
        if self._standing.hosts.look():
            sides = self._healthy(sides)
        if not sides or not sides[0]:
            return []
        order = self._ordered(sides[0], call)
        for side in sides[1:]:
            order += self._some(side)
        return order

    def _placed(
        self, cluster: Cluster, caller: Caller
    ) -> Iterator[tuple[str, tuple[Near | None, Near | None]]]:
        """Yield by lane where its own instances are, and those of base; None for in one place."""
        rule = by_place(cluster)
        if rule is None:
            return
        known: dict[tuple[int, bool], Near | None] = {}  # most lanes have the same base

        def placed(side: Endpoints, *, strict: bool) -> Near | None:
            key = id(side), strict
            if key not in known:
                known[key] = near(side, rule, caller, strict=strict)
            return known[key]

        for lane, (first, base, _) in self._pools.items():
            yield lane, (placed(first, strict=False), placed(base, strict=lane == BASE))

    def _by_place(self, lane: str, call: Call) -> list[Endpoint]:
        """Return the endpoints to try, of the lane and then of base, place by place."""
        hosts = self._standing.hosts
        ill = hosts.look()
        sides = list(zip(self._pools[lane][:2], self._near[lane], strict=True))
        groups = [one for pair in sides for one in self._groups(*pair, call, ill=ill) if one]
        for side, known in sides if ill else ():
            parts = known.parts if known else (side,)
            groups += filter(None, (_only(part, hosts.out) for part in parts))
        if not groups:
            return []
        if call.tried:
            groups = _untried_first(groups, call.tried)
        order = self._ordered(groups[0], call)
        # One more of the same place, and then others: a place fails as a whole.
        others = [one for group in groups[1:] for one in self._some(group)]
        return [*order[:2], *others, *order[2:]]

    def _groups(
        self, side: Endpoints, known: Near | None, call: Call, *, ill: bool
    ) -> tuple[Endpoints, ...]:
        """Return who of a side is well, place by place."""
        out = self._standing.hosts.out
        if known is None:
            return (_without(side, out) if ill else side,)
        key = self._key(call) if self._hashed else None
        if ill:
            chance = self._dice() if key is None else place(key) % GRAINS / GRAINS
            return known.healthy(out, chance)
        turn = 0
        if known.shared:
            turn = next(self._standing.places) if key is None else place(key)
        return known.order(turn)

    def unfit(self, call: Call) -> Unfit:
        """Return the endpoints that a call is not sent to for what its lane has in shadow."""
        pool = self._pools.get(call.lane)
        return pool[2] if pool else ()

    def _every(self) -> Iterator[Endpoint]:
        for first, base, _ in self._pools.values():
            yield from first
            yield from base

    def _made(self) -> Iterator[tuple[Endpoints, Table]]:
        """Yield the tables, those of the last snapshot where nobody came or went."""
        kept, kind = self._standing.tables, self._balance.algorithm
        size = self._balance.size or (RING if kind == RING_HASH else PRIME)
        self._standing.tables = {}
        for lane, (first, base, _) in self._pools.items():
            whole = zip((first, base), self._near.get(lane, (None, None)), strict=True)
            parts = (one.parts if one else (side,) for side, one in whole)
            for side in filter(None, chain.from_iterable(parts)):
                names = tuple(endpoint.address for endpoint in side)
                key = kind, size, names
                table = kept.get(key) or self._standing.tables.get(key)
                if table is None:
                    table = (ring if kind == RING_HASH else maglev)(names, size)
                self._standing.tables[key] = table
                yield side, table

    def _healthy(self, sides: Sequence[Endpoints]) -> list[Endpoints]:
        """Return `sides` without whom is left out; they are the last resort."""
        out = self._standing.hosts.out
        well = [_without(side, out) for side in sides]
        ill = tuple(one for side in sides for one in _only(side, out))
        return [side for side in (*well, ill) if side]

    def _ordered(self, side: Endpoints, call: Call) -> list[Endpoint]:
        if self._hashed:
            key = self._key(call)
            if key is not None:
                return self._led(side, key)
        if call.tried:
            fresh = tuple(one for one in side if one.address not in call.tried)
            side = fresh or side
        chosen = self._chosen(side)
        return [side[chosen], *_behind(side, chosen)]

    def _led(self, side: Endpoints, key: str) -> list[Endpoint]:
        """Return where `key` leads: the healthy ones of its way, if some are left out."""
        where = place(key)
        known = self._tables.get(id(side))
        if known is not None:
            return [side[position] for position in known[1](where)]
        for whole, table in self._tables.values():
            found = [whole[position] for position in table(where) if whole[position] in side]
            if found:
                return found
        chosen = where % len(side)
        return [side[chosen], *_behind(side, chosen)]

    def _key(self, call: Call) -> str | None:
        key, name, facts = self._balance.key, self._balance.name, call.facts
        if key not in (HEADER, COOKIE, QUERY):
            return self._standing.salt
        value = None if facts is None else facts.value(key, name)
        return None if value is None else str(value)

    def _chosen(self, side: Endpoints) -> int:
        size = len(side)
        if size == 1:
            return 0
        chosen = self._pick(side, size)
        if self._warms and self._new(side[chosen]) < 1.0:
            warm = [at for at, one in enumerate(side) if self._new(one) >= 1.0]
            if warm and self._new(side[chosen]) <= self._dice():
                return warm[int(self._dice() * len(warm))]
        return chosen

    def _pick(self, side: Endpoints, size: int) -> int:
        algorithm = self._balance.algorithm
        if algorithm == LEAST_REQUEST:
            # Two different ones with one throw: the second is moved past the first.
            one, other = divmod(int(self._dice() * (size * (size - 1))), size - 1)
            other += other >= one
            known = self._standing.hosts.known
            left, right = known.get(side[one].address), known.get(side[other].address)
            busier = left is not None and right is not None and left.active > right.active
            return other if busier else one
        if algorithm in (RANDOM, RING_HASH, MAGLEV):
            return int(self._dice() * size)
        return next(self._standing.turns) % size

    def _some(self, side: Endpoints) -> list[Endpoint]:
        if len(side) <= SPARE + 1:
            return list(side)
        chosen = int(self._dice() * len(side))
        return [side[chosen], *_behind(side, chosen)]

    def _new(self, endpoint: Endpoint) -> float:
        """Return how much of an equal share an endpoint is to get."""
        share = self._share(endpoint)
        host = self._standing.hosts.known.get(endpoint.address)
        if self._warmup is None or host is None:
            return share
        age = self._standing.hosts.clock() - host.since
        return min(share, _grown(self._warmup, age))


def _within(endpoints: Endpoints, addresses: frozenset[str] | None) -> Endpoints:
    if addresses is None:
        return endpoints
    return tuple(endpoint for endpoint in endpoints if endpoint.address in addresses)


def _without(side: Endpoints, out: Callable[[str], bool]) -> Endpoints:
    return tuple(one for one in side if not out(one.address))


def _only(side: Endpoints, out: Callable[[str], bool]) -> Endpoints:
    return tuple(one for one in side if out(one.address))


def _untried_first(groups: list[Endpoints], tried: Collection[str]) -> list[Endpoints]:
    """Return `groups` with the first one whose instances have not all failed the call in front.

    It is one of the same lane: who repeats does not leave it.
    """
    lane = groups[0][0].lane
    fresh = (
        at
        for at, group in enumerate(groups)
        if group[0].lane == lane and any(one.address not in tried for one in group)
    )
    at = next(fresh, 0)
    return [groups[at], *groups[:at], *groups[at + 1 :]]


def _behind(side: Endpoints, chosen: int) -> list[Endpoint]:
    size = len(side)
    return [side[(chosen + turn) % size] for turn in range(1, min(SPARE + 1, size))]


def _grown(warmup: Warmup, age: float) -> float:
    if age >= warmup.duration:
        return 1.0
    part = max(0.0, age / warmup.duration)
    return max(warmup.least / 100, float(part ** (1 / warmup.aggression)))
