"""Takes away the files of workers that have all ended without a goodbye: kill -9, or uvicorn."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Collection
from contextlib import suppress

from fairlead.flow.arena import FIRST_SEAT, STRUCTURE
from fairlead.flow.layout import MOST_SEATS

MOST = 64
"""Files that are looked at."""


def sweep(folder: str, prefix: str, but: Collection[str]) -> None:
    """Remove the files in `folder` that begin with `prefix`, are ours, and have no worker.

    Not those that this process has (`but`): to close one would drop its locks.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        found = [entry.path for entry in entries if entry.name.startswith(prefix)]
        for path in found[:MOST]:
            if path not in but:
                with suppress(OSError):
                    _remove(path)


def _remove(path: str) -> None:
    """Remove a file where nobody sits. Raises OSError."""
    fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            return
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, STRUCTURE)
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, MOST_SEATS, FIRST_SEAT)
        there = os.stat(path, follow_symlinks=False)
        if (there.st_dev, there.st_ino) == (status.st_dev, status.st_ino):
            os.unlink(path)
    finally:
        os.close(fd)
