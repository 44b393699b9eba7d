"""All rules about the calls that a workload makes by app names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fairlead.policy import balance
from fairlead.policy.balance import Cluster
from fairlead.policy.routing.checks import problem
from fairlead.policy.routing.table import Route

DOMAIN = "svc.cluster.local"
"""What full names of apps end in: ``APP.NAMESPACE.svc.cluster.local``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalleeRules:
    """What holds for calls of one app."""

    namespace: str
    app: str
    host: str = ""
    """Its full name, as clusters of routes have it."""
    routes: tuple[Route, ...] = ()
    """The first one that matches counts; where none does, calls are answered with 404. Without any,
    calls are only sent."""
    clusters: tuple[Cluster, ...] = ()
    """The one without a name is every instance; routes name the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Rules about calls, by app. That there are any at all, says that deadlines are passed on."""

    callees: tuple[CalleeRules, ...] = ()

    def problems(self) -> Iterator[str]:
        """Yield what cannot be enforced."""
        seen: set[tuple[str, str]] = set()
        for one in self.callees:
            where = f"{one.app}.{one.namespace}"
            if (one.namespace, one.app) in seen:
                yield f"{where}: listed twice"
            seen.add((one.namespace, one.app))
            subsets = [cluster.subset for cluster in one.clusters]
            if len(set(subsets)) != len(subsets):
                yield f"{where}: a subset is listed twice"
            for cluster in one.clusters:
                if (found := balance.problem(cluster)) is not None:
                    yield f"{where}: {cluster.rule}: {found}"
            for route in one.routes:
                if (found := problem(route)) is not None:
                    yield f"{where}: {route.name}: {found}"
