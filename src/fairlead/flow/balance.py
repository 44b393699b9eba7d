"""Choose the instance that a call is sent to, among those that its lane and its subset allow.

The lane comes first (contract 12): what is chosen among is what lanes and shadows leave. Who is
left out for its failures, and who has just failed this call, is chosen where there is nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from fairlead.flow.call import Call, Unfit
from fairlead.flow.hashing import Table, maglev, place, ring
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
    Balance,
    Warmup,
)
from fairlead.policy.endpoint import Endpoint
from fairlead.policy.workload import BASE

SPARE = 2
"""Instances that are tried after the chosen one, of each side."""

Endpoints = tuple[Endpoint, ...]
Dice = Callable[[], float]
Share = Callable[[Endpoint], float]


class Standing:
    """What one cluster keeps over snapshots: its instances, turns and tables."""

    def __init__(self, clock: Callable[[], float], dice: Dice) -> None:
        self.hosts = Hosts(clock)
        self.turns = count(int(dice() * 1_000_000))
        self.tables: dict[tuple[str, int, tuple[str, ...]], Table] = {}
        self.patience = Patience()
        self.salt = str(dice())
        """What stands for the address that this process calls from."""


class Choice:
    """Who may be called of one cluster, in the order in which to try them."""

    def __init__(
        self,
        pools: Pools,
        addresses: frozenset[str] | None,
        balance: Balance,
        standing: Standing,
        share: Share,
        dice: Dice,
    ) -> None:
        """`share` says how much of an equal share an instance is to get, as it says itself."""
        self._standing, self._share, self._dice = standing, share, dice
        self._balance, self._warmup = balance, balance.warmup
        self._pools = {
            lane: (_within(pool.first, addresses), _within(pool.base, addresses), pool.unfit)
            for lane, pool in pools.items()
        }
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
        for first, base, _ in self._pools.values():
            for side in filter(None, (first, base)):
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
        well = [tuple(one for one in side if not out(one.address)) for side in sides]
        ill = tuple(one for side in sides for one in side if out(one.address))
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


def _behind(side: Endpoints, chosen: int) -> list[Endpoint]:
    size = len(side)
    return [side[(chosen + turn) % size] for turn in range(1, min(SPARE + 1, size))]


def _grown(warmup: Warmup, age: float) -> float:
    if age >= warmup.duration:
        return 1.0
    part = max(0.0, age / warmup.duration)
    return max(warmup.least / 100, float(part ** (1 / warmup.aggression)))
