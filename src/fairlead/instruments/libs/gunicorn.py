"""gunicorn: a worker, after it was forked and has loaded its application, and before it stops.

The arbiter is left alone, also under `--preload`: a thread in it would not survive the fork, and
could hold a lock while it happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "gunicorn"
VERSIONS = ("20.1", "28")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook every kind of worker, through the class they stem from."""
    from gunicorn.workers.base import Worker

    def loaded(original: Callable[[Any], None]) -> Callable[[Any], None]:
        def load_wsgi(self: Any) -> None:
            original(self)
            plane.ensure_ready()
            plane.serving(LIBRARY, lambda: list(self.sockets))

        return load_wsgi

    def stopping(original: Callable[..., None]) -> Callable[..., None]:
        def handle(self: Any, sig: int, frame: Any) -> None:
            # In a signal handler, which is where this worker hears that it is to stop: leaving is
            # bounded, and takes no lock that the interrupted code may hold.
            plane.leaving()
            original(self, sig, frame)

        return handle

    patches.replace(Worker, "load_wsgi", loaded)
    patches.replace(Worker, "handle_exit", stopping)
    patches.replace(Worker, "handle_quit", stopping)
