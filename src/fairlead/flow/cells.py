"""What a rule keeps that is more than a bookmark in a count. Asked under the gates' lock.

A cell tells without a trace whether a call may pass, and takes of what it keeps only when all other
rules let it pass as well.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Protocol

from fairlead.flow.hot import REJECTED, Hot, text_of
from fairlead.flow.refusal import AUTHORITY, HOT, QUEUE, RATE
from fairlead.flow.shape import WarmUpShape
from fairlead.policy.limit import Authority, HotLimit, RateLimit, Throttle

if TYPE_CHECKING:
    from fairlead.flow.gate import Gate

MS = 1_000_000
LONG_AGO, FARTHEST = -(1 << 62), 1 << 61
"""So far apart that the first call passes, and no other ever does."""

CONSTANT = "constant"
"""Source of the one value that every call has."""


class Cell(Protocol):
    """One rule at one gate. `about` is what it asked of the call before the lock was taken."""

    @property
    def reason(self) -> str:
        """Why it rejects."""
        ...

    def tune(self, rule: Any) -> None:
        """Judge by `rule` from now on, and keep what was counted."""

    def test(self, now: int, n: int, about: Any) -> int:
        """Return 0 where `n` calls may pass, how long they wait (ns) before, or REJECTED."""
        ...

    def take(self, now: int, n: int, about: Any) -> Any:
        """Count them; return what the call holds until it ends (`begin`, `end`), or None."""
        ...

    def after(self, now: int) -> int:
        """Return in how many nanoseconds there may be room; 0 where it cannot be known."""
        ...


class Callers:
    """The callers that may, or may not, pass (Authority)."""

    __slots__ = ("_rule",)

    reason = AUTHORITY

    def __init__(self, rule: Authority) -> None:
        self.tune(rule)

    def tune(self, rule: Authority) -> None:
        """See `Cell`."""
        self._rule = rule

    def test(self, now: int, n: int, about: str) -> int:
        """Let pass who has no name, and whoever the list is for."""
        del now, n
        passes = not about or (about in self._rule.names) == self._rule.allow
        return 0 if passes else REJECTED

    def take(self, now: int, n: int, about: str) -> None:
        """Keep nothing."""

    def after(self, now: int) -> int:
        """Never."""
        del now
        return 0


class Values:
    """The calls of each value (HotLimit)."""

    __slots__ = ("_asked", "_hot")

    reason = HOT

    def __init__(self, rule: HotLimit) -> None:
        self._hot = Hot(rule)

    def tune(self, rule: HotLimit) -> None:
        """See `Cell`."""
        self._hot.tune(rule)

    def test(self, now: int, n: int, about: Any) -> int:
        """See `Hot.test`."""
        self._asked = n, about
        return 0 if about is None else self._hot.test(now, n, about)

    def take(self, now: int, n: int, about: Any) -> Value | None:
        """See `Hot.take`."""
        held = None if about is None else self._hot.take(now, n, about)
        return None if held is None else Value(self._hot, held, n)

    def after(self, now: int) -> int:
        """Return when there may be room for the value that was tested last."""
        return self._hot.after(now, *self._asked)


def read(rule: HotLimit, value: Any) -> Any:
    """Return `value` in texts: what the application's objects do for it holds no lock of ours."""
    if isinstance(value, str):
        return value
    if rule.elements and isinstance(value, (list, tuple, set, frozenset)):
        return [text_of(element) for element in value]
    return text_of(value)


class Value:
    """A value that has a call under way."""

    __slots__ = ("_held", "_hot", "_n")

    def __init__(self, hot: Hot, held: Any, n: int) -> None:
        self._hot, self._held, self._n = hot, held, n

    def begin(self) -> None:
        """It counts from when it was let in."""

    def end(self, rt: int, failed: bool, outcome: Any, now: int) -> None:  # noqa: FBT001
        """Let the next one in."""
        del rt, failed, outcome, now
        self._hot.leave(self._held, self._n)


class Elsewhere:
    """Windows in the calls of another resource (RateLimit.related)."""

    __slots__ = ("_gate", "_rule", "_seen", "_windows")

    reason = RATE

    def __init__(self, rule: RateLimit, gate: Gate) -> None:
        """Read the windows of the rule that `gate` keeps (Watched)."""
        self._gate = gate
        self._seen: Any = None
        self._windows: list[Any] = []
        self.tune(rule)

    def tune(self, rule: RateLimit) -> None:
        """See `Cell`."""
        self._rule, self._seen = rule, None

    def test(self, now: int, n: int, about: Any) -> int:
        """Reject what would be over if it were called there."""
        del about
        gate = self._gate
        if gate.windows is not self._seen:
            self._seen = gate.windows
            self._windows = [w for w in gate.windows if w.rule.key == self._rule.key]
        for window, limit in zip(self._windows, self._rule.windows, strict=False):
            if window.used(gate.count, gate.log, now) + n > limit.threshold:
                return REJECTED
        return 0

    def take(self, now: int, n: int, about: Any) -> None:
        """Keep nothing: it is counted there."""

    def after(self, now: int) -> int:
        """Return when the first call there is old enough."""
        gate = self._gate
        free: int = min(window.frees(gate.count, gate.log) for window in self._windows)
        return max(0, free - now)


class Pace:
    """Calls at even distances, and those that wait for their turn (Throttle).

    Idle time is not saved up, except for `burst` calls; a call that gives up waiting leaves its
    turn empty.
    """

    __slots__ = ("_far", "_gate", "_last", "_rule", "_shape", "_wait", "reason")

    def __init__(self, rule: Throttle, gate: Gate) -> None:
        """Pace the calls of `gate`."""
        self._gate = gate
        self._last = LONG_AGO
        self._wait = self._far = 0
        self._shape: WarmUpShape | None = None
        self.tune(rule)

    def tune(self, rule: Throttle) -> None:
        """See `Cell`."""
        self._rule = rule
        self.reason = QUEUE if rule.queue_ms else RATE  # without a queue nobody has waited
        self._far = max(self._far, rule.queue_ms * MS)
        before, self._shape = self._shape, None
        if rule.warm_up is not None:
            self._shape = WarmUpShape(rule.threshold, rule.window_ms, rule.warm_up)
            self._shape.follow(before)

    def test(self, now: int, n: int, about: Any) -> int:
        """Return the wait for the turn of `n`; more than `queue_ms` is rejected."""
        del about
        rule = self._rule
        if not rule.threshold or n > max(rule.threshold, rule.burst):
            self._wait = 0
            return REJECTED
        self._wait = max(0, self._turn(now, n) - now)
        return REJECTED if self._wait > rule.queue_ms * MS else self._wait

    def take(self, now: int, n: int, about: Any) -> None:
        """Take the turn."""
        del about
        self._last = max(now, self._turn(now, n)) if self._rule.burst <= 1 else self._turn(now, n)

    def after(self, now: int) -> int:
        """Return when the queue is short enough for what was tested last."""
        del now
        return max(0, self._wait - self._rule.queue_ms * MS)

    def _turn(self, now: int, n: int) -> int:
        rule = self._rule
        last = self._last
        if last > now + self._far:
            last = now  # the clock went back
        if rule.burst > 1:
            last = max(last, now - int(rule.burst * self._cost(1, now)))
        return last + self._cost(n, now)

    def _cost(self, n: int, now: int) -> int:
        if self._shape is not None:
            return ceil(min(n / self._shape.allowed(self._gate.count, now) * 1000 * MS, FARTHEST))
        return ceil(min(n * self._rule.window_ms * MS / self._rule.threshold, FARTHEST))


class Turn:
    """A call that waits before it begins."""

    __slots__ = ("_gate",)

    def __init__(self, gate: Gate) -> None:
        gate.waiting += 1
        self._gate: Gate | None = gate

    def begin(self) -> None:
        """Wait no longer."""
        if self._gate is not None:
            self._gate.waiting -= 1
            self._gate = None

    def end(self, rt: int, failed: bool, outcome: Any, now: int) -> None:  # noqa: FBT001
        """Have ended, perhaps without having begun."""
        del rt, failed, outcome, now
        self.begin()
