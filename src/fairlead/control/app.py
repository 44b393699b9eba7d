"""Puts the parts of the control plane together; nothing else does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import uvloop
from starlette.routing import BaseRoute

from fairlead.control import server
from fairlead.control.access.doors import Doors
from fairlead.control.access.gate import Access
from fairlead.control.access.records import TokenFile, make
from fairlead.control.access.roles import EVERYWHERE, Grant, Role
from fairlead.control.access.tokens import Tokens
from fairlead.control.api.agents import Agents
from fairlead.control.api.analysis import AnalysisApi
from fairlead.control.api.authored import authored_kinds, read_yaml
from fairlead.control.api.contracts import ContractsApi
from fairlead.control.api.counting import Counting
from fairlead.control.api.explaining import Explaining
from fairlead.control.api.history import HistoryApi, authored
from fairlead.control.api.namespaces import NamespaceApi, namespace_kind
from fairlead.control.api.registered import event_kind, registered_kind
from fairlead.control.api.renewals import Registered, ShortWay
from fairlead.control.api.resources import Resources
from fairlead.control.api.rewrites import RewritesApi
from fairlead.control.api.routes import Rest, application
from fairlead.control.api.served import Catalogue
from fairlead.control.api.telemetry import TelemetryApi
from fairlead.control.api.unseen import unseen
from fairlead.control.apps import KnownApps
from fairlead.control.clocks import Clocks
from fairlead.control.ejections import Ejections
from fairlead.control.entrance import Entrance, Pace
from fairlead.control.event import refusal
from fairlead.control.events import Events
from fairlead.control.instances import Instances
from fairlead.control.namespaces import Namespaces
from fairlead.control.nodes import Nodes
from fairlead.control.overtaken import Overtaken
from fairlead.control.protection import Protection
from fairlead.control.publish import Publisher
from fairlead.control.settings import Settings
from fairlead.control.status import Statuses, Watching
from fairlead.control.store import SqliteStore, Store
from fairlead.control.telemetry.edges import Edge, edges_of
from fairlead.control.telemetry.fleet import Fleet
from fairlead.control.telemetry.measurements import Measurements, Past
from fairlead.control.tls import LOOK_AGAIN, Certificates, Files
from fairlead.control.traffic import Traffic
from fairlead.control.wires import Wires
from fairlead.kinds import KINDS

HOUR = 3600
"""Seconds for which it counts that an app called another one."""


class ControlPlane:
    """All parts on one store: an ASGI application, and the work behind it."""

    def __init__(
        self, store: Store, settings: Settings, clocks: Clocks, doors: Doors | None = None
    ) -> None:
        """Load what is stored; nothing runs before `work`. Without `doors` no token is asked."""
        self.stop, self._counting = asyncio.Event(), Counting()
        self._nodes = Nodes(clocks, keep=settings.lease)
        self._publisher = Publisher(store, self._nodes, settings.gather, settings.governance)
        self._overtaken = Overtaken(store, self._publisher, clocks)
        keep, told = settings.remember_apps, self._nodes.news.set
        protection = Protection(clocks, lease=settings.lease, keep=keep, tell=told)
        self._doors = doors or Doors.open(clocks.now)
        self._wires = Wires(self._publisher, settings, self._edges, self._doors.certificates)
        watching = Watching(clocks, settings.status_gather, self._wires.carriers)
        self._statuses = Statuses(store, self._publisher, self._nodes, protection, watching)
        self._instances = Instances(
            store,
            KnownApps(store, clocks.now, keep),
            self._publisher.resolve,
            clocks,
            protection=protection,
            limit=settings.objects,
        )
        traffic = Traffic()
        directory = settings.data_dir if isinstance(store, SqliteStore) else None
        past = Past(directory, settings.history_bytes, settings.prometheus)
        self._measured = self._measure(store, clocks, traffic, past)
        served = [*authored_kinds(traffic.share), registered_kind(self._live)]
        kinds = [one.resource for one in served]
        self._events = Events(store, clocks, kinds, self._instances.lost)
        self._ejections = Ejections(store, self._nodes, self._publisher, self._events.tell)
        resources, core = self._resources(store, settings, clocks), [event_kind()]
        rest = Rest(resources=resources, catalogue=Catalogue(served, core=core), stop=self.stop)
        spaces = Namespaces(store=store, resources=kinds)
        view = replace(resources, store=spaces, advice=lambda plain: "")
        kind = namespace_kind(settings.governance)
        namespaces = NamespaceApi(resources=view, served=kind, stop=self.stop)
        history = HistoryApi(store=store, served=authored([*served, namespaces.served]))
        analysis = AnalysisApi(publisher=self._publisher, edges=self._edges)
        own = [*self._agents(settings, traffic), *history.routes(), *analysis.routes()]
        self._serve(rest, namespaces, [*own, *self._wires.routes()])

    def _agents(self, settings: Settings, traffic: Traffic) -> Iterator[BaseRoute]:
        """Yield the routes of agents, and of what they measured; lay the short way to them."""
        registered = Registered(self._instances)
        agents = Agents(
            settings=settings,
            nodes=self._nodes,
            publisher=self._publisher,
            instances=self._instances,
            traffic=traffic,
            measured=self._measured,
            stop=self.stop,
            registered=registered,
            overtaken=self._overtaken,
        )
        self.short = ShortWay(
            doors=self._doors,
            agents=agents,
            instances=self._instances,
            registered=registered,
            counted=self._counting.count,
        )
        yield from agents.routes()
        yield from RewritesApi().routes()
        yield from Explaining(publisher=self._publisher, measured=self._measured).routes()
        requests = self._counting.counts
        telemetry = TelemetryApi(measured=self._measured, stop=self.stop, requests=requests)
        yield from telemetry.routes()
        yield from ContractsApi(measured=self._measured).routes()

    def _measure(self, store: Store, clocks: Clocks, traffic: Traffic, past: Past) -> Measurements:
        fleet = Fleet(
            store=store,
            nodes=self._nodes,
            publisher=self._publisher,
            instances=self._instances,
        )
        return Measurements(fleet, clocks, traffic, [kind.resource for kind in KINDS], past)

    def _resources(self, store: Store, settings: Settings, clocks: Clocks) -> Resources:
        return Resources(
            store=store,
            clock=clocks.now,
            read_yaml=read_yaml,
            limit=settings.objects,
            refused=lambda stored, message: self._events.tell(stored, refusal(message)),
            advice=lambda plain: unseen(self._publisher, plain),
        )

    def _serve(self, rest: Rest, namespaces: NamespaceApi, own: Iterable[BaseRoute]) -> None:
        behind = [*own, self._counting.route(), *self._doors.routes()]
        inner = application(rest, namespaces, behind, self._doors.middleware())
        self.routes = inner.routes
        self.app = self._counting.around(inner)

    async def work(self) -> None:
        """Publish, expire and write statuses until `stop` is set; then end every stream."""
        parts = (
            *(self._publisher, self._instances, self._statuses),
            *(self._events, self._ejections, self._doors, self._measured, self._wires),
        )
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part.run()) for part in parts]
            await self.stop.wait()
            self._nodes.close()
            for task in tasks:
                task.cancel()

    def _edges(self, namespaces: Iterable[str]) -> list[Edge]:
        measured, now = self._measured, self._measured.clocks.now().timestamp()
        return edges_of(measured.memory, measured.fleet, sorted(namespaces), now, HOUR)

    def _live(self, nodes: list[str]) -> bool:
        return self._nodes.live(nodes, self._publisher.world.revision)


def first_revision() -> int:
    """Return where a new store begins to count: milliseconds of the time of day.

    Agents ignore a snapshot of a lower revision than theirs. Those that outlive a data directory
    must take what its successor says for newer.
    """
    return int(time.time() * 1000)


def run(
    settings: Settings, ready: Callable[[str, str], None], pages: Sequence[BaseRoute] = ()
) -> None:
    """Serve until a signal arrives, `pages` among the rest.

    `ready` is told the URL, and the first token where one is made.

    Raises DirectoryInUse, StoreFailed, CannotListen, CertificateUnusable, TokensUnusable or OSError
    where it cannot start.
    """
    possible = server.allow_many_connections()
    settings = replace(settings, connections=min(settings.connections, possible))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, ready, pages))


async def _serve(
    settings: Settings, ready: Callable[[str, str], None], pages: Sequence[BaseRoute]
) -> None:
    clocks = Clocks()
    certificates = _certificates(settings)
    for address in filter(None, (settings.xds, settings.xds_tls)):
        server.listen(*address, settings.write_deadline).close()
    listener = server.listen(settings.host, settings.port, settings.write_deadline)
    try:
        store = SqliteStore.open(settings.data_dir, first_revision)
    except BaseException:
        listener.close()
        raise
    try:
        tokens, first = _tokens(settings, clocks) if settings.auth else (None, "")
        access = Access(
            tokens=tokens, limits=settings.limits, write_deadline=settings.write_deadline
        )
        doors = Doors(access, clocks.now, certificates)
        plane = ControlPlane(store, settings, clocks, doors)
        plane.routes.extend(pages)
        url = server.url_of(listener, "https" if certificates else "http")
        entrance = Entrance(
            listener=listener,
            pace=_pace(settings),
            limit=settings.connections,
            context=lambda: certificates.current.context if certificates else None,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(plane.work())
            reading = group.create_task(_reread(certificates))
            parts = server.Served(app=plane.app, short=plane.short.answer)
            await server.serve(parts, entrance, plane.stop, lambda: ready(url, first))
            reading.cancel()
    finally:
        store.close()


def _pace(settings: Settings) -> Pace:
    if settings.tls_cert is None:
        return Pace(settings.accepts, settings.accepts_at_once)
    return Pace(settings.handshakes, settings.handshakes_at_once)


def _certificates(settings: Settings) -> Certificates | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Certificates(Files(certificate=settings.tls_cert, key=settings.tls_key))


async def _reread(certificates: Certificates | None) -> None:
    while certificates is not None:
        await asyncio.sleep(LOOK_AGAIN)
        await asyncio.to_thread(certificates.refresh)


def _tokens(settings: Settings, clocks: Clocks) -> tuple[Tokens, str]:
    """Return the tokens, and the text of an admin's where there had been none at all."""
    file = TokenFile(settings.data_dir)
    first = ""
    if file.signature() is None:
        grants = (Grant(role=Role.ADMIN, namespace=EVERYWHERE),)
        made = make("admin", grants, now=clocks.now(), expires=None)
        file.add(made.record)
        first = made.text
    return Tokens(file, clocks.now), first
