"""The file that the workers of an app on one host count in: whose it is, and who of them lives.

A worker keeps a lock of the kernel on a byte of its own as long as it lives, so that others know of
its death at once, however it died, and whatever namespace its process number was of. What changes
the structure (a seat, a new cell, what a dead worker leaves) is done under the lock of byte 0.
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
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

# fmt: off
from fairlead.flow.layout import (  # isort: skip
    CUTS, FIRST, KIND, LAST, MASK, MOST_SEATS, NEXT_FREE, PACE, SEATS, SIZE, VERSION,
)
# fmt: on

BYTES = 16 << 20
"""How long a file is: it takes memory only as far as it is used."""
CHUNK = 256 << 10
MAGIC = 0x66_61_69_72_6C_65_61_64
ALLOCATED, CELLS = 5, 6
DIRECTORY, ENTRIES, ENTRY = 1024, 8192, 3
MOST_CELLS = ENTRIES * 3 // 4

STRUCTURE, VALUES, FIRST_SEAT = 0, 1, 64
"""Bytes that are locked; what is in them is something else."""

_WAITS = 700
"""How often somebody waits for a lock, about a millisecond each time."""

LONG_AGO = -(1 << 62)
REAP_NS = 100_000_000


class Unusable(Exception):
    """Why workers here do not count together."""


class Arena:
    """One file, mapped."""

    def __init__(self, path: str, boot: tuple[int, int], form: ModuleType, pause: Any) -> None:
        """Open or make the file at `path`, of the boot `boot`, for seats of `form`.

        `pause` sleeps for so many seconds. Raises Unusable.
        """
        self.path, self._boot, self._form, self._pause = path, boot, form, pause
        self._guard = RLock()
        self._own: set[int] = set()
        self._file: tuple[int, ...] = ()
        self._reaped = LONG_AGO
        self.stuck = False
        """Whether somebody keeps the lock who lives and does nothing."""
        with self._faults():
            self._open()

    def _open(self) -> None:
        for _ in range(_WAITS):
            self._fd = _opened(self.path)
            try:
                with self._structure():
                    status = os.fstat(self._fd)
                    if _whose(self.path, status):
                        self._map()
                        self._file = (status.st_dev, status.st_ino)
                        return
            except BaseException:
                os.close(self._fd)
                raise
            os.close(self._fd)  # the last worker was just leaving
        raise Unusable(f"{self.path} is made and removed all the time")

    def _map(self) -> None:
        size = os.fstat(self._fd).st_size
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

    @contextmanager
    def _structure(self) -> Iterator[None]:
        """Hold the lock of everything but values. Raises Unusable where it is not to be had."""
        if not self._guard.acquire(timeout=1.0):
            raise Unusable("another thread keeps what workers share")
        try:
            self._look_at_file()
            for _ in range(_WAITS):
                if self._lock(STRUCTURE):
                    break
                self._pause(0.001)
            else:
                raise Unusable(f"another process keeps {self.path}")
            try:
                yield
            finally:
                self._unlock(STRUCTURE)
        finally:
            self._guard.release()

    def _look_at_file(self) -> None:
        """Open the file anew where the application has closed it. Raises Unusable, OSError."""
        try:
            if self._is_ours(self._fd):
                return
        except OSError:
            pass
        fd = _opened(self.path)
        if not self._is_ours(fd):
            os.close(fd)
            raise Unusable(f"{self.path} was replaced")
        self._fd = fd

    def _is_ours(self, fd: int) -> bool:
        status = os.fstat(fd)
        return self._file in ((), (status.st_dev, status.st_ino))

    def _lock(self, byte: int) -> bool:
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except (BlockingIOError, PermissionError):  # as systems say it
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

    def sit(self) -> Any:
        """Return a seat for this process. Raises Unusable where there is none."""
        seat = self._form.Seat(self.view, 0, 0)
        seat.guard, seat.pause = RLock(), self._pause
        seat.lock_file, seat.unlock_file = self._lock_values, self._unlock_values
        with self._faults(), self._structure():
            self._take_place(seat)
        return seat

    def _take_place(self, seat: Any) -> None:
        for number in range(MOST_SEATS):
            if number in self._own or not self._lock(FIRST_SEAT + number):
                continue
            seat.number, seat.token = number, int.from_bytes(os.urandom(7), "big") | 1
            self._own.add(number)
            self.view[SEATS + number] = seat.token
            try:
                self._clean(seat, number)
            except BaseException:
                self._give_up(number)
                raise
            return
        raise Unusable(f"{MOST_SEATS} workers count there already")

    def _give_up(self, number: int) -> None:
        self.view[SEATS + number] = 0
        self._own.discard(number)
        self._unlock(FIRST_SEAT + number)

    def _lock_values(self) -> bool:
        try:
            return self._lock(VALUES)
        except OSError:  # somebody has closed it: `wait` will see
            return False

    def _unlock_values(self) -> None:
        with suppress(OSError):
            self._unlock(VALUES)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unusable(f"{self.path}: {error.strerror}") from error

    def _clean(self, seat: Any, gone: int) -> None:
        """Take back what the seat `gone` left; under the lock of the structure."""
        if seat.held_by() != gone + 1 or not seat.steal(gone + 1):
            self._hold(seat)
        else:
            self.view[CUTS] += 1
        seat.mend_all(gone + 1)
        seat.release()

    def _hold(self, seat: Any) -> None:
        """Take the lock of values, from a dead seat if it must be. Raises Unusable."""
        for _ in range(_WAITS):
            if seat.seize():
                return
            holder = seat.held_by()
            if holder and not self._lives(holder - 1) and seat.steal(holder):
                seat.mend_all(holder)
                self.view[CUTS] += 1
                return
            seat.linger()
        raise Unusable(f"a process that does nothing keeps {self.path}")

    def wait(self, seat: Any, tries: int) -> bool:
        """Let others finish, after so many tries; return whether to try again.

        Sees to it that the lock of a dead worker comes to be free, and sits down elsewhere where
        its seat was given away.
        """
        try:
            if self.view[SEATS + seat.number] != seat.token:
                with self._structure():
                    self._own.discard(seat.number)
                    self._take_place(seat)
                return True
            if self._free(seat, tries):
                self.stuck = False
                return tries < _WAITS
            if not self.stuck and tries < _WAITS:
                seat.linger()
                return True
        except (OSError, Unusable):
            pass  # it is as if somebody kept it
        self.stuck = True
        return False

    def _free(self, seat: Any, tries: int) -> bool:
        """Tell whether nobody keeps the values; whoever died with them keeps them no longer."""
        holder = seat.held_by()
        if holder and (self.stuck or tries) and not self._lives(holder - 1):
            with self._structure():
                self._hold(seat)
                seat.release()
            return True
        if holder or self._form.COMPILED:
            return not holder
        with seat.guard:
            if seat.depth or not self._lock_values():
                return False
            self._unlock(VALUES)
            return True

    def find(self, key: bytes, kind: int, words: int, mask: int) -> int:
        """Return where the cell of `key`, 16 bytes, is; made if there is none. Raises Unusable."""
        first, second = struct.unpack("=2q", key)
        view = self.view
        with self._faults(), self._structure():
            at = first % ENTRIES
            for _ in range(ENTRIES):
                entry = DIRECTORY + ENTRY * at
                if not view[entry + 2]:
                    place = self._allocate(kind, words, mask)
                    view[entry], view[entry + 1], view[entry + 2] = first, second, place
                    return place
                if (view[entry], view[entry + 1]) == (first, second):
                    return int(view[entry + 2])
                at = (at + 1) % ENTRIES
        raise Unusable(f"{self.path} is full")

    def _allocate(self, kind: int, words: int, mask: int) -> int:
        view = self.view
        place = view[NEXT_FREE]
        end = (place + words) * 8
        if end > BYTES or view[CELLS] >= MOST_CELLS:
            raise Unusable(f"{self.path} is full: {view[CELLS]} limits are counted there")
        while view[ALLOCATED] < end:
            os.posix_fallocate(self._fd, view[ALLOCATED], CHUNK)
            view[ALLOCATED] += CHUNK
        view[place : place + words] = memoryview(array("q", bytes(8 * words)))
        view[place + KIND], view[place + SIZE], view[place + MASK] = kind, words, mask
        if kind == PACE:
            view[place + LAST] = LONG_AGO
        view[NEXT_FREE] = place + words
        view[CELLS] += 1
        return int(place)

    def reap(self, seat: Any, now: int) -> bool:
        """Take back what dead workers hold, ten times a second at most; tell if there were any."""
        if self._reaped <= now < self._reaped + REAP_NS:
            return False
        self._reaped = now
        found = False
        with self._faults():
            for number in self._dead():
                with self._structure():
                    if self.view[SEATS + number] and not self._lives(number):
                        self._clean(seat, number)
                        self.view[SEATS + number] = 0
                        found = True
        return found

    def _dead(self) -> list[int]:
        sitting = [number for number in range(MOST_SEATS) if self.view[SEATS + number]]
        return [number for number in sitting if not self._lives(number)]

    def leave(self, seat: Any) -> None:
        """Take back what this seat holds; the last who leaves removes the file. Raises Unusable."""
        with self._faults(), self._structure():
            if self.view[SEATS + seat.number] == seat.token:
                self._clean(seat, seat.number)
                self._give_up(seat.number)
            if not any(map(self._lives, range(MOST_SEATS))) and self.is_there():
                os.unlink(self.path)

    def is_there(self) -> bool:
        """Tell whether this is the file that others would open."""
        try:
            status = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._file

    def abandon(self) -> None:
        """Let go of it in a forked process: what it maps stays mapped, as calls may yet end there.

        Nor may its file be closed later: with it would go the locks of a new one.
        """
        _KEPT.append(self)
        OPEN.pop(self.path, None)
        try:
            if self._is_ours(self._fd):
                os.close(self._fd)
        except OSError:
            pass


_KEPT: list[Arena] = []
OPEN: dict[str, Arena] = {}


def arena_at(path: str, boot: tuple[int, int], form: ModuleType, pause: Any) -> Arena:
    """Return the arena at `path`, one for all of a process. Raises Unusable."""
    found = OPEN.get(path)
    if found is None or not found.is_there():
        found = OPEN[path] = Arena(path, boot, form, pause)
    return found


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
