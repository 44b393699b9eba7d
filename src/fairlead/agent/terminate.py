"""Leave before dying, where SIGTERM would end the process at once (contract 4).

A server that handles SIGTERM itself is hooked at its own shutdown. Under one that does not, such as
`flask run`, the first SIGTERM deregisters and lets requests under way end while the server goes on;
then the signal takes its default action, and the exit status is that action's. A second SIGTERM
does not wait, unless it comes as a matter of course.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from fairlead.agent import native
from fairlead.agent.address import connections
from fairlead.agent.waking import Waker

if TYPE_CHECKING:
    from types import FrameType

    from fairlead.instruments.instrument import Handler

LINGER = 0.3
"""Seconds without a connection after which nobody is expected any more.

It covers the time that callers need to hear that the instance is gone.
"""

_LOOK = 0.05


class Farewell:
    """What happens on SIGTERM in a process that left it at its default."""

    def __init__(
        self,
        leave: Callable[[], None],
        drain: float,
        *,
        ports: Callable[[], frozenset[int]],
        endings: Iterable[Callable[[float], object]],
        insistent: Callable[[], bool],
    ) -> None:
        """Give requests `drain` seconds, once `leave` is done, before the process ends.

        `ports` tells where they have come in, also when nobody listens there any more; `endings`
        have servers let go of connections when the calls on them have ended. Where the sender is
        `insistent` only the first SIGTERM counts.
        """
        self._leave, self._seconds, self._ports = leave, drain, ports
        self._endings, self._insistent = endings, insistent
        self._called = self._over = False
        self.waker = Waker()
        self._installed: Handler | None = None

    def install(self) -> bool:
        """Take SIGTERM if nobody has, and if this is the thread that may; return whether it was."""
        try:
            if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
                return False
            self._installed = self.waker.hearing(self._on_signal, signal.SIGTERM)
            signal.signal(signal.SIGTERM, self._installed)
        except ValueError:
            return False  # not the main thread
        return True

    def forget(self) -> None:
        """Give SIGTERM back in a forked child: what it ends there is not our server."""
        self._called = self._over = False
        self.waker.forget()
        if self._installed and signal.getsignal(signal.SIGTERM) is self._installed:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._called:
            if self._insistent() and not self._over:
                return
            _die(number)
        self._called = True
        # On another thread: this one is the server's, and serves the requests that are to end.
        try:
            again = native.teller(number)
            native.spawn(lambda: self._depart(again))
        except RuntimeError:
            _die(number)

    def _depart(self, again: Callable[[], object]) -> None:
        try:
            self._leave()
            for end in list(self._endings):
                end(self._seconds)
            _drain(self._ports(), time.monotonic() + self._seconds)
        finally:
            self._over = True
            again()


def _drain(ports: frozenset[int], deadline: float) -> None:
    bell = native.Bell()
    now = quiet = time.monotonic()
    # By the looks that were taken: a machine that stands still for a moment has seen nobody go.
    while now < min(deadline, quiet + LINGER):
        bell.sleep(_LOOK)
        busy, now = connections(ports), time.monotonic()
        if busy:
            quiet = now


def _die(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # The first process of a container ignores a default action; it is to end all the same.
    os._exit(128 + number)
