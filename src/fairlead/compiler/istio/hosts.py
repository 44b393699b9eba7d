"""Which app a host means that somebody has written, and the routes with clusters of such apps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from fairlead.policy.endpoint import Service
from fairlead.policy.routing.action import Forward, Mirror, Weighted
from fairlead.policy.routing.table import Route

DOMAIN = "svc.cluster.local"
PORT = 80
"""Of every app, where nothing says another one."""

Naming = Callable[[str], str]
"""Returns the full name of a host as it is written."""


class Names:
    """The apps that are known, by the names that objects of a namespace have for them."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._known = {
            one.host or f"{one.app}.{one.namespace}".lower(): full_name(one) for one in services
        }

    def of(self, host: str, namespace: str) -> str:
        """Return the full name of `host`, as somebody of `namespace` writes it.

        A short name is of that namespace, known or not (Istio); one of another form that is no
        app's is left as it is.
        """
        name = host.lower().rstrip(".")
        short = name.removesuffix(f".{DOMAIN}").removesuffix(".svc")
        own = f"{name}.{namespace}"
        if name in self._known and self._known[name] == name:
            return name  # no app's, and called by this name alone
        if "." not in name or own in self._known:
            return self._known.get(own, f"{own}.{DOMAIN}")
        return self._known.get(short, name if short == name else f"{short}.{DOMAIN}")

    def known(self, full: str) -> bool:
        """Tell whether a full name is an app's."""
        return full in self._known or full.removesuffix(f".{DOMAIN}").lower() in self._known


def full_name(service: Service) -> str:
    """Return the name that is one app's in all of the mesh."""
    return service.host or f"{service.app}.{service.namespace}.{DOMAIN}"


def cluster_name(host: str, subset: str = "", port: int = PORT) -> str:
    """Return Istio's name for the instances of a host, or for a subset of them."""
    return f"outbound|{port}|{subset}|{host}"


def named(route: Route, naming: Naming, port: int = PORT) -> Route:
    """Return `route` with the clusters of full names, on `port` where none is written."""
    action = route.action
    if not isinstance(action, Forward):
        return route

    def cluster(written: str) -> str:
        _, number, subset, host = written.split("|", 3)
        return cluster_name(naming(host), subset, int(number) or port)

    def weighted(one: Weighted) -> Weighted:
        fallback = cluster(one.fallback) if one.fallback else ""
        return replace(one, cluster=cluster(one.cluster), fallback=fallback)

    def mirror(one: Mirror) -> Mirror:
        return replace(one, cluster=cluster(one.cluster))

    clusters, mirrors = tuple(map(weighted, action.clusters)), tuple(map(mirror, action.mirrors))
    return replace(route, action=replace(action, clusters=clusters, mirrors=mirrors))


def to_itself(route: Route, host: str) -> Route:
    """Return `route` with `host` as the one who is called, where it names nobody."""
    action = route.action
    if not isinstance(action, Forward) or action.clusters:
        return route
    own = Weighted(cluster=cluster_name(host, port=0))
    return replace(route, action=replace(action, clusters=(own,)))
