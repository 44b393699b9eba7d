"""What the Envoy beside one instance is given for itself: where it listens, and for whom.

Everything else it has in common with the sidecars of its namespace (control/mesh.py). The clusters
that it names, of its application and of hosts outside, are in its bootstrap (cli/bootstrap).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fairlead.compiler.compile import World
from fairlead.compiler.labels import Pairs
from fairlead.control.colouring import Entrance
from fairlead.control.limits import FILTERS, extensions
from fairlead.policy.lane import DEFAULT_KEY, LEGACY_KEYS
from fairlead.policy.mesh import INBOUND, OUTBOUND, Filter, Listener, Mesh
from fairlead.policy.routing.action import (
    APPEND,
    Answer,
    Forward,
    HeaderChanges,
    HeaderValue,
    Weighted,
)
from fairlead.policy.routing.match import REGEX, HeaderMatch, RouteMatch, TextMatch
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost
from fairlead.policy.snapshot import Snapshot

APPLICATION = "inbound"
"""Cluster of the application that a sidecar is beside."""
OUTSIDE = "PassthroughCluster"
"""Cluster of hosts that the mesh does not know, in Istio's words: they are looked up."""
NOWHERE = "block_all"
"""Host of calls that are refused, in Istio's words."""
CAPTURE = "127.0.0.1:15001"
"""Where a sidecar takes the calls of its application, where it says nothing else."""
_FILTERS = "type.googleapis.com/envoy.extensions.filters.http."
LOOK_UP = Filter(
    name="envoy.filters.http.dynamic_forward_proxy",
    type_url=f"{_FILTERS}dynamic_forward_proxy.v3.FilterConfig",
    content='{"dns_cache_config":{"name":"outside","dns_lookup_family":"V4_PREFERRED"}}',
)
"""The same cache as in the bootstrap."""
ON_DEMAND = Filter(
    name="envoy.filters.http.on_demand",
    type_url=f"{_FILTERS}on_demand.v3.OnDemand",
    content='{"odcds":{"source":{"ads":{},"resource_api_version":"V3"},"timeout":"5s"}}',
)
"""A call waits until the cluster that its route names has arrived, where it was not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """An Envoy, by what it says of itself and of the instance that it is beside."""

    app: str = ""
    lane: str | None = None
    """None leaves it to the labels."""
    labels: Pairs = ()
    capture: str = CAPTURE
    """``host:port`` where it takes the calls of its application."""
    inbound: str = ""
    """``host:port`` where it takes calls for its application; ``""`` where it takes none."""
    access_log: str = ""
    """Path of the file where it writes requests."""


def outside() -> VirtualHost:
    """Return the host of a table whose other hosts are those of the mesh."""
    route = Route(name="outside", action=_to(OUTSIDE), timeout=0)
    return VirtualHost(name=OUTSIDE, domains=("*",), routes=(route,))


def nowhere() -> VirtualHost:
    """Return the same where calls of hosts that nobody knows are refused, as Istio does."""
    route = Route(name="nowhere", action=Answer(status=502), timeout=0)
    return VirtualHost(name=NOWHERE, domains=("*",), routes=(route,))


def beside(world: World, namespace: str, sidecar: Sidecar, *, pruned: bool = False) -> Mesh:
    """Return what only this sidecar is given; one that is `pruned` asks for what it lacks."""
    calls = Listener(
        name=OUTBOUND,
        table=OUTBOUND,
        address=sidecar.capture,
        filters=(ON_DEMAND, LOOK_UP) if pruned else (LOOK_UP,),
        access_log=sidecar.access_log,
    )
    if not sidecar.inbound:
        return Mesh(listeners=(calls,))
    snapshot = world.unsealed(namespace, sidecar.app, sidecar.labels, sidecar.lane)
    strip = (Entrance(snapshot).strip(),) if snapshot.entry else ()
    called = Listener(
        name=INBOUND,
        table=INBOUND,
        routes=_inbound(snapshot),
        address=sidecar.inbound,
        direction=INBOUND,
        filters=(*strip, *FILTERS),
        access_log=sidecar.access_log,
    )
    return Mesh(listeners=(calls, called), extensions=extensions(snapshot))


def _inbound(snapshot: Snapshot) -> RouteTable:
    """Return the table of calls for the application.

    What carries no label takes the lane of the instance (contract 8).
    """
    route = Route(name=APPLICATION, action=_to(APPLICATION), timeout=0)
    routes, lane = [route], snapshot.workload.lane
    if snapshot.entry:
        host = VirtualHost(name=APPLICATION, domains=("*",), routes=(route,))
        table = RouteTable(name=INBOUND, hosts=(host,))
        return Entrance(snapshot).table(table, lambda action, lane: action)
    if lane:
        keys = {one.name: one.key for one in snapshot.lanes}
        labelled = RouteMatch(headers=(_member({*keys.values(), *LEGACY_KEYS}),))
        label = f"{keys.get(lane, DEFAULT_KEY)}={lane}"
        own = HeaderValue(name="baggage", value=label, how=APPEND)
        routes = [
            Route(name="labelled", match=labelled, action=route.action, timeout=0),
            Route(
                name="unlabelled",
                action=route.action,
                timeout=0,
                changes=HeaderChanges(request_set=(own,)),
            ),
        ]
    host = VirtualHost(name=APPLICATION, domains=("*",), routes=tuple(routes))
    return RouteTable(name=INBOUND, hosts=(host,))


def _member(keys: Iterable[str]) -> HeaderMatch:
    """Return a test whether a baggage has a member of one of `keys`."""
    known = "|".join(sorted({re.escape(key.lower()) for key in keys}))
    expression = rf"(?i)(?:.*,)?[ \t]*(?:{known})[ \t]*=.*"
    return HeaderMatch(name="baggage", text=TextMatch(kind=REGEX, value=expression))


def _to(cluster: str) -> Forward:
    return Forward(clusters=(Weighted(cluster=cluster),))
