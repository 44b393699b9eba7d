"""What of rules about calls can be enforced: one that cannot keeps no other from being so."""

from __future__ import annotations

from dataclasses import replace

from fairlead.policy import balance
from fairlead.policy.balance import Cluster
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.routing.checks import problem
from fairlead.policy.routing.table import Route


def sound(calls: Calls, refused: list[str]) -> Calls:
    """Return `calls` without what cannot be enforced, which is added to `refused`, with reasons.

    Of an object with a bad route none is used, or its calls would be those of a later route; a bad
    cluster keeps its instances, which are called as if nothing were said of how.
    """
    return replace(calls, callees=tuple(_sound(one, refused) for one in calls.callees))


def _sound(one: CalleeRules, refused: list[str]) -> CalleeRules:
    where = f"calls: {one.app}.{one.namespace}"
    bad: set[str] = set()
    for route in one.routes:
        if found := problem(route):
            refused.append(f"{where}: {route.name}: {found}")
            bad.add(_object(route))
    routes = tuple(route for route in one.routes if _object(route) not in bad)
    clusters = tuple(_kept(cluster, where, refused) for cluster in one.clusters)
    return replace(one, routes=routes, clusters=clusters)


def _object(route: Route) -> str:
    return route.name.partition(" ")[0]


def _kept(cluster: Cluster, where: str, refused: list[str]) -> Cluster:
    found = balance.problem(cluster)
    if found is None:
        return cluster
    refused.append(f"{where}: {cluster.rule}: {found}")
    return Cluster(subset=cluster.subset, addresses=cluster.addresses)
