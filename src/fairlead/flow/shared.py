# cython: boundscheck=False, wraparound=False, annotation_typing=False, cdivision=True
"""What the workers of an app count together, in memory that all of them map (ADR 12).

A `Cells` is what one gate has there: windows, turns, who is inside, breakers. All are tested, then
all are taken, under one lock of the whole arena. Compiled as the gate is (`gate.py`), with the
types of `shared.pxd`. Times are nanoseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    import cython
except ImportError:  # what stands for it
    from fairlead.flow.interpreted import cython

# fmt: off
from fairlead.flow.layout import (  # isort: skip
    BAD, BUSY, CLOSED, COUNT, CURRENT, FAR, GAUGE, GOOD, HALF_OPEN, LAST, MASK, MOST_PROBES,
    NEXT, OPEN, OWN, P_HOW, P_INCLUSIVE, P_KEEP, P_KIND, P_LEASE, P_LENGTH, P_LIMIT, P_MOVED,
    P_PLACE, P_PROBES, P_QUEUE, P_SERIAL, P_SLIDES, P_SLOW, P_STEP, P_STEPS, PACE, PASSED,
    PASSES, PROBES_AT, RING, RINGS_OF_BREAKERS, SEEN, SERIALS, SHUT, SLOW, STAGE, STATE, TAIL,
    TOTAL, UNDER, WIDTH, WINDOW,
)
# fmt: on
from fairlead.flow.log import NEVER

if TYPE_CHECKING:
    from fairlead.flow.seat import Seat


class Cells:
    """What one gate shares, as its rules want it; others may want it otherwise.

    In the order windows, turns, gauges, breakers. `inside` is written by the gate before each
    operation: how many of its calls are inside when it is done.
    """

    __slots__ = (
        "at", "gauges", "inside", "judges", "least", "leaves", "limits", "number", "numbers", "of",
        "paces", "picky", "ratios", "rules", "seat", "simulated", "since", "tight",
        "until", "windows",
    )  # fmt: skip

    def __init__(self, seat: Seat, numbers: Any, ratios: Any, rules: Any, judges: Any) -> None:
        """Count at `seat` by `numbers`, WIDTH words for each of `rules`, in the order above."""
        self.seat, self.rules, self.judges = seat, rules, judges
        self.numbers, self.ratios = numbers, ratios
        self.at: Any = self.seat.at
        self.of: Any = words(numbers) if cython.compiled else numbers  # type: ignore[name-defined]  # noqa: F821
        self.limits: Any = doubles(ratios) if cython.compiled else ratios  # type: ignore[name-defined]  # noqa: F821
        self.number = len(rules)
        kinds = [numbers[k * WIDTH + P_KIND] for k in range(len(rules))]
        self.windows = sum([kind <= WINDOW for kind in kinds])
        self.paces = sum([kind <= PACE for kind in kinds])
        self.gauges = sum([kind <= GAUGE for kind in kinds])
        """How many of the cells are of this kind, or of one before."""
        self.leaves = self.paces < self.number
        self.picky = any(judge is not None for judge in judges)
        """Whether the end of a call says something; whether a breaker says what an error is."""
        self.simulated = False
        self.inside = self.since = self.until = self.least = self.tight = 0
        """Between which times `tight`, a window, has no room for `least` calls or more."""

    def shut(self, n: int, now: int) -> bool:
        """Tell whether it is known without looking that a window has no room."""
        return self.since <= now < self.until and n >= self.least

    def first(self, kind: int) -> int:
        """Return the number of the first cell of a kind or a later one; kinds from 0 to 4."""
        if kind < 2:
            return 0 if kind < 1 else self.windows
        return self.paces if kind < 3 else self.gauges if kind < 4 else self.number

    def take(self, n: int, now: int) -> int:
        """Take `n` of all where each has room; return PASSES, or what forbids it."""
        if self.shut(n, now):
            return self.tight
        if not self.seat.seize():
            return BUSY
        try:
            now = self.seat.time(now)
            found = self.test(0, self.number, n, now, 0)
            if found == PASSES:
                self.count(n, now)
        finally:
            self.seat.release()
        return found

    def take_all(self, pools: tuple[Cells, ...], n: int, now: int, asked: int) -> int:
        """Take `n` of all of `pools`, of which this is one, or of none; see `take`.

        Which cell: its number, and 64 for each of the pools before.
        """
        seat = self.seat
        seat.wait = seat.after = 0
        if self.shut(n, now) and len(pools) == 1:
            return self.tight
        if not seat.seize():
            return BUSY
        try:
            now = seat.time(now)
            found = self.test_all(pools, n, now, asked)
            if found == PASSES:
                for cells in pools:
                    cells.count(n, now)
        finally:
            seat.release()
        return found

    def test_all(self, pools: tuple[Cells, ...], n: int, now: int, asked: int) -> int:
        """Return the first that has no room; see `take_all`."""
        for kind in range(4):
            for j in range(len(pools)):
                cells = pools[j]
                if cells.simulated:
                    continue  # it was asked before (`would`), and forbids nothing
                found = cells.test(cells.first(kind), cells.first(kind + 1), n, now, asked)
                if found != PASSES:
                    return found + 64 * j if found >= 0 else found
        return PASSES

    def would(self, n: int, now: int) -> int:
        """Return what forbids `n` calls, and take nothing; see `take`."""
        if not self.seat.seize():
            return BUSY
        try:
            found = self.test(0, self.number, n, self.seat.time(now), 1)
        finally:
            self.seat.release()
        return found

    def tell_inside(self) -> int:
        """Say how many are inside; return PASSES or BUSY."""
        if not self.seat.seize():
            return BUSY
        try:
            for k in range(self.paces, self.gauges):
                self.set_inside(self.of[k * WIDTH + P_PLACE])
        finally:
            self.seat.release()
        return PASSES

    def test(self, begin: int, end: int, n: int, now: int, asked: int) -> int:
        """Return the first of some cells that has no room, or PASSES; under the lock.

        Unless `asked`, SHUT for a turn to wait for and for a breaker that is not closed.
        """
        for k in range(begin, end):
            found = self._asks(k, k * WIDTH, n, now, asked)
            if found != PASSES:
                return found
        return PASSES

    def _asks(self, k: int, i: int, n: int, now: int, asked: int) -> int:
        kind = self.of[i + P_KIND]
        if kind == WINDOW:
            return PASSES if self._window_has_room(k, i, n, now) else k
        if kind == GAUGE:
            return PASSES if self._gauge_has_room(i, n) else k
        if kind == PACE:
            wait = self._wait_for_turn(i, n, now)
            if wait < 0:
                return k
            return SHUT if wait and not asked else PASSES
        if self.at[self.of[i + P_PLACE] + STATE] == CLOSED:
            return PASSES
        return SHUT if not asked else PASSES if self._breaker_lets(i, now) else k

    def _window_has_room(self, k: int, i: int, n: int, now: int) -> bool:
        at, of = self.at, self.of
        c = of[i + P_PLACE]
        length = of[i + P_LENGTH] if of[i + P_SLIDES] else 0
        self.seat.roll(c, c + RING, of[i + P_STEP], length, of[i + P_KEEP], now)
        if at[c + TOTAL] + n <= of[i + P_LIMIT]:
            return True
        self.since = now
        self.until = 0
        if at[c + TOTAL]:  # or it never has room for so many
            tail = at[c + TAIL]
            last = at[c + RING + 2 * (tail & at[c + MASK]) + 1]
            aligned = (tail + of[i + P_KEEP] + 1) * of[i + P_STEP]
            self.until = last + of[i + P_LENGTH] if of[i + P_SLIDES] else aligned
        self.least, self.tight = n, k
        return False

    def _wait_for_turn(self, i: int, n: int, now: int) -> int:
        """Return how long `n` calls wait for their turn, or -1; Pace in cells.py says the same."""
        at, of = self.at, self.of
        c = of[i + P_PLACE]
        if n > of[i + P_LIMIT]:
            self.seat.after = 0
            return -1
        at[c + FAR] = max(at[c + FAR], of[i + P_QUEUE])
        wait = max(0, self._turn(i, n, now) - now)
        if wait > of[i + P_QUEUE]:
            self.seat.after = wait - of[i + P_QUEUE]
            return -1
        return wait

    def _turn(self, i: int, n: int, now: int) -> int:
        at, of = self.at, self.of
        c = of[i + P_PLACE]
        last = at[c + LAST]
        if last > now + at[c + FAR]:
            last = now  # the clock went back
        if of[i + P_LENGTH] and last < now - of[i + P_LENGTH]:
            last = now - of[i + P_LENGTH]  # what idle time has saved up
        return last + n * of[i + P_STEP]  # type: ignore[no-any-return]

    def _gauge_has_room(self, i: int, n: int) -> bool:
        c = self.of[i + P_PLACE]
        others = self.at[c + TOTAL] - self.at[c + OWN + self.seat.number]
        return others + self.inside - 1 + n <= self.of[i + P_LIMIT]  # type: ignore[no-any-return]

    def _breaker_lets(self, i: int, now: int) -> bool:
        at, of = self.at, self.of
        c = of[i + P_PLACE]
        if at[c + STATE] == OPEN:
            return now >= at[c + NEXT]  # type: ignore[no-any-return]
        under, stage, steps, seen = at[c + UNDER], at[c + STAGE], of[i + P_STEPS], at[c + SEEN]
        # With none under way one may: who wants fewer now than ended well needs one to end.
        full = under and at[c + GOOD] + under >= of[i + P_PROBES]
        if (full or under >= MOST_PROBES) and not self.seat.drop_lost(c, now):
            return False
        above = steps - 1  # a share of the calls, rounded up
        if ((seen + 1) * stage + above) // steps > (seen * stage + above) // steps:
            return True
        at[c + SEEN] = seen + 1
        return False

    def count(self, n: int, now: int) -> None:
        """Take `n` of all; under the lock, after `test`."""
        at, of = self.at, self.of
        for k in range(self.number):
            i = k * WIDTH
            c = of[i + P_PLACE]
            kind = of[i + P_KIND]
            if kind == WINDOW:
                j = c + RING + 2 * (at[c + CURRENT] & at[c + MASK])
                at[j + 1] = now
                at[j] += n
                at[c + TOTAL] += n
                at[c + PASSED] += n
            elif kind == GAUGE:
                self.set_inside(c)
            elif kind == PACE:
                turn = self._turn(i, n, now)
                if turn > now:
                    self.seat.wait = max(self.seat.wait, turn - now)
                at[c + LAST] = turn if of[i + P_LENGTH] or turn > now else now
            elif at[c + STATE] != CLOSED:
                self.probe(i, now)

    def set_inside(self, c: int) -> None:
        """Say how many are inside here: what was missed before is made good."""
        at, own = self.at, c + OWN + self.seat.number
        at[c + TOTAL] += self.inside - at[own]
        at[own] = self.inside

    def probe(self, i: int, now: int) -> None:
        """Let a call try a breaker that is not closed."""
        at, of = self.at, self.of
        c = of[i + P_PLACE]
        if at[c + STATE] == OPEN:
            self.seat.drop_lost(c, NEVER)
            at[c + STAGE] = 1
            at[c + GOOD] = at[c + SEEN] = 0
            at[c + STATE] = HALF_OPEN
            of[i + P_MOVED] = 1
        at[c + SEEN] += 1
        at[c + SERIALS] += 1
        of[i + P_SERIAL] = at[c + SERIALS]
        for j in range(c + PROBES_AT, c + RINGS_OF_BREAKERS, 3):
            if not at[j]:
                at[j + 1] = now + of[i + P_LEASE]
                at[j + 2] = at[c + SERIALS]
                at[j] = self.seat.number + 1
                at[c + UNDER] += 1
                return

    def leave(self, rt: int, failed: bool, now: int, judged: int, found: int) -> int:  # noqa: FBT001
        """Count the end of a call; return PASSES, BUSY, or the last breaker that it has opened.

        Breakers that have `judged` it themselves, each a bit, go by what they `found`.
        """
        if not self.seat.seize():
            return BUSY
        try:
            found = self._leave(rt, failed, self.seat.time(now), judged, found)
        finally:
            self.seat.release()
        return found

    def _leave(self, rt: int, failed: bool, now: int, judged: int, found: int) -> int:  # noqa: FBT001
        moved = PASSES
        for k in range(self.paces, self.number):
            i = k * WIDTH
            if self.of[i + P_KIND] == GAUGE:
                self.set_inside(self.of[i + P_PLACE])
                continue
            bad = failed
            if self.of[i + P_HOW] == SLOW:
                bad = rt > self.of[i + P_SLOW]
            elif (judged >> k) & 1:
                bad = bool((found >> k) & 1)
            if self.ended(k, i, bad, now):
                moved = k
        return moved

    def ended(self, k: int, i: int, bad: bool, now: int) -> bool:  # noqa: FBT001
        """Count a call at a breaker that is closed; tell whether it has opened."""
        at, of = self.at, self.of
        c = of[i + P_PLACE]
        if at[c + STATE] != CLOSED:
            return False
        self.seat.roll(c, c + RINGS_OF_BREAKERS, of[i + P_STEP], 0, of[i + P_KEEP], now)
        j = c + RINGS_OF_BREAKERS + 2 * (at[c + CURRENT] & at[c + MASK])
        at[j] += 1
        at[j + 1] += bad
        at[c + TOTAL] += 1
        at[c + BAD] += bad
        total, wrong = at[c + TOTAL], at[c + BAD]
        if total < of[i + P_LIMIT] or not self._trips(k, i, wrong, total):
            return False
        at[c + NEXT] = now + of[i + P_LENGTH]
        at[c + STATE] = OPEN
        of[i + P_MOVED] = 1
        return True

    def _trips(self, k: int, i: int, wrong: int, total: int) -> bool:
        of, value = self.of, wrong * 1.0
        if of[i + P_HOW] != COUNT:
            value /= total
        if of[i + P_INCLUSIVE]:
            return value >= self.limits[k]  # type: ignore[no-any-return]
        return value > self.limits[k] or (of[i + P_HOW] == SLOW and wrong == total)

    def tried(self, k: int, serial: int, bad: bool, unknown: bool, now: int) -> int:  # noqa: FBT001
        """Hear how a probe ended, `unknown` if nobody can tell.

        Return the state that this led to, PASSES where it stays, BUSY where nothing was heard.
        """
        if not self.seat.seize():
            return BUSY
        try:
            found = self._tried(k * WIDTH, serial, bad, unknown, self.seat.time(now))
        finally:
            self.seat.release()
        return found

    def _tried(self, i: int, serial: int, bad: bool, unknown: bool, now: int) -> int:  # noqa: FBT001
        at, of = self.at, self.of
        c = of[i + P_PLACE]
        if not self.seat.answers(c, serial) or unknown:
            return PASSES
        if bad:
            at[c + NEXT] = now + of[i + P_LENGTH]
            at[c + STATE] = OPEN
            return OPEN
        at[c + GOOD] += 1
        if at[c + GOOD] < of[i + P_PROBES]:
            return PASSES
        at[c + STAGE] += 1
        at[c + GOOD] = at[c + SEEN] = 0
        if at[c + STAGE] <= of[i + P_STEPS]:
            return PASSES
        self.seat.drop_lost(c, NEVER)
        self.seat.clear(c, c + RINGS_OF_BREAKERS, now // of[i + P_STEP], of[i + P_STEP])
        at[c + STATE] = CLOSED
        return CLOSED
