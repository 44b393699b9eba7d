"""Tables of routes, as an Envoy RouteConfiguration holds them.

Clusters are names. Where we make tables ourselves they are Istio's: ``outbound|80|v2|HOST``, with
the host's full name, ``APP.NAMESPACE.svc.cluster.local``.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy.resilience import Injection, Retry
from fairlead.policy.routing.action import NO_CHANGES, Action, Cors, HeaderChanges
from fairlead.policy.routing.match import EVERYTHING, RouteMatch

SEPARATORS = 3
"""Bars in the name of a cluster that we make; one of another form is nobody's."""

NO_TLS, EXTERNAL_ONLY, ALL = "", "external-only", "all"
"""Who is sent to https instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What becomes of requests that match."""

    name: str = ""
    """Where we make it, its rule and place: ``VirtualService/shop/orders http[0]``."""
    match: RouteMatch = EVERYTHING
    action: Action
    timeout: float | None = None
    """Seconds until the answer has to be there; 0: no end; None: the data plane's own (15 in
    Envoy)."""
    idle_timeout: float | None = None
    grpc_timeout: float | None = None
    """Seconds that a gRPC client's own time may be at most; 0: as long as it says; None: it does
    not count."""
    retry: Retry | None = None
    injection: Injection | None = None
    changes: HeaderChanges = NO_CHANGES
    cors: Cors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualHost:
    """Routes of some hosts, of which the first that matches counts."""

    name: str
    domains: tuple[str, ...]
    """``orders``, ``*.shop``, ``orders.*``, ``*``. Of all in a table that match: one that is equal,
    then the longest ``*.x``, then the longest ``x.*``, then ``*``. Case does not matter."""
    routes: tuple[Route, ...] = ()
    require_tls: str = NO_TLS
    retry: Retry | None = None
    """Of routes that have none."""
    changes: HeaderChanges = NO_CHANGES
    cors: Cors | None = None
    virtual_clusters: tuple[tuple[str, RouteMatch], ...] = ()
    """Names for statistics, by what they are of."""
    attempt_count: bool = False
    """Whether a request says which attempt it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """All hosts of a listener, or of a client."""

    name: str = ""
    hosts: tuple[VirtualHost, ...] = ()
    changes: HeaderChanges = NO_CHANGES
    most_specific_wins: bool = False
    """Whether what a route sets comes after what its host and the table set, or before.

    What a weighted cluster sets comes before all of them, either way.
    """
    ignore_port: bool = False
    """Whether the port of the authority is left out where hosts are looked for."""
    ignore_parameters: bool = False
    """Whether ``;parameters`` of each part of a path are left out where paths are matched."""
