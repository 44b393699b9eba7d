"""What of rules about calls can be enforced: one that cannot keeps no other from being so."""

from __future__ import annotations

from dataclasses import replace

from fairlead.policy import balance, resilience
from fairlead.policy.balance import Cluster
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.match import InvalidCondition, compile_all
from fairlead.policy.resilience import CallRoute


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
        if found := _problem(route):
            refused.append(f"{where}: {route.rule}: {found}")
            bad.add(_object(route))
    routes = tuple(route for route in one.routes if _object(route) not in bad)
    clusters = tuple(_kept(cluster, where, refused) for cluster in one.clusters)
    return replace(one, routes=routes, clusters=clusters)


def _object(route: CallRoute) -> str:
    return route.rule.partition(" ")[0]


def _problem(route: CallRoute) -> str:
    if found := resilience.problem(route):
        return found
    for match in route.matches:
        try:
            compile_all(match)
        except InvalidCondition as error:
            return str(error)
    return ""


def _kept(cluster: Cluster, where: str, refused: list[str]) -> Cluster:
    found = balance.problem(cluster)
    if found is None:
        return cluster
    refused.append(f"{where}: {cluster.rule}: {found}")
    return Cluster(subset=cluster.subset, addresses=cluster.addresses)
