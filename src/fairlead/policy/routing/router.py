"""Decides what becomes of a request, by a RouteTable, as Envoy would.

A table is compiled once; a decision looks at few routes, however many there are (index.py). Two
steps: `Router.route` finds the route and the cluster, and `Decision.sent` and `Decision.answered`
say what is changed of the request and of its answer, where somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fairlead.policy.resilience import Retry
from fairlead.policy.routing import predicates
from fairlead.policy.routing.action import (
    Answer,
    Cors,
    Forward,
    HeaderChanges,
    Mirror,
    Redirect,
    Weighted,
)
from fairlead.policy.routing.checks import InvalidRoute, compiles
from fairlead.policy.routing.formats import Headers
from fairlead.policy.routing.hosts import Hosts
from fairlead.policy.routing.index import Index
from fairlead.policy.routing.matchers import BUILT_IN, Matcher
from fairlead.policy.routing.request import RequestLike
from fairlead.policy.routing.rewriting import changed, headers_of, location, routed
from fairlead.policy.routing.table import ALL, EXTERNAL_ONLY, Route, RouteTable, VirtualHost

_PARAMETERS = re.compile(";[^/]*")

TO_HTTPS = Route(name="require_tls", action=Redirect(https=True))
"""What requests meet that have to come by https."""


class InvalidTable(ValueError):
    """A table that nothing can be decided by; says which route, and why."""


@dataclass(slots=True, kw_only=True)  # one is made per request: frozen ones take thrice as long
class Decision:
    """What becomes of a request."""

    table: RouteTable
    request: RequestLike
    host: VirtualHost | None = None
    """None: no host of the table is meant."""
    route: Route | None = None
    """None: no route is for it; Envoy answers 404."""
    weighted: Weighted | None = None
    """Of the route's clusters, the one that was drawn."""
    cluster: str = ""
    remarks: tuple[str, ...] = ()
    """What could not be decided as it is written."""

    @property
    def status(self) -> int | None:
        """Status of an answer that is given at once; None where the request is sent on."""
        one = self.route.action if self.route is not None else None
        if one is None:
            return 404
        if isinstance(one, Redirect):
            return one.code
        if isinstance(one, Answer):
            return one.status
        return one.missing if isinstance(one, Forward) and not self.cluster else None

    @property
    def location(self) -> str | None:
        """Where the client is sent."""
        if self.route is None or not isinstance(self.route.action, Redirect):
            return None
        return location(self.route.action, self.request, self.route.match.path)

    @property
    def mirrors(self) -> tuple[Mirror, ...]:
        """Who gets a copy of this one."""
        if self.route is None or not isinstance(self.route.action, Forward):
            return ()
        return tuple(
            one
            for one in self.route.action.mirrors
            if one.fraction is None or predicates.allowed(one.fraction, self.request)
        )

    @property
    def retry(self) -> Retry | None:
        """The route's, or its host's."""
        if self.route is None or self.host is None:
            return None
        return self.route.retry if self.route.retry is not None else self.host.retry

    @property
    def cors(self) -> Cors | None:
        """The route's, or its host's."""
        if self.route is None or self.host is None:
            return None
        return self.route.cors if self.route.cors is not None else self.host.cors

    def sent(self) -> tuple[Headers, tuple[str, ...]]:
        """Return the request's headers as the cluster gets them, and remarks.

        Those of HTTP/2 are among them: ``:path``, with the query, and ``:authority``.
        """
        remarks: list[str] = []
        headers = headers_of(self.request)
        for one in self._changes():
            headers = changed(headers, one.request_removed, one.request_set, self.request, remarks)
        if self.route is not None and isinstance(self.route.action, Forward):
            host = self.weighted.host if self.weighted is not None else ""
            headers = routed(headers, self.route.action, self.route.match.path, host)
        return headers, tuple(remarks)

    def answered(self, answer: Headers) -> tuple[Headers, tuple[str, ...]]:
        """Return the headers of an answer as the client gets them, and remarks."""
        remarks: list[str] = []
        for one in self._changes():
            answer = changed(answer, one.response_removed, one.response_set, self.request, remarks)
        return answer, tuple(remarks)

    def _changes(self) -> list[HeaderChanges]:
        if self.route is None or self.host is None:
            return []
        levels = [self.route.changes, self.host.changes, self.table.changes]
        if self.table.most_specific_wins:
            levels.reverse()
        return levels if self.weighted is None else [self.weighted.changes, *levels]


class _Host:
    """A virtual host, compiled."""

    def __init__(self, host: VirtualHost, matchers: Mapping[str, Matcher]) -> None:
        self.host = host
        self.index = Index([route.match for route in host.routes], matchers)
        self.clusters = Index([one for _, one in host.virtual_clusters], matchers)


class Router:
    """A table that requests can be held against. Threads may share it."""

    def __init__(self, table: RouteTable, matchers: Mapping[str, Matcher] | None = None) -> None:
        """Compile `table`; `matchers` are those that users have registered, by name.

        Raises:
            InvalidTable: Of a route: its host and place are named.
        """
        self.table = table
        known = {**BUILT_IN, **(matchers or {})}
        for host in table.hosts:
            _check(host)
        self._hosts = Hosts(
            [(host.domains, _Host(host, known)) for host in table.hosts],
            ignore_port=table.ignore_port,
        )

    def route(self, request: RequestLike) -> Decision:
        """Decide what becomes of a request."""
        found = self._hosts.find(request.authority)
        if found is None:
            return Decision(table=self.table, request=request)
        host = found.host
        if host.require_tls and request.scheme != "https" and _has_to(host, request):
            return Decision(table=self.table, request=request, host=host, route=TO_HTTPS)
        remarks: list[str] = []
        place = found.index.first(request, self._plain(request), remarks)
        if place < 0:
            return Decision(table=self.table, request=request, host=host, remarks=tuple(remarks))
        route = host.routes[place]
        weighted, cluster = _drawn(route, request)
        return Decision(
            table=self.table,
            request=request,
            host=host,
            route=route,
            weighted=weighted,
            cluster=cluster,
            remarks=tuple(remarks),
        )

    def virtual_cluster(self, request: RequestLike) -> str:
        """Return the name for statistics; ``other`` where a host has names and none fits."""
        found = self._hosts.find(request.authority)
        if found is None or not found.host.virtual_clusters:
            return ""
        place = found.clusters.first(request, request.plain_path, [])
        return found.host.virtual_clusters[place][0] if place >= 0 else "other"

    def _plain(self, request: RequestLike) -> str:
        plain = request.plain_path
        if self.table.ignore_parameters and ";" in plain:
            return _PARAMETERS.sub("", plain)
        return plain


def _has_to(host: VirtualHost, request: RequestLike) -> bool:
    external = request.headers.get("x-envoy-internal") != "true"
    return host.require_tls == ALL or (host.require_tls == EXTERNAL_ONLY and external)


def _drawn(route: Route, request: RequestLike) -> tuple[Weighted | None, str]:
    """Return the cluster of one random number: weights are counted up until they are past it."""
    one = route.action
    if not isinstance(one, Forward):
        return None, ""
    if one.cluster_header:
        return None, request.header(one.cluster_header.lower()) or ""
    if len(one.clusters) == 1:
        return one.clusters[0], one.clusters[0].cluster
    total = sum(weighted.weight for weighted in one.clusters)
    left = request.random % total if total else 0
    for weighted in one.clusters:
        left -= weighted.weight
        if left < 0:
            return weighted, weighted.cluster
    return None, ""


def _check(host: VirtualHost) -> None:
    for place, route in enumerate(host.routes):
        try:
            compiles(route)
        except InvalidRoute as error:
            raise InvalidTable(f"virtual host {host.name!r}, routes[{place}]: {error}") from error
