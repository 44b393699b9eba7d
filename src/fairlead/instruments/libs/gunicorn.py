"""gunicorn: a worker, after it was forked and has loaded its application, and before it stops.

The arbiter is left alone, also under `--preload`: a thread in it would not survive the fork, and
could hold a lock while it happens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "gunicorn"
VERSIONS = ("20.1", "28")

OWN_WAYS = (
    ("gunicorn.workers.gasgi", "ASGIWorker", "handle_exit_signal"),
    ("gunicorn.workers.gthread", "ThreadWorker", "handle_exit"),
)
"""Workers that hear of their end without the class they stem from; imported after it, if at all."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook every kind of worker, through the class they stem from."""
    from gunicorn.workers.base import Worker

    def loaded(original: Callable[[Any], None]) -> Callable[[Any], None]:
        def load_wsgi(self: Any) -> None:
            original(self)
            plane.ensure_ready()
            plane.serving(LIBRARY, lambda: list(self.sockets))

        return load_wsgi

    def working(original: Callable[[Any], None]) -> Callable[[Any], None]:
        def init_process(self: Any) -> None:
            original(self)
            # It was told nothing and ends by itself, as under `--max-requests`: the arbiter starts
            # another. Where the arbiter is gone, so is the socket.
            if os.getppid() == self.ppid:
                plane.handing_over()

        return init_process

    def stopping(original: Callable[..., None]) -> Callable[..., None]:
        def handle(self: Any, *signal: Any) -> None:
            # In a signal handler, which is where this worker hears that it is to stop: leaving is
            # bounded, and takes no lock that the interrupted code may hold.
            plane.leaving()
            original(self, *signal)

        return handle

    patches.replace(Worker, "load_wsgi", loaded)
    patches.replace(Worker, "init_process", working)
    patches.replace(Worker, "handle_exit", stopping)
    patches.replace(Worker, "handle_quit", stopping)
    for name, worker, method in OWN_WAYS:
        module = sys.modules.get(name)
        if hasattr(module, worker):
            patches.replace(getattr(module, worker), method, stopping)
