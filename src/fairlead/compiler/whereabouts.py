"""Who may serve a call on a lane, as a caller's agent would choose: told, not decided, here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fairlead.flow.call import Call
from fairlead.flow.route import Routes
from fairlead.policy.endpoint import Service
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import BASE, Workload


def hops(snapshot: Snapshot, lane: str) -> Iterator[dict[str, Any]]:
    """Yield, for every service a workload knows, where a call on `lane` goes."""
    routes = Routes(snapshot)
    for service in snapshot.services:
        yield hop(routes, service, snapshot.workload, lane)


def hop(routes: Routes, service: Service, own: Workload, lane: str) -> dict[str, Any]:
    """Return where a call of a service by a workload goes.

    `endpoints` are tried in turn and `fallback` after them, where a connection is refused; `side`
    says whether the first are the lane's, base's, or there are none. `excluded` are those that are
    not fit for the lane's shadows, each with the reason. `host` is the name to call, `self` true of
    the workload's own app. `seen` is false of an app that is known and has no instance now.
    """
    neighbour = service.namespace == own.namespace
    host = service.app if neighbour else f"{service.app}.{service.namespace}"
    call = Call(host=host.lower(), lane=lane, method="GET")
    found = routes.candidates(call)
    first = found[0].lane if found else None
    serving = [endpoint.address for endpoint in found if endpoint.lane == first]
    behind = [endpoint.address for endpoint in found if endpoint.lane != first]
    side = "none" if first is None else "base" if first == BASE else "lane"
    return {
        "host": host,
        "self": neighbour and service.app == own.app,
        "seen": bool(service.endpoints),
        "side": side,
        "lane": first or BASE,
        "endpoints": sorted(serving),
        "fallback": sorted(behind),
        "excluded": [{"address": where, "why": why} for where, why in routes.unfit(call)],
    }
