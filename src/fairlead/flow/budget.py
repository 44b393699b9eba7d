"""How many calls of one app may be repeated: so that a callee in trouble is not given more of it.

Two bounds hold, and both have to have room. At a time: a share of the calls under way, and some in
any case (Envoy's retry budget). In ten seconds: the same share of the calls that ended well, and as
many a second in any case (as gRPC's throttling, and Finagle's reserve). Where nearly everything
fails, repeating helps nobody; and calls that fail at once are hardly ever under way.

Who is called by somebody that repeats has no share, and only what is allowed in any case.

Who is refused tells those that it calls, for a while, that they are to repeat nothing either: of
several hops the first one repeats, and attempts do not multiply.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from fairlead.flow.noting import NO_BUDGET, REPEATED, Tell, unheard
from fairlead.policy.balance import Budget

WINDOW = 10
"""Seconds that are counted."""
SPENT = 1.0
"""Seconds for which a refusal is passed on."""


class Attempts:
    """Calls under way to one app, and how many of them are being repeated. Safe between threads."""

    def __init__(self, clock: Callable[[], float], tell: Tell = unheard) -> None:
        self._clock = clock
        self.tell = tell
        """Hears what happens to calls of the app."""
        self._lock = Lock()
        self._active = self._repeated = 0
        self._spent = -SPENT
        self._well = [0] * WINDOW
        self._repeats = [0] * WINDOW
        self._second = int(clock())
        self.rule = Budget()
        """What holds from now on."""

    def begin(self) -> None:
        """Count a call that begins."""
        with self._lock:
            self._active += 1

    def end(self, *, repeated: bool, well: bool) -> None:
        """Count a call that has ended `well` or not; it has been `repeated` if that was allowed."""
        with self._lock:
            self._move()
            self._well[self._second % WINDOW] += well
            self._active -= 1
            self._repeated -= repeated

    def allow(self, *, again: bool, inner: bool = False) -> bool:
        """Tell whether a call may be repeated; `again` for one that has been already.

        An `inner` one is made for a request that whoever sent it may repeat.
        """
        with self._lock:
            self._move()
            share = self.rule.percent / 100
            others = self._repeated - again
            most = self.rule.most
            if most is None:
                most = max(self.rule.least, 0 if inner else int(share * self._active))
            room = others < most
            total = sum(self._repeats)
            room = room and total < max(self.rule.least * WINDOW, share * sum(self._well))
            if not room:
                self._spent = self._clock()
                self.tell(NO_BUDGET)
                return False
            self.tell(REPEATED)
            self._repeated += not again
            self._repeats[self._second % WINDOW] += 1
            return True

    @property
    def spent(self) -> bool:
        """Whether somebody was refused a moment ago."""
        return self._clock() - self._spent < SPENT

    def _move(self) -> None:
        """Forget seconds that are too long ago."""
        now = int(self._clock())
        for second in range(max(self._second, now - WINDOW) + 1, now + 1):
            self._well[second % WINDOW] = self._repeats[second % WINDOW] = 0
        self._second = max(self._second, now)
