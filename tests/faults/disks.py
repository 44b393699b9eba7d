"""Disks that are full: a small one of our own where the user may mount, a limit of sizes elsewhere.

With a limit a write fails with EFBIG (27) and not with ENOSPC (28); to who writes both are an error
of the disk, and nothing of the write is there.
"""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

SIZE = 2 << 20
"""Bytes of the small disk."""

_MOUNT = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"'


class Disk(Protocol):
    """The disk that one directory of one process is on."""

    def argv(self, command: Sequence[str]) -> list[str]:
        """Return what runs `command` with it."""

    def fill(self, pid: int) -> None:
        """Leave no room."""

    def free(self, pid: int) -> None:
        """Make room again."""


class SmallDisk:
    """A tmpfs over `directory`, in a mount namespace of the process alone."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def argv(self, command: Sequence[str]) -> list[str]:
        """Return what runs `command` with it."""
        self._directory.mkdir(parents=True, exist_ok=True)
        mount = ("unshare", "-m", "sh", "-c", _MOUNT, "sh", str(SIZE), str(self._directory))
        return [*mount, *command]

    def fill(self, pid: int) -> None:
        """Leave no room."""
        with suppress(OSError), self._ballast(pid).open("ab", buffering=0) as file:
            while True:
                file.write(bytes(512))

    def free(self, pid: int) -> None:
        """Make room again."""
        self._ballast(pid).unlink()

    def _ballast(self, pid: int) -> Path:
        # The mount is the process's own; its root leads to it.
        return Path(f"/proc/{pid}/root{self._directory}/ballast")


class Limit:
    """No file of the process may grow."""

    def argv(self, command: Sequence[str]) -> list[str]:
        """Return what runs `command` with it."""
        return list(command)

    def fill(self, pid: int) -> None:
        """Leave no room: for a file that is there, either."""
        _limit(pid, 0)

    def free(self, pid: int) -> None:
        """Make room again."""
        _limit(pid, resource.RLIM_INFINITY)


def _limit(pid: int, size: int) -> None:
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def mountable(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this user may mount in a namespace of its own."""
    try:
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"],
            env=dict(environ),
            capture_output=True,
            timeout=20,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0
