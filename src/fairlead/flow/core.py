"""What all gates of a process share: their clock, their lock, and who hears of breakers."""

from __future__ import annotations

from _thread import RLock
from collections import deque
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fairlead.flow.form import pooled
from fairlead.policy.rule import Rule

if TYPE_CHECKING:
    from fairlead.flow.pooling import Pool

Clock = Callable[[], int]
"""Nanoseconds that never go back."""

Listener = Callable[[Rule, str, str, str], None]
"""Hears of a breaker: its rule, the resource, the state before and the one from now on."""


def _nothing(gate: Any) -> None:
    pass


class Core:
    """One for all gates of a process."""

    __slots__ = (
        "clock", "faults", "form", "listener", "lock", "pool", "skipped", "told", "verdict", "wake",
    )  # fmt: skip

    def __init__(
        self,
        form: ModuleType,
        clock: Clock | None,
        listener: Listener | None,
        pool: Pool | None = None,
    ) -> None:
        """Begin with a lock that one thread may take twice: a finalizer may end a call anywhere."""
        self.form = form
        """What gates and entries are made by (flow/form.py)."""
        self.lock = RLock()
        self.clock = clock
        self.listener = listener
        self.told: deque[tuple[Rule, str, str, str]] = deque()
        """Changes of breakers that nobody has heard of yet."""
        self.faults = 0
        """Listeners that failed."""
        self.pool = pool
        """Where workers count together; None where each counts for itself."""
        if pool is not None:
            pool.made_by(*pooled(form))
        self.verdict: Any = None
        """What the last long way has met there: the cells that it asked, and what they said."""
        self.skipped = 0
        """Calls that were not counted there: somebody kept the lock who did nothing."""
        self.wake: Callable[[Any], None] = _nothing
        """Told of a gate whose first call comes, under the lock (flow/fitting.py)."""

    def begin_again(self) -> Core:
        """Return one for a forked process, in which nobody holds the lock."""
        core = Core(self.form, self.clock, self.listener, self.pool)
        core.wake = self.wake
        return core

    def hear(self, rule: Rule, resource: str, before: str, after: str) -> None:
        """Keep a change until no lock is held."""
        if self.listener is not None:
            self.told.append((rule, resource, before, after))

    def tell(self) -> None:
        """Tell the listener what has been heard, in order."""
        while self.listener is not None:
            try:
                change = self.told.popleft()
            except IndexError:
                return
            try:
                self.listener(*change)
            except Exception:  # a listener's fault is no call's
                self.faults += 1
