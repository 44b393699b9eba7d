"""What every server's hook does at the door: ask whether the process has strength for a request.

It is asked before the application does anything for a request, its own middleware included: what
cannot be served has to cost little. A fault of ours lets the request pass.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from socket import IPPROTO_TCP
from time import monotonic
from typing import TYPE_CHECKING, Any

from fairlead.flow.overload.protection import PASSES
from fairlead.instruments.inbound import fault
from fairlead.instruments.rejections import told

if TYPE_CHECKING:
    from fairlead.flow.overload.protection import Verdict
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.passage import Passage

TCP_INFO, INFO_LENGTH, RECEIVED = 11, 56, slice(52, 56)
"""``struct tcp_info``, up to and with ``tcpi_last_data_recv`` (linux/tcp.h)."""


class Doorkeeper:
    """At the door of servers of one kind."""

    __slots__ = ("_plane", "_where", "protection")

    def __init__(self, plane: DataPlane, where: str) -> None:
        """Count faults as `where`."""
        self._plane, self._where = plane, where
        self.protection = plane.engine.overload

    def ask(
        self,
        passage: Passage,
        path: str,
        header: Callable[[str], str | None],
        socket: Callable[[], Any],
        *,
        lasts: bool = False,
    ) -> Verdict | None:
        """Return why a request does not come in, None where it does: its passage leaves then.

        `socket` returns the one that it came on, or None. Of one that `lasts`, a stream or a
        websocket, only its beginning is judged.
        """
        try:
            protection = self.protection
            waited = self._waited(socket) if protection.asks else 0.0
            now = monotonic()
            verdict = protection.enter(now, path, header, waited)
            if verdict is not None:
                return self._turned(verdict, passage)
            if lasts:
                protection.release(now)
            else:
                passage.door = protection, now
        except Exception:  # counted; the request goes through
            fault(self._plane, self._where)
        return None

    def ask_plainly(self, passage: Passage, path: str) -> Verdict | None:
        """Do the same for a request of which the protection, which is plain, asks nothing."""
        # Every request comes by here: nothing is done for one that it does not need.
        try:
            now = monotonic()
            verdict = self.protection.enter(now, path, _nothing, 0.0)
            if verdict is not None:
                return self._turned(verdict, passage)
            passage.door = self.protection, now
            passage.light = True  # until a gate says that rules wait for its end
        except Exception:  # counted; the request goes through
            fault(self._plane, self._where)
        return None

    def _turned(self, verdict: Verdict, passage: Passage) -> Verdict | None:
        """Tell of a request that does not simply come in; None where it does all the same."""
        if verdict is PASSES:
            return None
        told(self._plane, verdict)
        if passage.note is not None:
            passage.note.hear(verdict)
        return verdict if verdict.refused is not None else None

    def _waited(self, socket: Callable[[], Any]) -> float:
        """Return the seconds since the request arrived, as far as anybody knows.

        The kernel knows when the last bytes of a connection came: in its queue, in the server's, or
        in an event loop, a request has waited since. Else it has as long as the loop is late.
        """
        try:
            source = socket()
            if source is not None:
                told_of = source.getsockopt(IPPROTO_TCP, TCP_INFO, INFO_LENGTH)
                return int.from_bytes(told_of[RECEIVED], sys.byteorder) / 1000
        except (OSError, AttributeError, TypeError):
            pass  # no TCP, or a system without this
        return self.protection.load.lag


def _nothing(name: str) -> None:
    """Return no header."""


def nowhere() -> None:
    """Return no socket."""
