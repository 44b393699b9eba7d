"""Where the workers of this app on this host count together.

All that have the same source of rules, app and clock, and nobody else: two control planes on one
host, or the tests of two checkouts, meet at different files.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.agent import native
from fairlead.agent.native import Bell
from fairlead.agent.notice import warn
from fairlead.agent.settings import Settings
from fairlead.flow.pooling import Pool

if TYPE_CHECKING:
    from fairlead.flow.gates import Gates

EVERY = 5.0
"""Seconds between two looks whether workers still count together."""

MEMORY = "/dev/shm"  # noqa: S108  names there are checked (flow/arena.py)
"""Where Linux has files in memory."""


def pool_of(settings: Settings) -> Pool | None:
    """Return where this process counts with others, None for one that shall not or has no app."""
    if not settings.app or settings.shared == "off":
        return None
    folder = MEMORY if settings.shared == "auto" else settings.shared
    names = (settings.source, settings.control, settings.namespace, settings.app, _clock())
    digest = blake2b("\0".join(names).encode(), digest_size=8).hexdigest()

    def where() -> str:
        # Now: a server may have given up its rights since it began.
        return f"{folder}/fairlead-{os.geteuid()}-{digest}"

    return Pool(where, _boot(), _pause, lambda why: warn(f"this process counts alone: {why}"))


def _pause(seconds: float) -> None:
    Bell().sleep(seconds)  # also where an application has made `time.sleep` another's


def _clock() -> str:
    """Return what names the clock: containers may have one of their own."""
    try:
        return os.readlink("/proc/self/ns/time")
    except OSError:
        return ""


def _boot() -> tuple[int, int]:
    """Return what names this boot of the host, with which its clock began."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        first, second = struct.unpack("=2q", bytes.fromhex(text.strip().replace("-", "")))
    except (OSError, ValueError, struct.error):
        return 0, 0
    return first, second


class Tender:
    """Looks every few seconds whether workers still count together, once they do or should."""

    def __init__(self, gates: Gates, fault: Callable[[str, Exception], object]) -> None:
        """`fault` hears of a fault of ours, which ends it."""
        self._gates, self._fault = gates, fault
        self._lock, self._bell = native.Lock(), Bell()
        self._runs = self._abandoned = False
        if gates.pool is not None:
            gates.pool.used = self.begin

    def look(self) -> None:
        """Begin where that is due already, as in a fork."""
        pool = self._gates.pool
        if pool is not None and (pool.arena is not None or pool.problem):
            self.begin()

    def begin(self) -> None:
        """Look from now on."""
        with self._lock:
            if self._runs or self._abandoned:
                return
            self._runs = True
        try:
            native.spawn(self._run)
        except Exception as error:
            self._fault("sharing", error)

    def abandon(self) -> None:
        """Let go of what the parent still uses: its thread is not in this process."""
        self._abandoned = True

    def stop(self) -> None:
        """End soon, for good."""
        self._abandoned = True
        self._bell.ring()

    def _run(self) -> None:
        try:
            while not self._abandoned:
                self._bell.sleep(EVERY)
                if not self._abandoned:
                    self._gates.tend()
        except Exception as error:
            self._fault("sharing", error)
