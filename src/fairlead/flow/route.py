"""Where a call may go: the endpoints of its lane, then base; never a lane for base traffic.

For a lane that has shadows in the callee's namespace, only endpoints that are fit for them: the
others could write its rows to base (contract 12). Who that is, is found once per snapshot.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from fairlead.flow.call import Call, Unfit
from fairlead.flow.warmup import Warming
from fairlead.policy.endpoint import HTTP, Endpoint, Service
from fairlead.policy.locality import Caller, Place
from fairlead.policy.resource import OUTBOUND
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import BASE, Workload

MOST_ORDERS = 64
"""Orders of one service's endpoints that are made once; more of them are made for each call."""

Endpoints = tuple[Endpoint, ...]


class Pool:
    """The endpoints that may serve one lane of a service: `first`, and then `base`."""

    __slots__ = ("base", "first", "orders", "unfit")

    def __init__(self, first: Endpoints, base: Endpoints, unfit: Unfit = ()) -> None:
        self.first, self.base = first, base
        self.unfit = unfit
        """Endpoints that are left out."""
        self.orders: list[list[Endpoint]] | None = None
        """Every order to try them in, made at first use; empty where those are too many to keep."""

    def prepare(self) -> list[list[Endpoint]]:
        """Make the orders."""
        turns = max(1, len(self.first)) * max(1, len(self.base))
        self.orders = [self.order(turn) for turn in range(turns)] if turns <= MOST_ORDERS else []
        return self.orders

    def order(self, turn: int) -> list[Endpoint]:
        """Return the endpoints in the order of one turn."""
        behind = turn // len(self.first) if self.first else turn
        return _rotated(self.first, turn) + _rotated(self.base, behind)


class MixedPool(Pool):
    """One in which some endpoints are new: it makes no orders until all of them are warm."""

    __slots__ = ("_dice", "_warming")

    def __init__(self, pool: Pool, warming: Warming, dice: Callable[[], float]) -> None:
        super().__init__(pool.first, pool.base, pool.unfit)
        self._warming, self._dice = warming, dice

    def prepare(self) -> list[list[Endpoint]]:
        """Make the orders when there is nobody to be spared any more."""
        return [] if self._warming.among(self.first or self.base) else super().prepare()

    def order(self, turn: int) -> list[Endpoint]:
        """Return the endpoints in the order of one turn; a new one passes some of its turns on."""
        order = super().order(turn)
        share = self._warming.share
        size = len(self.first) or len(self.base)
        if self.orders is not None or share(order[0]) > self._dice():
            return order
        # To one after the other, or the neighbour would get them all.
        warm = [endpoint for endpoint in order[:size] if share(endpoint) >= 1.0]
        if not warm:
            return order
        chosen = warm[turn // size % len(warm)]
        return [chosen, *(endpoint for endpoint in order if endpoint is not chosen)]


Pools = dict[str, Pool]
"""By lane; a lane that is not in it is served as base is."""


class Callee(NamedTuple):
    """One app that can be called, as the workload that calls sees it."""

    pools: Pools
    resource: str
    """``call:APP``, or ``call:APP.NAMESPACE`` in another namespace, however it is called."""
    caller: str
    """What the workload is to the callee: ``APP``, or ``APP.NAMESPACE`` in another namespace."""
    has_grpc: bool
    """Whether a call of gRPC may be for it: not where all of its endpoints speak HTTP."""
    by: Caller
    """Who the workload is to rules about places."""


class Routes:
    """Who can be called by name from one workload, compiled from its snapshot.

    A host is known as ``app`` in the workload's own namespace and as ``app.namespace`` anywhere;
    letters' case does not matter, as in any host name.
    """

    subset = ""
    """All instances of an app (`flow.failover.Order`)."""

    def __init__(
        self,
        snapshot: Snapshot,
        turn: int = 0,
        *,
        warming: Warming | None = None,
        dice: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Take turns from `turn` on, so that callers that start together do not march in step.

        Who is `warming` passes turns on, by throws of `dice`.
        """
        self._turns = count(turn)
        self.callees: dict[str, Callee] = {}
        """Who can be called, by host in lower case."""
        by = _caller(snapshot.workload)
        for service in snapshot.services:
            pools = _pools(service)
            if warming is not None:
                pools = {lane: _spared(pool, warming, dice) for lane, pool in pools.items()}
            callee = _callee(service, pools, snapshot.workload, by)
            self.callees[_full_name(service)] = callee
            if service.host is not None:
                self.callees[service.host] = callee
        # Names of the own namespace are entered last: an app may be called like another's
        # "app.namespace", and the short name is the one its neighbours mean.
        for service in snapshot.services:
            if service.namespace == snapshot.workload.namespace and service.host is None:
                self.callees[service.app.lower()] = self.callees[_full_name(service)]

    def __contains__(self, host: str) -> bool:
        """Tell whether `host`, in lower case, is known."""
        return host in self.callees

    def __bool__(self) -> bool:
        return bool(self.callees)

    def has_grpc(self, host: str) -> bool:
        """Tell whether `host` is an app whose address may be one of gRPC.

        Of an app that serves both, HTTP's is known: its gRPC is left to DNS.
        """
        callee = self.callees.get(host)
        return callee is not None and callee.has_grpc

    def call(self, host: str, method: str, lane: str) -> Call:
        """Return the call of a `host` that is known, which may have changed a moment ago."""
        callee = self.callees.get(host)
        if callee is None:
            return Call(host, method, lane)
        return Call(host, method, lane, callee.resource, callee.caller)

    def candidates(self, call: Call) -> list[Endpoint]:
        """Return the endpoints to try, the lane's in turn, then base's; the list is shared."""
        callee = self.callees.get(call.host)
        if callee is None:
            return []
        pools = callee.pools
        # A lane without instances is base here: labels come from the network, and must not pile up.
        pool = pools.get(call.lane) or pools[BASE]
        orders = pool.orders
        if orders is None:
            orders = pool.prepare()
        turn = next(self._turns)
        return orders[turn % len(orders)] if orders else pool.order(turn)

    def unfit(self, call: Call) -> Unfit:
        """Return the endpoints that a call is not sent to for what its lane has in shadow."""
        callee = self.callees.get(call.host)
        pool = callee.pools.get(call.lane) if callee else None
        return pool.unfit if pool else ()


def _full_name(service: Service) -> str:
    return f"{service.app}.{service.namespace}".lower()


def _caller(own: Workload) -> Caller:
    place = Place.read(own.zone)
    return Caller(place, (*own.labels, ("app", own.app), *place.labels))


def _callee(service: Service, pools: Pools, own: Workload, by: Caller) -> Callee:
    has_grpc = not service.endpoints or any(one.protocol != HTTP for one in service.endpoints)
    if service.host is not None:
        # Who calls is nothing that somebody outside the mesh has to know.
        return Callee(pools, OUTBOUND + service.host, "", has_grpc, by)
    if service.namespace == own.namespace:
        return Callee(pools, OUTBOUND + service.app.lower(), own.app, has_grpc, by)
    caller = f"{own.app}.{own.namespace}" if own.app else ""
    return Callee(pools, OUTBOUND + _full_name(service), caller, has_grpc, by)


def _pools(service: Service) -> Pools:
    by_lane: dict[str, list[Endpoint]] = {}
    for endpoint in service.endpoints:
        by_lane.setdefault(endpoint.lane, []).append(endpoint)
    base = tuple(by_lane.pop(BASE, ()))
    pools = {lane: Pool(tuple(first), base) for lane, first in by_lane.items()}
    pools[BASE] = Pool((), base)
    for lane in {*service.shadow_table_lanes, *service.shadow_database_lanes}:
        pools[lane] = shadow_pool(service, lane, tuple(by_lane.get(lane, ())), base)
    return pools


def _spared(pool: Pool, warming: Warming, dice: Callable[[], float]) -> Pool:
    return MixedPool(pool, warming, dice) if warming.among(pool.first or pool.base) else pool


def shadow_pool(service: Service, lane: str, first: Endpoints, base: Endpoints) -> Pool:
    """Return who of a lane, and then of base, is fit for what the lane has in shadow.

    The others could write its rows to base (contract 12).
    """
    tables, databases = lane in service.shadow_table_lanes, lane in service.shadow_database_lanes
    why = {
        endpoint.address: reason
        for endpoint in (*first, *base)
        if (reason := _reason(endpoint, tables=tables, databases=databases))
    }
    return Pool(
        tuple(endpoint for endpoint in first if endpoint.address not in why),
        tuple(endpoint for endpoint in base if endpoint.address not in why),
        tuple(why.items()),
    )


def _reason(endpoint: Endpoint, *, tables: bool, databases: bool) -> str | None:
    if tables and endpoint.unfit_for_shadow_tables:
        return endpoint.unfit_for_shadow_tables
    return endpoint.unfit_for_shadow_databases if databases else None


def _rotated(endpoints: Endpoints, turn: int) -> list[Endpoint]:
    if len(endpoints) < 2:
        return list(endpoints)
    start = turn % len(endpoints)
    return [*endpoints[start:], *endpoints[:start]]
