"""Puts the parts of the control plane together; nothing else does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import uvloop

from fairlead.control import server
from fairlead.control.api.agents import Agents
from fairlead.control.api.authored import authored_kinds, read_yaml
from fairlead.control.api.counting import Counting
from fairlead.control.api.namespaces import NamespaceApi, namespace_kind
from fairlead.control.api.registered import registered_kind
from fairlead.control.api.resources import Resources
from fairlead.control.api.routes import Rest, application
from fairlead.control.api.served import Catalogue
from fairlead.control.apps import KnownApps
from fairlead.control.clocks import Clocks
from fairlead.control.instances import Instances
from fairlead.control.namespaces import Namespaces
from fairlead.control.nodes import Nodes
from fairlead.control.protection import Protection
from fairlead.control.publish import Publisher
from fairlead.control.settings import Settings
from fairlead.control.status import Statuses
from fairlead.control.store import SqliteStore, Store
from fairlead.control.traffic import Traffic


class ControlPlane:
    """All parts on one store: an ASGI application, and the work behind it."""

    def __init__(self, store: Store, settings: Settings, clocks: Clocks) -> None:
        """Load what is stored; nothing runs before `work`."""
        self.stop = asyncio.Event()
        self._nodes = Nodes(clocks, keep=settings.lease)
        self._publisher = Publisher(store, self._nodes, settings.gather, settings.governance)
        keep, told = settings.remember_apps, self._nodes.news.set
        protection = Protection(clocks, lease=settings.lease, keep=keep, tell=told)
        self._statuses = Statuses(
            store, self._publisher, self._nodes, protection, clocks, settings.status_gather
        )
        self._instances = Instances(
            store,
            KnownApps(store, clocks.now, keep),
            self._publisher.resolve,
            clocks,
            protection=protection,
            limit=settings.objects,
        )
        traffic = Traffic()
        agents = Agents(
            settings=settings,
            nodes=self._nodes,
            publisher=self._publisher,
            instances=self._instances,
            traffic=traffic,
            stop=self.stop,
        )
        catalogue = Catalogue([*authored_kinds(traffic.share), registered_kind(self._live)])
        resources = Resources(
            store=store, clock=clocks.now, read_yaml=read_yaml, limit=settings.objects
        )
        rest = Rest(resources=resources, catalogue=catalogue, stop=self.stop)
        view = Namespaces(store=store, resources=[one.resource for one in catalogue.served])
        namespaces = NamespaceApi(
            resources=replace(resources, store=view), served=namespace_kind(settings.governance)
        )
        counting = Counting()
        routes = [*agents.routes(), counting.route()]
        self.app = counting.around(application(rest, namespaces, routes))

    async def work(self) -> None:
        """Publish, expire and write statuses until `stop` is set; then end every stream."""
        parts = (self._publisher, self._instances, self._statuses)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part.run()) for part in parts]
            await self.stop.wait()
            self._nodes.close()
            for task in tasks:
                task.cancel()

    def _live(self, nodes: list[str]) -> bool:
        return self._nodes.live(nodes, self._publisher.world.revision)


def first_revision() -> int:
    """Return where a new store begins to count: milliseconds of the time of day.

    Agents ignore a snapshot of a lower revision than theirs. Those that outlive a data directory
    must take what its successor says for newer.
    """
    return int(time.time() * 1000)


def run(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve until a signal arrives; `ready` is told the URL.

    Raises DirectoryInUse, StoreFailed, CannotListen or OSError where it cannot start.
    """
    server.allow_many_connections()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, ready))


async def _serve(settings: Settings, ready: Callable[[str], None]) -> None:
    listener = server.listen(settings.host, settings.port, settings.write_deadline)
    try:
        store = SqliteStore.open(settings.data_dir, first_revision)
    except BaseException:
        listener.close()
        raise
    try:
        plane = ControlPlane(store, settings, Clocks())
        url = server.url_of(listener)
        async with asyncio.TaskGroup() as group:
            group.create_task(plane.work())
            await server.serve(plane.app, listener, plane.stop, lambda: ready(url))
    finally:
        store.close()
