"""A resource is given up while too many of its calls are bad, and is tried again with a few.

Closed, it keeps bookmarks in what its gate counts. Open, it lets nothing pass until its time has
come. Half-open, it lets probes pass: not more than are needed are under way at a time, a bad one
opens it again, enough good ones in each step close it. A probe that does not end loses its place,
and what becomes of it later says nothing. Only probes decide while it is half-open.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlead.flow.log import NEVER
from fairlead.flow.result import Judge, judge
from fairlead.flow.window import forget
from fairlead.policy.breaker import ERROR_COUNT, SLOW_RATIO, CircuitBreaker

if TYPE_CHECKING:
    from fairlead.flow.gate import Gate

MS = 1_000_000
LEASE_MS = 60_000

CLOSED, OPEN, HALF_OPEN = 0, 1, 2
NAMES = ("closed", "open", "half_open")


class Trial:
    """How far an attempt to close a breaker again has come."""

    __slots__ = ("good", "seen", "stage", "under_way")

    def __init__(self) -> None:
        self.stage = 1
        self.good = 0
        """Probes of this stage that ended well."""
        self.seen = 0
        """Calls of this stage that came."""
        self.under_way: dict[Probe, int] = {}
        """Until when each may last."""


class Size(NamedTuple):
    """What a rule comes to; one for all its gates."""

    step: int
    """Length of a bucket, in nanoseconds."""
    buckets: int
    slow_ns: int
    judge: Judge | None
    """What tells an error, where that is not what is usual."""


class Breaker:
    """The breaker of one rule at one gate."""

    __slots__ = (
        "bad", "base", "base_bad", "due", "edge", "marks", "next", "rule", "size", "start",
        "state", "trial",
    )  # fmt: skip

    def __init__(self, rule: CircuitBreaker) -> None:
        """Begin closed, with nothing counted."""
        self.state = CLOSED
        self.next = 0
        """When it may be tried again."""
        self.trial: Trial | None = None
        self.bad = 0
        self.base = self.base_bad = 0
        self.marks: array[int] | None = None
        """Of each bucket in which calls ended: its start, and what had ended and was bad then."""
        self.start = 0
        self.size = _size(rule)
        self.tune(rule)

    def tune(self, rule: CircuitBreaker) -> None:
        """Judge by `rule` from now on; a window of another length begins anew."""
        before, self.rule, self.size = self.size, rule, _size(rule)
        if before[:2] != self.size[:2]:
            self.marks = None
        self.due = self.edge = 0
        """When it has to be asked though a call was good: at this count of ended calls, or time."""

    def move(self, gate: Gate, by: int) -> None:
        """Go on in the counts of `gate`, where so many calls more have ended."""
        self.base += by
        for i in range(1, len(self.marks or ()), 3):
            self.marks[i] += by  # type: ignore[index]
        self.due = self.edge = 0
        for probe in self.trial.under_way if self.trial is not None else ():
            probe.gate = gate

    @property
    def picky(self) -> bool:
        """Whether it says itself what an error is."""
        return self.size.judge is not None

    @property
    def slow_ns(self) -> int:
        """A call that takes longer is looked at at once."""
        return self.size.slow_ns

    def end(self, gate: Gate, rt: int, failed: bool, outcome: Any, now: int) -> None:  # noqa: FBT001
        """Count a call that has ended, and open if it was one too many."""
        if self.state:
            self.due = self.edge = NEVER
            return
        if self.marks is None or not self.start - self._length() <= now < self.edge:
            self._roll(gate.ended - 1, now)
        if self._is_bad(rt, failed, outcome):
            self.bad += 1
        total = gate.ended - self.base
        least = self.rule.min_requests
        self.due = self.base + least if total < least else NEVER
        if total >= max(1, least) and self._trips(self.bad - self.base_bad, total):
            self._open(gate, now)

    def wait(self, now: int) -> int:
        """Return how long a call has to wait for it, in nanoseconds, or -1 if it may pass."""
        if self.state == CLOSED:
            return -1
        if self.state == OPEN:
            recovery = self.rule.recovery_ms * MS
            self.next = min(self.next, now + recovery)  # the clock may have gone back
            return self.next - now if now < self.next else -1
        return -1 if self.trial is None or self._has_room(self.trial, now) else 0

    def probe(self, gate: Gate, now: int) -> Probe:
        """Let a call pass to try it."""
        if self.trial is None:
            self.trial = Trial()
            self._move(gate, HALF_OPEN)
        trial = self.trial
        trial.seen += 1
        probe = Probe(self, gate)
        lease = self.rule.lease_ms or max(self.rule.recovery_ms, LEASE_MS)
        trial.under_way[probe] = now + lease * MS
        return probe

    def roll_back(self, gate: Gate) -> None:
        """Say that it was tried and another breaker did not let the probe pass."""
        if self.state == OPEN:
            gate.core.hear(self.rule, gate.resource, NAMES[OPEN], NAMES[HALF_OPEN])
            gate.core.hear(self.rule, gate.resource, NAMES[HALF_OPEN], NAMES[OPEN])

    def tried(self, probe: Probe, rt: int, failed: bool, outcome: Any, now: int) -> None:  # noqa: FBT001
        """Hear how a probe ended."""
        trial = self.trial
        if trial is None or trial.under_way.pop(probe, None) is None or probe.waits:
            return
        if self._is_bad(rt, failed, outcome):
            self.trial = None
            self.next = now + self.rule.recovery_ms * MS
            self._move(probe.gate, OPEN)
            return
        if cut_short(outcome):
            return  # its caller gave up: it was not bad yet, and nobody knows what it would be
        trial.good += 1
        if trial.good >= self.rule.probes:
            trial.stage, trial.good, trial.seen = trial.stage + 1, 0, 0
            if trial.stage > self.rule.steps:
                self._close(probe.gate, now)

    def _has_room(self, trial: Trial, now: int) -> bool:
        # With none under way one may: a rule that wants fewer now than ended well needs one to end.
        if trial.under_way and trial.good + len(trial.under_way) >= self.rule.probes:
            lease = (self.rule.lease_ms or max(self.rule.recovery_ms, LEASE_MS)) * MS
            lost = [p for p, until in trial.under_way.items() if not now < until <= now + lease]
            for probe in lost:
                del trial.under_way[probe]
            if not lost:
                return False
        share = trial.stage / self.rule.steps
        if ceil((trial.seen + 1) * share) > ceil(trial.seen * share):
            return True
        trial.seen += 1
        return False

    def _trips(self, bad: int, total: int) -> bool:
        rule = self.rule
        value = bad if rule.strategy_kind == ERROR_COUNT else bad / total
        if rule.inclusive:
            return value >= rule.threshold
        return value > rule.threshold or (rule.strategy_kind == SLOW_RATIO and value == 1.0)

    def _is_bad(self, rt: int, failed: bool, outcome: Any) -> bool:  # noqa: FBT001
        if self.rule.strategy_kind == SLOW_RATIO:
            return rt > self.size.slow_ns
        if self.size.judge is None or outcome is None:
            return failed
        return self.size.judge(outcome)

    def _length(self) -> int:
        return self.rule.window_ms * MS

    def _roll(self, ended: int, now: int) -> None:
        """Begin the bucket of `now`."""
        start = now - now % self.size.step
        if self.marks is None or start < self.start:
            self.marks = array("q")
        forget(self.marks, start - (self.size.buckets - 1) * self.size.step, 3)
        self.marks.extend((start, ended, self.bad))
        self.start, self.base, self.base_bad = start, self.marks[1], self.marks[2]
        self.edge = self.start + self.size.step

    def _open(self, gate: Gate, now: int) -> None:
        self.trial = None
        self.next = now + self.rule.recovery_ms * MS
        self._move(gate, OPEN)
        gate.look()

    def _close(self, gate: Gate, now: int) -> None:
        self.trial = None
        self.marks = None
        self._roll(gate.ended, now)
        gate.due = gate.turn = self.due = 0
        self._move(gate, CLOSED)
        gate.look()

    def _move(self, gate: Gate, state: int) -> None:
        gate.core.hear(self.rule, gate.resource, NAMES[self.state], NAMES[state])
        self.state = state


@lru_cache(4096)
def _size(rule: CircuitBreaker) -> Size:
    slow = rule.strategy_kind == SLOW_RATIO
    return Size(
        step=-(-rule.window_ms * MS // rule.buckets),
        buckets=rule.buckets,
        slow_ns=int(rule.slow_ms * MS) if slow else NEVER,
        judge=judge(rule.errors) if rule.errors and not slow else None,
    )


def cut_short(outcome: Any) -> bool:
    """Tell whether a call was cancelled or closed, or its process told to end."""
    error = getattr(outcome, "error", None)
    return error is not None and not isinstance(error, Exception)


class Probe:
    """A call that is let through a breaker to try it."""

    __slots__ = ("breaker", "gate", "waits")

    def __init__(self, breaker: Breaker, gate: Gate) -> None:
        self.breaker, self.gate = breaker, gate
        self.waits = False
        """Whether it has its turn to wait for: one that gives that up has tried nothing."""

    def begin(self) -> None:
        """Know that its wait is over."""
        self.waits = False

    def end(self, rt: int, failed: bool, outcome: Any, now: int) -> None:  # noqa: FBT001
        """Tell the breaker."""
        self.breaker.tried(self, rt, failed, outcome, now)
