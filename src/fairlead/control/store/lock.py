"""One server per data directory: a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self


class DirectoryInUse(Exception):
    """The operator's fault: another server works on this data directory."""

    def __init__(self, directory: Path, pid: str) -> None:
        holder = f"the server with pid {pid}" if pid else "another server"
        super().__init__(
            f"data directory {directory} is in use by {holder}; "
            "stop it, or choose another --data-dir"
        )
        self.directory, self.pid = directory, pid


class DirectoryLock:
    """Holds ``DIR/lock``, which names the pid of its holder.

    The kernel drops the lock when the process ends, however it ends; the file stays.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, directory: Path) -> Self:
        """Lock `directory`. Raises DirectoryInUse, or OSError where it cannot be written."""
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise DirectoryInUse(directory, pid) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let the next server in."""
        os.close(self._descriptor)
