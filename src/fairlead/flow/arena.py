"""Who of the workers on a host lives, and takes part in what they count.

A worker keeps a lock of the kernel on a byte of its own as long as it lives, so that others know of
its death at once, however it died, and whatever namespace its process number was of. What changes
the structure (a seat, a new cell, what a dead worker leaves) is done under the lock of byte 0
(`Mapped.change`).
"""

from __future__ import annotations

import os
from _thread import RLock
from contextlib import suppress
from types import ModuleType
from typing import Any

from fairlead.flow import directory
from fairlead.flow.layout import CUTS, MOST_SEATS, SEATS
from fairlead.flow.mapped import FIRST_SEAT, VALUES, WAITS, Mapped, Unusable

REAP_NS = 100_000_000
_LONG_AGO = -(1 << 62)


class Arena(Mapped):
    """One file, and the seats of this process there."""

    def __init__(self, path: str, boot: tuple[int, int], form: ModuleType, pause: Any) -> None:
        """Open or make the file at `path`, of the boot `boot`, for seats of `form`.

        `pause` sleeps for so many seconds. Raises Unusable.
        """
        self._form = form
        self._reaped = _LONG_AGO
        self.stuck = False
        """Whether somebody keeps the lock of values who lives and does nothing."""
        super().__init__(path, boot, pause)

    def sit(self) -> Any:
        """Return a seat for this process. Raises Unusable where there is none."""
        seat = self._form.Seat(self.view, 0, 0)
        seat.guard, seat.pause = RLock(), self._pause
        seat.lock_file, seat.unlock_file = self._lock_values, self._unlock_values
        with self._faults():
            self.change(self._take_place, seat)
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
        with suppress(OSError, ValueError):
            self._unlock(VALUES)

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
        for _ in range(WAITS):
            if seat.seize():
                self.stuck = False
                return
            holder = seat.held_by()
            if holder and not self._lives(holder - 1) and seat.steal(holder):
                seat.mend_all(holder)
                self.view[CUTS] += 1
                return
            if self.stuck:
                break
            seat.linger()
        self.stuck = True
        raise Unusable(f"a process that does nothing keeps {self.path}")

    def wait(self, seat: Any, tries: int) -> bool:
        """Let others finish, after so many tries; return whether to try again.

        Sees to it that the lock of a dead worker comes to be free, and sits down elsewhere where
        its seat was given away.
        """
        try:
            if self.view[SEATS + seat.number] != seat.token:
                self.change(self._move, seat)
                return True
            if self._free(seat, tries):
                self.stuck = False
                return tries < WAITS
            if not self.stuck and tries < WAITS:
                seat.linger()
                return True
        except (OSError, Unusable):
            pass  # it is as if somebody kept it
        self.stuck = True
        return False

    def _move(self, seat: Any) -> None:
        self._own.discard(seat.number)
        self._take_place(seat)

    def _take_from_dead(self, seat: Any) -> None:
        self._hold(seat)
        seat.release()

    def _free(self, seat: Any, tries: int) -> bool:
        """Tell whether nobody keeps the values; whoever died with them keeps them no longer."""
        holder = seat.held_by()
        if holder and (self.stuck or tries) and not self._lives(holder - 1):
            self.change(self._take_from_dead, seat)
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
        with self._faults():
            return self.change(directory.find, self, key, kind, words, mask)

    def reap(self, seat: Any, now: int) -> bool:
        """Take back what dead workers hold, ten times a second at most; tell if there were any."""
        if self._reaped <= now < self._reaped + REAP_NS:
            return False
        self._reaped = now
        found = False
        with self._faults():
            for number in self._dead():
                found |= self.change(self._buried, seat, number)
        return found

    def _buried(self, seat: Any, number: int) -> bool:
        if not self.view[SEATS + number] or self._lives(number):
            return False
        self._clean(seat, number)
        self.view[SEATS + number] = 0
        return True

    def _dead(self) -> list[int]:
        sitting = [number for number in range(MOST_SEATS) if self.view[SEATS + number]]
        return [number for number in sitting if not self._lives(number)]

    def leave(self, seat: Any) -> None:
        """Take back what this seat holds; the last who leaves removes the file. Raises Unusable."""
        with self._faults():
            self.change(self._left, seat)

    def _left(self, seat: Any) -> None:
        if self.view[SEATS + seat.number] == seat.token:
            self._clean(seat, seat.number)
            self._give_up(seat.number)
        if not any(map(self._lives, range(MOST_SEATS))) and self.is_there():
            os.unlink(self.path)

    def desert(self, seat: Any) -> None:
        """Leave a file that was taken away, when all that this process has there have."""
        with suppress(Unusable):
            self.leave(seat)
        self._own.discard(seat.number)
        if not self._own:
            self.abandon()

    def abandon(self) -> None:
        """Let go of it in a forked process: what it maps stays mapped, as calls may yet end there.

        Nor may its file be closed later: with it would go the locks of a new one.
        """
        _KEPT.append(self)
        if OPEN.get(self.path) is self:
            del OPEN[self.path]
        self.let_go()


_KEPT: list[Arena] = []
OPEN: dict[str, Arena] = {}


def arena_at(path: str, boot: tuple[int, int], form: ModuleType, pause: Any) -> Arena:
    """Return the arena at `path`, one for all of a process. Raises Unusable."""
    found = OPEN.get(path)
    if found is None or not found.is_there():
        found = OPEN[path] = Arena(path, boot, form, pause)
    return found
