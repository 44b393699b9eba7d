"""Takes away the files of workers that have all ended without a goodbye: kill -9, or uvicorn."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import sys
from collections.abc import Collection
from contextlib import suppress

from fairlead.flow.layout import BYTES, MOST_SEATS
from fairlead.flow.mapped import FIRST_SEAT, MAGIC, STRUCTURE

MOST = 64
"""Files that are looked at."""


def sweep(folder: str, prefix: str, but: Collection[str]) -> None:
    """Remove what workers have left in `folder`: files named and made as ours that nobody has.

    `prefix` comes before what names an app. Not those that this process has (`but`): to close one
    would drop its locks.
    """
    ours = re.compile(re.escape(prefix) + r"[0-9a-f]{16}-[ci][0-9]+")
    with suppress(OSError), os.scandir(folder) as entries:
        found = [entry.path for entry in entries if ours.fullmatch(entry.name)]
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
        if not _begins_as_ours(fd, status.st_size):
            return
        there = os.stat(path, follow_symlinks=False)
        if (there.st_dev, there.st_ino) == (status.st_dev, status.st_ino):
            os.unlink(path)
    finally:
        os.close(fd)


def _begins_as_ours(fd: int, size: int) -> bool:
    """Tell whether a file is one of any version, or one whose maker died."""
    head = os.pread(fd, 8, 0)
    begun = head in (bytes(8), MAGIC.to_bytes(8, sys.byteorder))
    return not size or (size == BYTES and begun)
