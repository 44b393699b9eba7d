"""The file that the workers of an app on one host count in: whose it is, its memory, its locks.

Memory is allocated before it is used, so that a full file system is an error and no signal. A file
that is not as we make it is left alone, and each process counts for itself.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import stat
import struct
from _thread import RLock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fairlead.flow.layout import BYTES, FIRST, MOST_SEATS, VERSION

CHUNK = 256 << 10
MAGIC = 0x66_61_69_72_6C_65_61_64
ALLOCATED, CELLS = 5, 6
"""Words of the head: how many bytes have memory, how many cells there are."""

STRUCTURE, VALUES, FIRST_SEAT = 0, 1, 64
"""Bytes that are locked; what is in them is something else."""

WAITS = 700
"""How often somebody waits for a lock, about a millisecond each time."""

T = TypeVar("T")


class Unusable(Exception):
    """Why workers here do not count together."""


class Full(Unusable):
    """No more limits have room."""


class Mapped:
    """One file, mapped."""

    def __init__(self, path: str, boot: tuple[int, int], pause: Callable[[float], object]) -> None:
        """Open or make the file at `path`, of the boot `boot`.

        `pause` sleeps for so many seconds. Raises Unusable.
        """
        self.path, self._boot, self._pause = path, boot, pause
        self._guard = RLock()
        self._changing = False
        self._own: set[int] = set()
        """Seats that this process has."""
        self._fd = -1
        self._file: tuple[int, ...] = ()
        self.kept = False
        """Whether another process keeps the lock of the structure, as far as is known: nobody waits
        for it a second time."""
        with self._faults():
            self._open()

    def _open(self) -> None:
        for _ in range(WAITS):
            self._fd = _opened(self.path)
            try:
                if self.change(self._is_made):
                    return
            except BaseException:
                os.close(self._fd)
                raise
            os.close(self._fd)  # the last worker was just leaving
        raise Unusable(f"{self.path} is made and removed all the time")

    def _is_made(self) -> bool:
        status = os.fstat(self._fd)
        if not _whose(self.path, status):
            return False
        self._map(status.st_size)
        self._file = (status.st_dev, status.st_ino)
        return True

    def _map(self, size: int) -> None:
        head = os.pread(self._fd, 40, 0)
        if size not in (0, BYTES):
            raise Unusable(f"{self.path} is {size} bytes long, and no file of ours")
        if size == 0 or head[:8] == bytes(8):  # new, or whoever made it died
            self._make()
        else:
            magic, version, length, *boot = struct.unpack("=5q", head)
            if (magic, version, length) != (MAGIC, VERSION, BYTES):
                raise Unusable(f"{self.path} does not begin as a file of ours")
            if tuple(boot) != self._boot:
                if any(map(self._lives, range(MOST_SEATS))):
                    raise Unusable(f"{self.path} is in use by processes of another boot")
                self._make()
        self._mapped = mmap.mmap(self._fd, BYTES)
        self.view = memoryview(self._mapped).cast("q")

    def _make(self) -> None:
        try:
            os.ftruncate(self._fd, 0)
            os.posix_fallocate(self._fd, 0, CHUNK)
            os.ftruncate(self._fd, BYTES)
        except OSError:
            os.ftruncate(self._fd, 0)
            raise
        head = struct.pack("=9q", 0, VERSION, BYTES, *self._boot, CHUNK, 0, 0, FIRST)
        os.pwrite(self._fd, head, 0)
        os.pwrite(self._fd, struct.pack("=q", MAGIC), 0)

    def change(self, act: Callable[..., T], *args: Any) -> T:
        """Do something under the lock of everything but values. Raises Unusable, OSError.

        What comes in between (a handler of a signal, a finalizer) may raise after each call, and
        may come here: it finds the lock taken, and leaves it as it was.
        """
        with self._guard:
            if self._changing:
                raise Unusable(f"{self.path} is being changed by who was interrupted")
            try:
                self._changing = True
                self._look_at_file()
                self._await()
                return act(*args)
            finally:
                self._changing = False
                try:  # noqa: SIM105
                    # At once, not by a function of ours: a handler could raise as that begins.
                    fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, STRUCTURE)
                except (OSError, ValueError):
                    pass  # it was closed, and its locks with it

    def _await(self) -> None:
        for _ in range(WAITS):
            if self._lock(STRUCTURE):
                self.kept = False
                return
            if self.kept:
                break
            self._pause(0.001)
        self.kept = True
        raise Unusable(f"another process keeps {self.path}")

    def _look_at_file(self) -> None:
        """See that the file is as it was, opened anew where the application has closed it.

        Raises Unusable, OSError.
        """
        try:
            ours = self._is_ours(self._fd)
        except OSError:
            ours = False
        if not ours:
            fd = _opened(self.path)
            if not self._is_ours(fd):
                os.close(fd)
                raise Unusable(f"{self.path} was replaced")
            self._fd = fd
        if self._file:
            self._judge(os.fstat(self._fd))

    def _judge(self, status: os.stat_result) -> None:
        """See that what is mapped is all there, and still nobody else's. Raises Unusable."""
        _whose(self.path, status)
        if status.st_size != BYTES:  # to read what is gone would be the end of the process
            raise Unusable(f"{self.path} is {status.st_size} bytes long, and was {BYTES}")
        if self.view[0] != MAGIC:
            raise Unusable(f"{self.path} does not begin as a file of ours any more")

    def _is_ours(self, fd: int) -> bool:
        status = os.fstat(fd)
        return self._file in ((), (status.st_dev, status.st_ino))

    def _lock(self, byte: int) -> bool:
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except (BlockingIOError, PermissionError, ValueError):  # as systems say it, or it is closed
            return False
        return True

    def _unlock(self, byte: int) -> None:
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, byte)

    def _lives(self, number: int) -> bool:
        """Tell whether the process at a seat lives."""
        if number in self._own:
            return True  # a lock of our own we would get again, and lose
        if not self._lock(FIRST_SEAT + number):
            return True
        self._unlock(FIRST_SEAT + number)
        return False

    def reserve(self, end: int) -> None:
        """Have memory for the first `end` bytes; under the lock. Raises OSError."""
        while self.view[ALLOCATED] < end:
            os.posix_fallocate(self._fd, self.view[ALLOCATED], CHUNK)
            self.view[ALLOCATED] += CHUNK

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unusable(f"{self.path}: {error.strerror}") from error

    def is_there(self) -> bool:
        """Tell whether this is the file that others would open."""
        try:
            status = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._file

    def let_go(self) -> None:
        """Close the file, and with it give up all locks of this process; it stays mapped."""
        fd, self._fd = self._fd, -1
        try:
            if self._is_ours(fd):
                os.close(fd)
        except OSError:
            pass


def _opened(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    fd = os.open(path, flags, 0o600)
    if fd > 2:
        return fd
    try:  # or who opens its standard streams anew would close it
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(fd)


def _whose(path: str, status: os.stat_result) -> bool:
    """Tell whether the file is still there. Raises Unusable where it is not ours alone."""
    if not stat.S_ISREG(status.st_mode):
        raise Unusable(f"{path} is no file")
    if status.st_uid != os.geteuid():
        raise Unusable(f"{path} is user {status.st_uid}'s")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Unusable(f"{path} may be used by others, too: chmod 600 it")
    if status.st_nlink > 1:
        raise Unusable(f"{path} has another name, too")
    return status.st_nlink == 1
