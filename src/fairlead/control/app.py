"""Puts the parts of the control plane together; nothing else does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import uvloop

from fairlead.control import server
from fairlead.control.api.authored import authored_kinds, read_yaml
from fairlead.control.api.resources import Resources
from fairlead.control.api.routes import Rest, application
from fairlead.control.api.served import Catalogue
from fairlead.control.settings import Settings
from fairlead.control.store import SqliteStore


def now() -> datetime:
    """Return the time of day."""
    return datetime.now(UTC)


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
    stop = asyncio.Event()
    try:
        catalogue = Catalogue(authored_kinds())
        resources = Resources(store=store, clock=now, read_yaml=read_yaml, limit=settings.objects)
        app = application(Rest(resources=resources, catalogue=catalogue, stop=stop))
        url = server.url_of(listener)
        await server.serve(app, listener, stop, lambda: ready(url))
    finally:
        store.close()
