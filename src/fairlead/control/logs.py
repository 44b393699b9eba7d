"""The log of the control plane: written where it takes no time, and dropped where it would.

Everything runs on one event loop: a line that nobody reads must not stop it.
"""

from __future__ import annotations

import logging
import os

from fairlead.telemetry.room import MOST, has_room


class Unhurried(logging.Handler):
    """Writes records to a descriptor; how many were dropped is said with the next one."""

    def __init__(self, descriptor: int = 2) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`, or drop it."""
        try:
            text = self.format(record)
            if self._dropped:
                text = f"{text} ({self._dropped} lines before it were dropped)"
            if not has_room(self._descriptor):
                self._dropped += 1
                return
            os.write(self._descriptor, f"{text}\n".encode("utf-8", "replace")[-MOST:])
            self._dropped = 0
        except OSError:
            self._dropped += 1  # closed, or on a disk that is full
        except Exception:
            self.handleError(record)
