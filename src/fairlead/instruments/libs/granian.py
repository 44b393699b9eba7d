"""granian: when a worker's application has started up, and before it closes its socket.

Its sockets are Rust's, one per worker at the same port, and are found among the process's
descriptors. A worker is a process; it ends on SIGTERM from its parent, as do we with a delay.
Workers that are threads, of an interpreter without a global lock, are left alone.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "granian"
VERSIONS = ("2", "3")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what a worker does last before it serves, and its signals."""
    from granian import _signals
    from granian.server import mp

    def opening(original: Callable[..., Any]) -> Callable[..., Any]:
        def new_scheduler(*args: Any, **kwargs: Any) -> Any:
            plane.serving(LIBRARY, None, worker=True)
            return original(*args, **kwargs)

        return new_scheduler

    def of_loop(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def set_loop_signals(loop: Any) -> Any:
            plane.ensure_ready()
            event = original(loop)
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, Leaving(plane, event.set), number, None)
            return event

        return set_loop_signals

    def of_thread(original: Callable[[], Any]) -> Callable[[], Any]:
        def set_sync_signals() -> Any:
            plane.ensure_ready()
            event = original()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, Leaving(plane, event.set))
            return event

        return set_sync_signals

    patches.replace(mp, "_new_cbscheduler", opening)
    patches.replace(_signals, "set_loop_signals", of_loop)
    patches.replace(_signals, "set_sync_signals", of_thread)


class Leaving:
    """A handler that leaves, serving all the while, and then stops; a second signal does not wait.

    The event is set where granian would set it: on the main thread.
    """

    def __init__(self, plane: DataPlane, stop: Callable[[], None]) -> None:
        self._plane, self._stop = plane, stop
        self._called = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take the signal."""
        if self._called:
            self._stop()
            return
        self._called = True
        self._plane.departing(partial(os.kill, os.getpid(), number))
