"""From a Mesh to the bytes that are sent: what stayed the same is not encoded again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from typing import Any

from fairlead.policy.mesh import EDS, Listener, Mesh, MeshCluster
from fairlead.protocols.xds import clusters, listeners, tables
from fairlead.protocols.xds.node import INBOUND
from fairlead.protocols.xds.pb import package
from fairlead.protocols.xds.resource import (
    CLUSTER,
    ENDPOINTS,
    EXTENSION,
    LISTENER,
    NAMES,
    ROUTES,
    Collection,
    Resource,
    View,
)

HOSTS = "hosts"
"""Name of the one resource of NDS."""


class Encoder:
    """Encodes meshes, one after the other, and keeps what the last ones were made of."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Any], Resource] = {}
        self._used: dict[tuple[str, Any], Resource] = {}

    def view(self, mesh: Mesh, before: View | None = None) -> View:
        """Return the view that `mesh` is; collections that are as in `before` are the same."""
        found: dict[str, list[Resource]] = {
            CLUSTER: list(self._each(CLUSTER, mesh.clusters, _cluster)),
            ENDPOINTS: list(self._each(ENDPOINTS, _pushed(mesh.clusters), _endpoints)),
            LISTENER: list(self._each(LISTENER, mesh.listeners, _listener)),
            ROUTES: list(self._each(ROUTES, mesh.tables, _table)),
            EXTENSION: list(self._each(EXTENSION, mesh.extensions, _extension)),
            NAMES: [_names(mesh)] if mesh.hosts else [],
        }
        old = before or View()
        return View({one: Collection.of(all_, old.of(one)) for one, all_ in found.items()})

    def beside(self, shared: View, own: Mesh, before: View | None = None) -> View:
        """Return `shared` with the listeners and extensions that only one node has."""
        old = before or View()
        mine = {
            LISTENER: self._each(LISTENER, own.listeners, _listener),
            EXTENSION: self._each(EXTENSION, own.extensions, _extension),
        }
        return View(
            {
                **shared.types,
                **{one: Collection.of(all_, old.of(one)) for one, all_ in mine.items()},
            }
        )

    def with_servers(self, shared: View, at: Iterable[str], before: View | None = None) -> View:
        """Return `shared` with the listeners of gRPC servers at addresses."""
        every = shared.of(LISTENER).resources.values()
        resources = (*every, *self._each("serving", at, _serving))
        old = (before or View()).of(LISTENER)
        return View({**shared.types, LISTENER: Collection.of(resources, old)})

    def pruned(self, whole: View, called: Container[str], before: View | None = None) -> View:
        """Return `whole` with the clusters of hosts that are not `called` for who asks for them.

        Clusters are named as policy/routing/table.py has it, the host last.
        """
        every = whole.of(CLUSTER).resources.values()
        others = (one for one in every if one.name.rpartition("|")[2] not in called)
        mine = (one for one in every if one.name.rpartition("|")[2] in called)
        resources = (*mine, *self._each("on demand", others, _on_demand))
        old = (before or View()).of(CLUSTER)
        return View({**whole.types, CLUSTER: Collection.of(resources, old)})

    def forget(self) -> None:
        """Drop what was not used since it was told so last."""
        self._known, self._used = self._used, {}

    def _each(
        self, kind: str, items: Iterable[Any], encode: Callable[[Any], Resource]
    ) -> Iterator[Resource]:
        for item in items:
            key = (kind, item)
            found = self._used.get(key) or self._known.get(key)
            if found is None:
                found = encode(item)
            self._used[key] = found
            yield found


def _bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))


def _pushed(all_: Iterable[MeshCluster]) -> Iterator[MeshCluster]:
    return (one for one in all_ if one.discovery == EDS)


def _cluster(one: MeshCluster) -> Resource:
    content = _bytes(clusters.cluster(one))
    return Resource(one.name, CLUSTER, content, one.name if one.discovery == EDS else "")


def _on_demand(one: Resource) -> Resource:
    return replace(one, on_demand=True)


def _endpoints(one: MeshCluster) -> Resource:
    return Resource(one.name, ENDPOINTS, _bytes(clusters.assignment(one)))


def _listener(one: Listener) -> Resource:
    content = _bytes(listeners.listener(one))
    return Resource(one.name, LISTENER, content, on_demand=not one.address)


def _serving(at: str) -> Resource:
    name = INBOUND + at
    content = _bytes(listeners.serving(name, at))
    return Resource(name, LISTENER, content, on_demand=True)


def _table(one: Any) -> Resource:
    return Resource(one.name, ROUTES, _bytes(tables.table(one)))


def _extension(one: Any) -> Resource:
    return Resource(one.name, EXTENSION, _bytes(listeners.extension(one)))


def _names(mesh: Mesh) -> Resource:
    found = package("istio.networking.nds.v1").NameTable()
    for host, addresses in mesh.hosts:
        found.table[host].ips.extend(addresses)
    return Resource(HOSTS, NAMES, _bytes(found))
