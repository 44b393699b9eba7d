"""The xDS server: from the World in force to whoever listens, and what they refuse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.compiler.compile import World
from fairlead.compiler.labels import pairs
from fairlead.control.access.caller import caller_of
from fairlead.control.api.status import json_response
from fairlead.control.called import EVERY, Called
from fairlead.control.carrying import Carrier
from fairlead.control.destinations import Destinations
from fairlead.control.mesh import LOOPBACK, ROUTER, SIDECAR, Scope, mesh, own
from fairlead.control.polling import Polling
from fairlead.control.publish import Publisher
from fairlead.control.sidecars import CAPTURE, Sidecar
from fairlead.policy.locality import Caller, Place
from fairlead.policy.workload import BASE, lane_name
from fairlead.protocols.watch.codec import ROOT
from fairlead.protocols.xds.codec import Encoder
from fairlead.protocols.xds.node import Node
from fairlead.protocols.xds.resource import CLUSTER, ROUTES, View
from fairlead.protocols.xds.server import Door, Streams, serve
from fairlead.protocols.xds.subscription import Rejection

RETRY = 1.0
"""Seconds to wait after a fault of ours before views are made again."""
MOST_VIEWS, MOST_SIDECARS = 1000, 20_000
"""Scopes that views are kept for, and those that differ in what is a sidecar's own."""

ENVOY = "envoy"
"""What an Envoy calls itself."""

log = logging.getLogger(__name__)


class Xds:
    """The server, and the views it gives out."""

    def __init__(
        self, publisher: Publisher, doors: Mapping[str, Door], called: Called | None = None
    ) -> None:
        """Give sidecars what their apps were seen to call, where somebody looks; else all."""
        self._publisher, self._called = publisher, called
        self._doors = doors
        self._ports: dict[str, int] = {}
        self._encoder = Encoder()
        self._views: dict[Scope, View] = {}
        self._wanted: set[Scope] = set()
        self._asked, self._made = asyncio.Event(), asyncio.Event()
        self.streams = Streams(self._view, _complain)

    async def run(self) -> None:
        """Serve, and follow what is published, for good."""
        server, ports = await serve(self.streams, *self._doors.values())
        self._ports = dict(zip(self._doors, ports, strict=True))
        looking = asyncio.create_task(self._look()) if self._called is not None else None
        try:
            while True:
                try:
                    await self._follow()
                except Exception:
                    log.exception("views for xDS could not be made; clients keep what they have")
                    await asyncio.sleep(RETRY)
        finally:
            if looking is not None:
                looking.cancel()
            await server.stop(0.2)

    async def _look(self) -> None:
        """See what apps call, for good."""
        while self._called is not None:
            await asyncio.sleep(EVERY)
            try:
                if self._called.look(list(self._asking())):
                    self.streams.publish()  # who is to have another view is noted by it
            except Exception:
                log.exception("what apps call could not be looked at")

    def _asking(self) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
        for stream in self.streams.open:
            node, asked = stream.session.node, stream.session.subscriptions.get(CLUSTER)
            if node is not None and node.agent == ENVOY and node.kind == SIDECAR:
                yield (node.namespace, node.app), asked.names if asked else frozenset()

    async def _follow(self) -> None:
        world = self._publisher.world
        while True:
            await self._make(world, self._wanted)
            self.streams.publish()
            self._asked.clear()
            world = await self._next(world)

    async def _next(self, world: World) -> World:
        """Return the World in force, once it is another one or somebody else wants a view."""
        while world is self._publisher.world and self._wanted <= self._views.keys():
            waiting = [
                asyncio.create_task(one)
                for one in (self._publisher.published_next(), self._asked.wait())
            ]
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()
        if world is not self._publisher.world:
            used = {self._scope(node) for node in self._nodes()}
            self._drop(used | {one.shared for one in used} | {one.whole for one in used})
        return self._publisher.world

    def _drop(self, used: set[Scope]) -> None:
        self._wanted &= used
        self._views = {scope: self._views[scope] for scope in used & self._views.keys()}

    def _nodes(self) -> Iterator[Node]:
        nodes = (stream.session.node for stream in self.streams.open)
        return (node for node in nodes if node is not None)

    async def _make(self, world: World, wanted: Iterable[Scope]) -> None:
        views, scopes = self._views, list(wanted)
        self._views |= await asyncio.to_thread(self._encoded, world, scopes, views)
        made, self._made = self._made, asyncio.Event()
        made.set()

    def _encoded(
        self, world: World, scopes: Iterable[Scope], old: dict[Scope, View]
    ) -> dict[Scope, View]:
        found: dict[Scope, View] = {}
        destinations = Destinations(world)
        for scope in scopes:
            shared, whole = scope.shared, scope.whole
            if whole not in found:
                content = mesh(world, whole, destinations)
                found[whole] = self._encoder.view(content, old.get(whole))
            if shared not in found:
                called, before = shared.called or frozenset(), old.get(shared)
                found[shared] = self._encoder.pruned(found[whole], called, before)
            if scope.sidecar is not None:
                mine = own(world, scope)
                found[scope] = self._encoder.beside(found[shared], mine, old.get(scope))
            elif scope.served:
                before = old.get(scope)
                found[scope] = self._encoder.with_servers(found[shared], scope.served, before)
        self._encoder.forget()
        return found

    def _scope(self, node: Node) -> Scope:
        found = _scope(node, self._publisher.world)
        if self._called is None or found.sidecar is None:
            return found
        if found.egress is not None and found.egress.hosts is not None:
            return found  # somebody has said what it knows
        return replace(found, called=self._called.of((node.namespace, node.app)))

    def _view(self, node: Node) -> View | None:
        scope = self._scope(node)
        found = self._views.get(scope)
        if found is None and scope not in self._wanted and self._has_room(scope.whole):
            self._wanted = self._wanted | {scope, scope.shared, scope.whole}
            self._asked.set()
        return found

    def _has_room(self, whole: Scope) -> bool:
        if len(self._wanted) >= MOST_SIDECARS:
            return False
        return whole in self._wanted or sum(one.is_whole for one in self._wanted) < MOST_VIEWS

    async def _awaited(self, node: Node) -> View:
        while (found := self._view(node)) is None:
            await self._made.wait()
        return found

    def carriers(self) -> Iterator[Carrier]:
        """Yield what each data plane has of its tables, and refuses."""
        for stream in self.streams.open:
            session, node = stream.session, stream.session.node
            if node is not None:
                asked = session.subscriptions.get(ROUTES)
                yield Carrier(
                    node=node.id,
                    namespace=node.namespace,
                    asked=asked.names if asked else frozenset(),
                    has=frozenset(session.held(ROUTES)),
                    refused=tuple(one.reason for one in session.rejections()),
                    sidecar=_sidecar(node) if node.kind == SIDECAR else None,
                )

    def routes(self) -> Iterator[BaseRoute]:
        """Yield those of who polls, and the one that says who is connected."""
        yield from Polling(self._awaited).routes()
        yield Route(f"{ROOT}/xds", self._state, methods=["GET"])

    async def _state(self, request: Request) -> Response:
        asked = request.query_params.get("namespace")
        caller_of(request).require("list", "nodes.fairlead.io", asked or "")
        every = (_client(stream.session) for stream in self.streams.open)
        clients = [one for one in every if asked in (None, one["namespace"])]
        return json_response({**self._ports, "requests": self.streams.requests, "clients": clients})


def _client(session: Any) -> dict[str, Any]:
    node = session.node or Node()
    refused = [
        {"type": one.type_url, "version": one.version, "reason": one.reason}
        for one in session.rejections()
    ]
    return {
        "node": node.id,
        "namespace": node.namespace,
        "app": node.app,
        "agent": node.agent,
        "refused": refused,
    }


def _caller(node: Node, world: World) -> Caller:
    """Return who a node is to rules about places: nobody where there are none."""
    callings = world.callings
    if not callings.placed:
        return Caller()
    place = Place.of(node.zone, node.labels)
    labels = {**dict(node.labels), "app": node.app, **dict(place.labels)}
    asked = sorted(callings.place_keys & labels.keys())
    return Caller(place, tuple((key, labels[key]) for key in asked))


def _scope(node: Node, world: World) -> Scope:
    labels = dict(node.labels) | {"app": node.app}
    asked = (world.callings.source_keys | world.istio.keys) & labels.keys()
    told = pairs((key, labels[key]) for key in asked)
    if node.kind == ROUTER:
        return Scope(
            namespace=node.namespace,
            kind=ROUTER,
            labels=told,
            gateway=node.app,
            address=_address(node.listen),
            lane=lane_name(dict(node.labels).get("lane", "")) or BASE,
            access_log=node.access_log,
            caller=_caller(node, world),
        )
    kind = SIDECAR if node.kind == SIDECAR and not node.grpc else ""
    return Scope(
        namespace=node.namespace,
        kind=kind,
        labels=told,
        egress=world.registry.egress(node.namespace, pairs(labels)),
        sidecar=_sidecar(node) if kind else None,
        caller=_caller(node, world),
        served=() if kind else tuple(filter(None, map(_listening, node.served))),
    )


def _sidecar(node: Node) -> Sidecar | None:
    """Return what is the own of an Envoy beside an application; None of a client of gRPC."""
    if node.agent != ENVOY:
        return None
    labels = dict(node.labels)
    lane = labels.pop("lane", None)
    labels.pop("app", None)
    return Sidecar(
        app=node.app,
        lane=lane,
        labels=pairs(labels),
        capture=_listening(node.capture) or CAPTURE,
        inbound=_listening(node.inbound),
        access_log=node.access_log,
    )


def _listening(told: str) -> str:
    """Return ``host:port``, ``""`` where it is none."""
    host, _, port = told.rpartition(":")
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return ""
    return told if port.isdecimal() and 0 < int(port) < 65536 else ""


def _address(told: str) -> str:
    """Return the address that a gateway is to listen on: this machine's, if it says no other."""
    try:
        return str(ip_address(told))
    except ValueError:
        return LOOPBACK


def _complain(node: Node, rejection: Rejection) -> None:
    kind = rejection.type_url.rpartition(".")[2]
    log.warning("xDS: %s refuses a %s: %s", node.id, kind, rejection.reason)
