"""Write the access log: to standard error or to a file, from a thread of its own.

No request waits for whoever reads it: where there is no room, lines wait in a queue that has an
end. A file is opened anew when it was moved away, as programs that rotate logs do.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fairlead.agent import native
from fairlead.protocols.watch.report import RequestReport
from fairlead.telemetry.access_log import AccessLog, Line, plain_line
from fairlead.telemetry.room import MOST, has_room

if TYPE_CHECKING:
    from fairlead.instruments.observing import Observing
    from fairlead.protocols.watch.codec import Telemetry

STDERR = "stderr"
"""The setting that is no path."""

PAUSE = 0.2
"""Seconds between two looks for lines."""

Whose = Callable[[], dict[str, Any]]
"""Says whose lines these are: app, namespace, instance."""


class Access:
    """The access log of one process: what it is to have, and who writes it."""

    def __init__(
        self,
        target: str,
        observing: Observing,
        wanted: Callable[[], Telemetry],
        whose: Whose,
    ) -> None:
        """Write to `target`, ``""`` for nowhere; what is `wanted` the control plane says."""
        self._observing, self._wanted = observing, wanted
        self.writer = AccessWriter(target, observing.log, whose) if target else None
        observing.log.writes = bool(target)

    def start(self) -> None:
        """Write what there is to write, from now on."""
        self.look()
        if self.writer is not None:
            self.writer.start()

    def look(self) -> None:
        """Take in what the control plane wants."""
        wanted, log = self._wanted(), self._observing.log
        log.share, log.tap = wanted.access_log, wanted.tap
        self._observing.look()

    def requests(self) -> tuple[RequestReport, ...]:
        """Return the requests that are to be shown."""
        return tuple(
            RequestReport(
                at=round(one.at, 3),
                lane=one.lane,
                method=one.method,
                interface=one.interface,
                status=one.status,
                seconds=round(one.seconds, 6),
                caller=one.caller,
                trace=one.trace,
                rule=one.rule,
                reason=one.reason,
                simulated=one.simulated,
            )
            for one in self._observing.log.shown()
        )

    def stop(self) -> None:
        """Write what waits."""
        if self.writer is not None:
            self.writer.stop()

    def abandon(self) -> None:
        """Leave the parent's lines to the parent, in a forked process."""
        if self.writer is not None:
            self.writer.abandon()


class AccessWriter:
    """Writes the lines of one process."""

    def __init__(self, target: str, log: AccessLog, whose: Whose) -> None:
        """Write to `target`, which is STDERR or a path. Nothing starts yet."""
        self._target, self._log, self._whose = target, log, whose
        self._descriptor = -1
        self._bell = native.Bell()
        self._busy = native.Lock()
        self._started = self._stopped = False
        self.problem = ""
        """Why lines are not written."""

    def start(self) -> None:
        """Write from now on."""
        if not self._started:
            self._started = True
            native.spawn(self._run)

    def stop(self) -> None:
        """Write what waits, as far as there is room, and end the thread."""
        if self._started and not self._stopped:
            self._stopped = True
            self._bell.ring()
            self.flush()

    def abandon(self) -> None:
        """Let go of the parent's file, in a forked process."""
        self._stopped = True
        self._close()

    def _run(self) -> None:
        while not self._stopped:
            self._bell.sleep(PAUSE)
            self.flush()

    def flush(self) -> None:
        """Write what waits, as long as that takes no time."""
        with self._busy:
            try:
                self._open()
                while self._descriptor >= 0 and has_room(self._descriptor):
                    part = self._part()
                    if not part:
                        return
                    os.write(self._descriptor, part)
                    self.problem = ""
            except Exception as error:  # told by doctor; the application goes on
                self.problem = f"{self._target}: {error}"
                self._close()

    def _part(self) -> bytes:
        """Return lines that a pipe with room takes at once: they are written whole."""
        whose, size = self._whose(), 0
        found: list[bytes] = []
        while (line := self._log.taken()) is not None:
            text = _text(line, whose)
            if found and size + len(text) > MOST:
                self._log.put_back(line)
                break
            found.append(text)
            size += len(text)
        return b"".join(found)

    def _open(self) -> None:
        if self._target == STDERR:
            self._descriptor = -1 if sys.__stderr__ is None else 2
            return
        if self._descriptor >= 0 and self._is_current():
            return
        self._close()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._descriptor = os.open(self._target, flags, 0o640)

    def _is_current(self) -> bool:
        ours = os.fstat(self._descriptor)
        if not stat.S_ISREG(ours.st_mode):
            return True
        try:
            theirs = os.stat(self._target)
        except FileNotFoundError:
            return False
        return (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor > 2:
            os.close(descriptor)


def _text(line: Line, whose: dict[str, Any]) -> bytes:
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds")
    plain = {"time": at.replace("+00:00", "Z"), **plain_line(line, whose)}
    return json.dumps(plain, separators=(",", ":")).encode()[: MOST - 1] + b"\n"
