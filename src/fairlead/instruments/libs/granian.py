"""granian: when a worker's application has started up, and before it closes its socket.

Its sockets are Rust's, one per worker at the same port, and are found among the process's
descriptors. A worker is a process; it ends on SIGTERM from its parent, as do we with a delay. Until
it has a handler it has its parent's, which ends nothing: ours come before anything that may wait.
Workers that are threads, of an interpreter without a global lock, are left alone.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
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
            event = original(loop)
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, Leaving(plane, event.set), number, None)
            plane.ensure_ready()
            return event

        return set_loop_signals

    def of_thread(original: Callable[[], Any]) -> Callable[[], Any]:
        def set_sync_signals() -> Any:
            event = original()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, plane.hearing(Leaving(plane, event.set), number))
            plane.ensure_ready()
            return event

        return set_sync_signals

    patches.replace(mp, "_new_cbscheduler", opening)
    patches.replace(_signals, "set_loop_signals", of_loop)
    patches.replace(_signals, "set_sync_signals", of_thread)


class Leaving:
    """A handler that leaves, serving all the while, and then stops; a second signal does not wait.

    The event may be set on any thread, but once only: from the third time on, granian's blocks
    until the first was taken, and lets no other thread run.
    """

    def __init__(self, plane: DataPlane, stop: Callable[[], None]) -> None:
        self._plane, self._stop = plane, stop
        self._called = self._stopped = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take the signal."""
        if self._called:
            self._end()
            return
        self._called = True
        self._plane.departing(self._end)

    def _end(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._stop()
