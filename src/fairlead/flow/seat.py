# cython: boundscheck=False, wraparound=False, annotation_typing=False, cdivision=True
"""The place of a worker in the memory that it shares with others, and the lock of all of them.

Every total can be made anew from its parts, so that a worker may be killed between any two
instructions: whoever takes the lock from a dead one mends what it may have left. Compiled as the
gate is (`gate.py`), with the types of `seat.pxd`; no Python object is touched under the lock then.
"""

from __future__ import annotations

from typing import Any

try:
    import cython
except ImportError:  # what stands for it
    from fairlead.flow.interpreted import cython

# fmt: off
from fairlead.flow.layout import (  # isort: skip
    BAD, BREAKER, CURRENT, CUT, CUTS, EDGE, FIRST, GAUGE, KIND, LATE, LATEST, LOCK, MASK,
    MOST_SEATS, NEXT_FREE, OWN, PER_PROBE, PROBES_AT, RING, RINGS_OF_BREAKERS, SEATS, SIZE, STAGE,
    TAIL, TOTAL, UNDER, WINDOW,
)
# fmt: on
from fairlead.flow.log import UNKNOWN

COMPILED = bool(cython.compiled)


class Seat:
    """The place of one process in an arena, and the lock that all of them share."""

    __slots__ = (
        "after", "at", "depth", "guard", "lock_file", "memory", "number", "pause", "token",
        "unlock_file", "wait", "when",
    )  # fmt: skip

    def __init__(self, memory: Any, number: int, token: int) -> None:
        """Sit at `number` of the arena in `memory`, a view of signed words of 64 bits."""
        self.memory = memory
        self.number, self.token = number, token
        self.at: Any = words(memory) if cython.compiled else memory  # type: ignore[name-defined]  # noqa: F821
        self.guard: Any = None
        """Lock of this process's threads (interpreted)."""
        self.pause: Any = None
        self.lock_file: Any = None
        self.unlock_file: Any = None
        self.depth = 0
        self.wait = self.after = 0
        """Of the operation before: how long its call has to wait; in how long it may be tried."""
        self.when = 0
        """When it was: not before any other."""

    def seize(self) -> bool:
        """Take the lock, at once or not at all."""
        if cython.compiled:
            if not fairlead_grab(self.at + LOCK, self.number + 1):  # type: ignore[name-defined]  # noqa: F821
                return False
        elif not self._seize():
            return False
        if self.at[SEATS + self.number] != self.token:  # who lost its file locks counts as dead
            self.release()
            return False
        return True

    def _seize(self) -> bool:
        """Do the same (interpreted); a signal that comes between leaves nothing locked."""
        self.guard.acquire()
        had = False
        try:
            if not self.depth and not self.lock_file():
                return False
            if not self.depth and self.at[CUT]:
                self.mend_all(0)
                self.at[CUTS] += 1
            self.at[CUT] = self.number + 1
            self.depth += 1
            had = True
        finally:
            if not had:
                if not self.depth:
                    self.unlock_file()
                self.guard.release()
        return True

    def release(self) -> None:
        """Give it back."""
        if cython.compiled:
            fairlead_drop(self.at + LOCK)  # type: ignore[name-defined]  # noqa: F821
        else:
            self.depth -= 1
            if not self.depth:
                self.at[CUT] = 0
                self.unlock_file()
            self.guard.release()

    def held_by(self) -> int:
        """Return the number of the seat that holds the lock and 1 more; 0 for nobody (compiled)."""
        return self.at[LOCK] if cython.compiled else 0

    def linger(self) -> None:
        """Let others run until nobody holds the lock, for a millisecond or two at most."""
        if cython.compiled:
            fairlead_pause(self.at + LOCK)  # type: ignore[name-defined]  # noqa: F821
        else:
            self.pause(0.0005)

    def steal(self, holder: int) -> bool:
        """Take the lock from a dead seat; who does it sees to it that nobody else does."""
        found = False
        if cython.compiled:
            found = fairlead_replace(self.at + LOCK, holder, self.number + 1)  # type: ignore[name-defined]  # noqa: F821
        return found

    def time(self, now: int) -> int:
        """Return the time at which this counts: who read the clock earlier came later."""
        latest = self.at[LATEST]
        if now < latest < now + LATE:
            now = latest
        else:
            self.at[LATEST] = now
        self.when = now
        return now

    def roll(self, c: int, ring: int, step: int, length: int, keep: int, now: int) -> None:
        """Bring the ring of cell `c` up to `now`: `keep` parts before the current one count.

        With a `length`, those of which each call is that old do not.
        """
        at = self.at
        current, edge = at[c + CURRENT], at[c + EDGE]
        b = current
        if not edge - step <= now < edge:
            b = now // step
            if b < current and current - b <= at[c + MASK]:
                b = current  # who read the clock earlier came later
            elif b < current:
                self.clear(c, ring, b, step)  # the clock went back
                return
        if not at[c + TOTAL]:
            at[c + TAIL] = b
        elif current < b - keep:
            self.clear(c, ring, b, step)
            return
        else:
            self._forget(c, ring, b, b - keep, now - length if length else UNKNOWN)
        if b != current:
            at[c + CURRENT], at[c + EDGE] = b, (b + 1) * step

    def _forget(self, c: int, ring: int, b: int, first: int, old: int) -> None:
        """Leave out parts before `first`, and such as nobody has come to after `old`."""
        at = self.at
        tail, mask = at[c + TAIL], at[c + MASK]
        while tail < b:
            j = ring + 2 * (tail & mask)
            if at[j] and tail >= first and at[j + 1] > old:
                break
            if at[j]:
                at[c + TOTAL] -= at[j]
                if at[c + KIND] == BREAKER:
                    at[c + BAD] -= at[j + 1]
                at[j] = at[j + 1] = 0
            tail += 1
        at[c + TAIL] = tail

    def clear(self, c: int, ring: int, b: int, step: int) -> None:
        """Begin the ring of cell `c` anew with part `b`."""
        at = self.at
        for j in range(ring, ring + 2 * (at[c + MASK] + 1)):
            at[j] = 0
        at[c + TOTAL] = 0
        if at[c + KIND] == BREAKER:
            at[c + BAD] = 0
        at[c + TAIL] = at[c + CURRENT] = b
        at[c + EDGE] = (b + 1) * step

    def drop_lost(self, c: int, now: int) -> bool:
        """Forget the probes that should have ended by `now`, and say whether there were any."""
        at, lost = self.at, False
        for j in range(c + PROBES_AT, c + RINGS_OF_BREAKERS, PER_PROBE):
            if at[j] and at[j + 1] <= now:
                at[j] = 0
                at[c + UNDER] -= 1
                lost = True
        return lost

    def answers(self, c: int, serial: int) -> bool:
        """Forget a probe of ours that has ended, and say whether anybody waits for it."""
        at = self.at
        for j in range(c + PROBES_AT, c + RINGS_OF_BREAKERS, PER_PROBE):
            if at[j] == self.number + 1 and at[j + 2] == serial:
                at[j] = 0
                at[c + UNDER] -= 1
                return True
        return False

    def mend_all(self, gone: int) -> None:
        """Make every total anew from its parts, and take back what seat ``gone - 1`` holds.

        Under the lock; `gone` is 0 where nobody is. Doing it twice does no harm.
        """
        at = self.at
        c, end = FIRST, at[NEXT_FREE]
        while c < end and at[c + SIZE] > 0:
            if at[c + KIND] == GAUGE:
                self._mend_gauge(c, gone)
            elif at[c + KIND] == WINDOW:
                self._mend_ring(c, c + RING)
            elif at[c + KIND] == BREAKER:
                self._mend_ring(c, c + RINGS_OF_BREAKERS)
                self._mend_probes(c, gone)
            c += at[c + SIZE]

    def _mend_gauge(self, c: int, gone: int) -> None:
        at, total = self.at, 0
        if gone:
            at[c + OWN + gone - 1] = 0
        for j in range(c + OWN, c + OWN + MOST_SEATS):
            total += at[j]
        at[c + TOTAL] = total

    def _mend_ring(self, c: int, ring: int) -> None:
        at, total, bad = self.at, 0, 0
        for j in range(ring, ring + 2 * (at[c + MASK] + 1), 2):
            total += at[j]
            bad += at[j + 1]
        at[c + TOTAL] = total
        if at[c + KIND] == BREAKER:
            at[c + BAD] = bad

    def _mend_probes(self, c: int, gone: int) -> None:
        at, under = self.at, 0
        for j in range(c + PROBES_AT, c + RINGS_OF_BREAKERS, PER_PROBE):
            if at[j] == gone:
                at[j] = 0
            under += at[j] != 0
        at[c + UNDER] = under
        at[c + STAGE] = max(1, at[c + STAGE])
