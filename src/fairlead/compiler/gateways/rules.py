"""From a rule to the routes of a table: its matches, each with the action."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fairlead.compiler.gateways.filters import Filtered, Place, filtered
from fairlead.compiler.gateways.form import Backend, RouteRule
from fairlead.compiler.gateways.references import References
from fairlead.compiler.part import Part
from fairlead.kinds.gateway_api import BackendObject
from fairlead.policy.routing.action import (
    Action,
    Answer,
    Forward,
    HeaderChanges,
    HostRewrite,
    Weighted,
)
from fairlead.policy.routing.table import Route

INVALID_BACKEND = "invalid-backend"
"""Cluster that there is none of: requests for it get the status that a route has for those."""
SUFFIX = "svc.cluster.local"


class Rules:
    """Makes routes of rules."""

    def __init__(self, references: References) -> None:
        self._references = references

    def routes(self, part: Part, rule: RouteRule, place: Place) -> tuple[Route, ...]:
        """Return a route for each match of `rule`, in the order of its list."""
        result, backends = self._filtered(part, rule, place)
        action = self._action(part, rule, result, backends)
        resource = part.resource
        name = f"{resource.kind.called}/{resource.namespace}/{resource.name} {rule.path}"
        return tuple(
            Route(
                name=name,
                match=one.match,
                action=action,
                timeout=rule.timeout,
                retry=rule.retry if isinstance(action, Forward) else None,
                changes=result.changes,
                cors=result.cors,
            )
            for one in rule.matches
        )

    def problems(self, part: Part) -> Iterator[tuple[str, str]]:
        """Yield a reason and a sentence for each reference of a route that is no good one."""
        for rule in part.routing:
            for backend in rule.backends:
                found = self._references.problem(part.resource, backend.ref)
                if found is not None:
                    yield found[0], f"{backend.path}: {found[1]}"
            filters = [(rule.path, one) for one in rule.filters]
            filters += [(one.path, each) for one in rule.backends for each in one.filters]
            for path, one in filters:
                if one.request_mirror is None:
                    continue
                found = self._references.problem(part.resource, one.request_mirror.backend_ref)
                if found is not None:
                    yield found[0], f"{path}.filters: requestMirror: {found[1]}"

    def _filtered(
        self, part: Part, rule: RouteRule, place: Place
    ) -> tuple[Filtered, tuple[Backend, ...]]:
        """Return the filters of a rule, those of its only backend with them, and its backends."""
        backends, filters = rule.backends, rule.filters
        if len(backends) == 1:
            filters = (*filters, *backends[0].filters)
            backends = (replace(backends[0], filters=()),)

        def cluster(ref: BackendObject) -> str | None:
            return self._cluster(part, ref)

        return filtered(filters, rule.prefix, place, cluster), backends

    def _action(
        self, part: Part, rule: RouteRule, result: Filtered, backends: tuple[Backend, ...]
    ) -> Action:
        if result.broken:
            return Answer(status=500)
        if result.redirect is not None:
            return result.redirect
        clusters = tuple(
            self._weighted(part, rule, backend) for backend in backends if backend.weight
        )
        if all(one.cluster == INVALID_BACKEND for one in clusters):
            return Answer(status=rule.failure)
        return Forward(
            clusters=clusters,
            missing=rule.failure,
            path=result.path,
            host=HostRewrite(literal=result.host) if result.host else None,
            mirrors=result.mirrors,
        )

    def _weighted(self, part: Part, rule: RouteRule, backend: Backend) -> Weighted:
        result = filtered(backend.filters, rule.prefix, Place(), lambda _: None)
        cluster = self._cluster(part, backend.ref) or INVALID_BACKEND
        if unfit(backend, result):
            cluster = INVALID_BACKEND
        changes: HeaderChanges = result.changes
        return Weighted(cluster=cluster, weight=backend.weight, changes=changes, host=result.host)

    def _cluster(self, part: Part, ref: BackendObject) -> str | None:
        if self._references.problem(part.resource, ref) is not None:
            return None
        namespace = ref.namespace or part.resource.namespace
        return f"outbound|{ref.port}||{ref.name}.{namespace}.{SUFFIX}"


def unfit(backend: Backend, result: Filtered) -> str:
    """Return what filters of one backend among several say and no route can, ``""`` for nothing."""
    if result.broken:
        return result.broken
    if result.redirect is not None or result.path is not None or result.cors is not None:
        return "of one among several, no path, redirect or CORS is possible: requests get a 500"
    mirrors = any(one.request_mirror is not None for one in backend.filters)
    return "of one among several, no mirror is possible: requests get a 500" if mirrors else ""
