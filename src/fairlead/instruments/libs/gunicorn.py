"""gunicorn: a worker, after it was forked and has loaded its application, and before it stops.

The arbiter is left alone, also under `--preload`: a thread in it would not survive the fork, and
could hold a lock while it happens.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "gunicorn"
VERSIONS = ("20.1", "28")

OWN_SERVERS = frozenset({"GunicornWebWorker", "UvicornWorker"})
"""Workers that run a server with an instrument of its own: it knows when the application is up."""

DEPARTED = "_fairlead_departed"
"""In a worker: it has been told to stop, and is leaving or has left."""

QUEUE_SHARE = 0.5
"""Part of the graceful timeout in which a stopping worker still accepts whoever stands in line.

The arbiter kills it when the timeout is over; the rest is for requests under way.
"""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook every kind of worker, through the class they stem from."""
    from gunicorn.workers.base import Worker

    hooks = Hooks(plane)
    patches.replace(Worker, "load_wsgi", hooks.loading)
    patches.replace(Worker, "init_process", hooks.working)
    patches.replace(Worker, "handle_exit", hooks.retiring)
    patches.replace(Worker, "handle_quit", hooks.quitting)
    # Workers that hear of their end, or begin, without the class they stem from. Their modules are
    # imported after it, if at all.
    threads = getattr(sys.modules.get("gunicorn.workers.gthread"), "ThreadWorker", None)
    if threads is not None:
        patches.replace(threads, "handle_exit", hooks.retiring)
    asgi = getattr(sys.modules.get("gunicorn.workers.gasgi"), "ASGIWorker", None)
    if asgi is not None:
        patches.replace(asgi, "load_wsgi", hooks.preparing)
        patches.replace(asgi, "_get_ssl_context", hooks.opening)
        patches.replace(asgi, "handle_exit_signal", hooks.retiring)
        patches.replace(asgi, "handle_quit_signal", hooks.quitting)


class Hooks:
    """What is put around a worker's methods."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    def loading(self, original: Callable[[Any], None]) -> Callable[[Any], None]:
        """Serve once the application is loaded."""

        def load_wsgi(worker: Any) -> None:
            original(worker)
            self._prepare(worker)
            if OWN_SERVERS.isdisjoint(kind.__name__ for kind in type(worker).__mro__):
                self._serve(worker)

        return load_wsgi

    def preparing(self, original: Callable[[Any], None]) -> Callable[[Any], None]:
        """Be ready before the application starts up, and serve later."""

        def load_wsgi(worker: Any) -> None:
            original(worker)
            self._prepare(worker)

        return load_wsgi

    def opening(self, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Serve: this is asked for once the application has started up."""

        def get_ssl_context(worker: Any) -> Any:
            self._serve(worker)
            return original(worker)

        return get_ssl_context

    def working(self, original: Callable[[Any], None]) -> Callable[[Any], None]:
        """Hand over where a worker ends by itself, as under ``--max-requests``."""

        def init_process(worker: Any) -> None:
            original(worker)
            # The arbiter starts another. Where the arbiter is gone, so is the socket.
            if os.getppid() == worker.ppid:
                self._plane.handing_over()

        return init_process

    def retiring(self, original: Callable[..., None]) -> Callable[..., None]:
        """Leave, serving all the while, and then stop; a second signal does not wait."""

        def handle(worker: Any, *arguments: Any) -> None:
            if vars(worker).get(DEPARTED):
                original(worker, *arguments)
                return
            setattr(worker, DEPARTED, True)
            # Told by the same signal, on the main thread: a worker's flags are its own business.
            number = arguments[0] if arguments else signal.SIGTERM
            self._plane.departing(
                partial(os.kill, os.getpid(), number),
                queue=worker.cfg.graceful_timeout * QUEUE_SHARE,
            )

        return handle

    def quitting(self, original: Callable[..., None]) -> Callable[..., None]:
        """Leave and stop at once, as the signal asks: leaving is bounded.

        It takes no lock that the code may hold which the signal has interrupted.
        """

        def handle(worker: Any, *arguments: Any) -> None:
            self._plane.leaving()
            original(worker, *arguments)

        return handle

    def _prepare(self, worker: Any) -> None:
        self._plane.replaced = partial(_is_replaced, worker)
        self._plane.ensure_ready()

    def _serve(self, worker: Any) -> None:
        self._plane.serving(LIBRARY, lambda: list(worker.sockets))


def _is_replaced(worker: Any) -> bool:
    """Tell whether the arbiter goes on: it then keeps the socket, as after SIGHUP.

    An arbiter that stops closes its sockets before it tells its workers.
    """
    folder = f"/proc/{worker.ppid}/fd"
    try:
        own = {f"socket:[{os.fstat(one.fileno()).st_ino}]" for one in worker.sockets}
        names = os.listdir(folder)
    except OSError:
        return False  # it is gone, or another user's
    for name in names:
        with suppress(OSError):  # closed meanwhile
            if os.readlink(f"{folder}/{name}") in own:
                return True
    return False
