"""Where a call may go: the endpoints of its lane, then base; never a lane for base traffic."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from fairlead.flow.call import Call
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import BASE

MOST_ORDERS = 64
"""Orders of one service's endpoints that are made once; more of them are made for each call."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One service's endpoints by lane."""

    app: str
    by_lane: dict[str, tuple[Endpoint, ...]]
    orders: dict[str, list[list[Endpoint]]]
    """By lane, every order to try its endpoints in; empty where those are too many to keep."""


class Routes:
    """Who can be called by name from one workload, compiled from its snapshot.

    A host is known as ``app`` in the workload's own namespace and as ``app.namespace`` anywhere;
    letters' case does not matter, as in any host name.
    """

    def __init__(self, snapshot: Snapshot, turn: int = 0) -> None:
        """Take turns from `turn` on, so that callers that start together do not march in step."""
        self._turns = count(turn)
        self._destinations: dict[str, Destination] = {}
        for service in snapshot.services:
            destination = Destination(service.app, _by_lane(service), {})
            self._destinations[_full_name(service)] = destination
        # Names of the own namespace are entered last: an app may be called like another's
        # "app.namespace", and the short name is the one its neighbours mean.
        for service in snapshot.services:
            if service.namespace == snapshot.workload.namespace:
                full = self._destinations[_full_name(service)]
                self._destinations[service.app.lower()] = full

    def __contains__(self, host: str) -> bool:
        """Tell whether `host`, in lower case, is known."""
        return host in self._destinations

    def __bool__(self) -> bool:
        return bool(self._destinations)

    def candidates(self, call: Call) -> list[Endpoint]:
        """Return the endpoints to try, the lane's in turn, then base's; the list is shared."""
        destination = self._destinations.get(call.host)
        if destination is None:
            return []
        # A lane without instances is base here: labels come from the network, and must not pile up.
        lane = call.lane if call.lane in destination.by_lane else BASE
        orders = destination.orders.get(lane)
        if orders is None:
            orders = destination.orders[lane] = _orders(destination.by_lane, lane)
        turn = next(self._turns)
        if orders:
            return orders[turn % len(orders)]
        return _order(destination.by_lane, lane, turn)


def _full_name(service: Service) -> str:
    return f"{service.app}.{service.namespace}".lower()


def _orders(by_lane: dict[str, tuple[Endpoint, ...]], lane: str) -> list[list[Endpoint]]:
    turns = max(1, len(by_lane.get(BASE, ())))
    if lane != BASE:
        turns *= len(by_lane[lane])
    return [_order(by_lane, lane, turn) for turn in range(turns)] if turns <= MOST_ORDERS else []


def _order(by_lane: dict[str, tuple[Endpoint, ...]], lane: str, turn: int) -> list[Endpoint]:
    base = by_lane.get(BASE, ())
    if lane == BASE:
        return _rotated(base, turn)
    first = by_lane[lane]
    return _rotated(first, turn) + _rotated(base, turn // len(first))


def _rotated(endpoints: tuple[Endpoint, ...], turn: int) -> list[Endpoint]:
    if len(endpoints) < 2:
        return list(endpoints)
    start = turn % len(endpoints)
    return [*endpoints[start:], *endpoints[:start]]


def _by_lane(service: Service) -> dict[str, tuple[Endpoint, ...]]:
    lanes: dict[str, list[Endpoint]] = {}
    for endpoint in service.endpoints:
        lanes.setdefault(endpoint.lane, []).append(endpoint)
    return {lane: tuple(endpoints) for lane, endpoints in lanes.items()}
