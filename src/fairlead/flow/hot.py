"""How often one value of a call's part may come: a caller's address, a tenant, an article.

Sentinel's semantics (ParamFlowChecker). Values are compared as text: 7 and ``"7"`` are one value,
true is ``"true"``; text that is longer than a few words stands in memory as its digest. Memory is
bounded, and what that costs in accuracy is said in `flow.recent`: a value that is pushed out by
others does not begin with a full bucket when it comes again.

Not safe for threads by itself: who asks holds the gate's lock.
"""

# ruff: noqa: FURB136 - a comparison costs a fraction of what a call of min() does
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any, Protocol

from fairlead.flow.recent import Recent
from fairlead.policy.limit import INFLIGHT, PACE, HotLimit
from fairlead.policy.match import value_test

REJECTED = -1
LONGEST = 64
"""Characters of a value that are kept as they are."""

DIGEST = "\ud800"
"""Begins the key of longer ones; no decoded text contains it."""

VALUES_PER_SECOND, MOST_VALUES = 4000, 20_000
"""Values told apart where a rule does not say: per second of its window, and at most (Sentinel)."""

NEVER = -(1 << 62)
ENDLESS = float("inf")

Held = str | Counter[str] | None
"""What a call holds: one value's key, how often each of several, or nothing."""


class Calls(Protocol):
    """The calls of each key, judged by one behaviour."""

    def __len__(self) -> int:
        """Return how many keys have a state."""

    def tune(self, rule: HotLimit) -> None:
        """Judge by `rule` from now on, and go on counting."""

    def test(self, now: int, n: int, key: str) -> int:
        """Return 0 where `n` calls may pass, how long they have to wait (ns), or REJECTED."""

    def after(self, now: int, key: str) -> int:
        """Return in how many ns a key that was turned away may have room; 0: nobody can tell."""

    def take(self, now: int, n: int, key: str) -> None:
        """Count them."""


class Hot:
    """One HotLimit. `test` says whether a call may pass, `take` counts it, `leave` ends it.

    A value is whatever a program has: a text, a number, a list of them, an object with a method
    ``flow_key()`` that returns one. None is no value, and is not limited.
    """

    __slots__ = ("_all", "_calls", "_holds", "_matches", "rule")

    def __init__(self, rule: HotLimit) -> None:
        """Raises InvalidCondition where the pattern of its param is none."""
        kinds: dict[str, Callable[[HotLimit], Calls]] = {INFLIGHT: InFlight, PACE: Paces}
        self._calls = kinds.get(rule.behaviour, Buckets)(rule)
        self._holds = rule.behaviour == INFLIGHT
        self.tune(rule)

    def tune(self, rule: HotLimit) -> None:
        """Judge by `rule`, of the same behaviour and param, from now on, and go on counting."""
        self.rule = rule
        self._matches = value_test(rule.param.match, rule.param.pattern)
        self._all = self._matches is None
        self._calls.tune(rule)

    def __len__(self) -> int:
        """Return how many values are told apart exactly now."""
        return len(self._calls)

    def test(self, now: int, n: int, value: Any) -> int:
        """Return 0 where `n` calls with `value` may pass, ns to wait before, or -1.

        Of several values (a list, each element by itself) all must have room.
        """
        if value.__class__ is str and len(value) <= LONGEST and self._all:
            return self._calls.test(now, n, value)
        wait = 0
        for key, times in self._keys(value).items():
            found = self._calls.test(now, n * times, key)
            if found < 0:
                return found
            wait = max(wait, found)
        return wait

    def after(self, now: int, n: int, value: Any) -> int:
        """Return in how many ns there may be room for what `test` rejects; 0: nobody can tell."""
        full = (
            key for key, x in self._keys(value).items() if self._calls.test(now, n * x, key) < 0
        )
        return max((self._calls.after(now, key) for key in full), default=0)

    def take(self, now: int, n: int, value: Any) -> Held:
        """Count `n` calls that `test` lets pass at `now`; return what to `leave` at their end.

        None where it is not calls under way that are counted.
        """
        if value.__class__ is str and len(value) <= LONGEST and self._all:
            self._calls.take(now, n, value)
            return value if self._holds else None
        keys = self._keys(value)
        for key, times in keys.items():
            self._calls.take(now, n * times, key)
        return keys if self._holds and keys else None

    def leave(self, held: Held, n: int = 1) -> None:
        """End `n` calls that hold what `take` returned: a list may have been changed since."""
        if not isinstance(self._calls, InFlight) or held is None:
            return
        if isinstance(held, str):
            self._calls.leave(held, n)
            return
        for key, times in held.items():
            self._calls.leave(key, n * times)

    def _keys(self, value: Any) -> Counter[str]:
        several = isinstance(value, (list, tuple, set, frozenset)) and self.rule.elements
        texts = map(text_of, value) if several else (text_of(value),)
        return Counter(key_of(text) for text in texts if text is not None and self._limits(text))

    def _limits(self, text: str) -> bool:
        return self._matches is None or self._matches(text)


def text_of(value: Any) -> str | None:
    """Return `value` as items and patterns name it; None where there is none."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "backslashreplace")
    try:
        own = getattr(value, "flow_key", None)
        return str(own() if callable(own) else value)
    except Exception:  # a fault of the program's own code, whose call goes on
        return None


def key_of(text: str) -> str:
    """Return what stands for `text` in memory: at most some 64 characters."""
    if len(text) <= LONGEST:
        return text
    return DIGEST + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def items_of(rule: HotLimit) -> Iterable[tuple[str, float]]:
    """Yield the values with thresholds of their own by key."""
    return ((key_of(text), threshold) for text, threshold in rule.items)


def values_of(rule: HotLimit) -> int:
    """Return how many values `rule` tells apart exactly."""
    usual = min(MOST_VALUES, max(1, VALUES_PER_SECOND * rule.window_ms // 1000))
    return rule.most_values or usual


class Buckets:
    """A bucket of permits per key, which refills when more than a window has passed (REJECT).

    In any time ``t`` at most ``threshold * (1 + t / window)`` and the burst pass, as in Sentinel. A
    key that was pushed out and comes again has refilled evenly since, by the same law.
    """

    __slots__ = ("_far", "_items", "_recent", "_usual", "_window")

    def __init__(self, rule: HotLimit) -> None:
        self._recent: Recent[list[Any]] = Recent(values_of(rule), self._full_at)
        """Of each key: when it was refilled, what is left, and its tuning if that is its own."""
        self._items: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._recent)

    def tune(self, rule: HotLimit) -> None:
        """See `Calls`."""
        self._window = rule.window_ms * 1_000_000
        self._usual = _tuning(rule.threshold, rule.burst)
        self._items = {key: _tuning(most, rule.burst) for key, most in items_of(rule)}
        tunings = (self._usual, *self._items.values())
        refills = (most * self._window // rate for rate, most in tunings if rate)
        self._far = self._window + max(refills, default=0)
        for key, bucket in self._recent.items():
            bucket[2] = self._items.get(key)
            bucket[1] = min(bucket[1], (bucket[2] or self._usual)[1])

    def test(self, now: int, n: int, key: str) -> int:
        """See `Calls`."""
        at, rest, own = self._recent.use(key, now) or self._begin(now, key)
        if n <= rest:
            return 0
        elapsed = now - at
        if -self._window <= elapsed <= self._window:
            return REJECTED
        return 0 if n <= self._refilled(elapsed, rest, own) else REJECTED

    def after(self, now: int, key: str) -> int:
        """See `Calls`: nothing is added before a window has passed."""
        at, _, own = self._recent.use(key, now) or self._begin(now, key)
        rate, _ = own or self._usual
        return max(0, int(at) + self._window + 1 - now) if rate else 0

    def take(self, now: int, n: int, key: str) -> None:
        """See `Calls`."""
        bucket = self._recent.use(key, now) or self._begin(now, key)
        at, rest, own = bucket
        elapsed = now - at
        if not -self._window <= elapsed <= self._window:
            rest = self._refilled(elapsed, rest, own)
            bucket[0] = now
        bucket[1] = rest - n

    def _refilled(self, elapsed: int, rest: int, own: tuple[int, int] | None) -> int:
        rate, most = own or self._usual
        if elapsed < 0:  # the clock went back by more than a window: begin anew
            return most
        rest += elapsed * rate // self._window
        return rest if rest < most else most

    def _begin(self, now: int, key: str) -> list[Any]:
        own = self._items.get(key)
        rate, most = own or self._usual
        full = self._recent.owes(key)
        at, rest = now, most
        if now < full <= now + self._far and rate:
            # What is less than a permit is time: so nothing is lost by being pushed out again.
            rest -= ((full - now) * rate + self._window - 1) // self._window
            at = full - (most - rest) * self._window // rate
        bucket = [at, rest, own]
        self._recent.put(key, bucket, now)
        return bucket

    def _full_at(self, bucket: list[Any]) -> int:
        at: int = bucket[0]
        rate, most = bucket[2] or self._usual
        return at + (most - bucket[1]) * self._window // rate + 1 if rate else at


def _tuning(threshold: float, burst: float) -> tuple[int, int]:
    """Return permits per window and the most that a bucket holds; fractions are rounded down."""
    rate = int(threshold)
    return rate, rate + int(burst) if rate else 0


class Paces:
    """Calls of a key at even distances; a wait is shorter than the longest one (PACE, strict)."""

    __slots__ = ("_far", "_items", "_queue", "_recent", "_usual")

    def __init__(self, rule: HotLimit) -> None:
        self._recent: Recent[list[Any]] = Recent(values_of(rule), self._free_at)
        """Of each key: when its last call began or begins, and its distance if that is its own."""
        self._items: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._recent)

    def tune(self, rule: HotLimit) -> None:
        """See `Calls`."""
        window = rule.window_ms * 1_000_000
        self._queue = rule.queue_ms * 1_000_000
        self._far = self._queue + window
        self._usual = _distance(rule.threshold, window)
        self._items = {key: _distance(most, window) for key, most in items_of(rule)}
        for key, pace in self._recent.items():
            pace[1] = self._items.get(key)

    def test(self, now: int, n: int, key: str) -> int:
        """See `Calls`."""
        last, own = self._recent.use(key, now) or self._begin(now, key)
        distance = own or self._usual
        if distance == ENDLESS:
            return REJECTED
        wait = last + int(n * distance) - now
        if wait <= 0 or last - now > self._far:
            return 0
        return wait if wait < self._queue else REJECTED

    def after(self, now: int, key: str) -> int:
        """See `Calls`: when the queue is short enough for one more."""
        last, own = self._recent.use(key, now) or self._begin(now, key)
        distance = own or self._usual
        if distance == ENDLESS:
            return 0
        wait: int = last + int(distance) - now
        return max(0, wait - self._queue + 1 if self._queue else wait)

    def take(self, now: int, n: int, key: str) -> None:
        """See `Calls`."""
        pace = self._recent.use(key, now) or self._begin(now, key)
        last, own = pace
        # A last call that is further ahead than anybody waits: the clock went back.
        begins = now if last - now > self._far else last + int(n * (own or self._usual))
        pace[0] = max(now, begins)

    def _begin(self, now: int, key: str) -> list[Any]:
        own = self._items.get(key)
        free = self._recent.owes(key)
        last = free - int(own or self._usual) if free > now else NEVER
        pace = [last, own]
        self._recent.put(key, pace, now)
        return pace

    def _free_at(self, pace: list[Any]) -> int:
        """Return when the next call may begin at once: beyond that, only a batch can tell."""
        last: int = pace[0]
        distance = pace[1] or self._usual
        return last + int(distance) if distance < ENDLESS else last


def _distance(threshold: float, window: int) -> float:
    return window / threshold if threshold else ENDLESS


class InFlight:
    """How many calls of a key are under way; one without any is not remembered (INFLIGHT)."""

    __slots__ = ("_count", "_items", "_most")

    def __init__(self, rule: HotLimit) -> None:
        self._count: dict[str, int] = {}
        self.tune(rule)

    def __len__(self) -> int:
        return len(self._count)

    def tune(self, rule: HotLimit) -> None:
        """See `Calls`."""
        self._most = rule.threshold
        self._items = dict(items_of(rule))

    def test(self, now: int, n: int, key: str) -> int:
        """See `Calls`."""
        del now
        most = self._items.get(key, self._most) if self._items else self._most
        return 0 if self._count.get(key, 0) + n <= most else REJECTED

    def after(self, now: int, key: str) -> int:
        """See `Calls`: it depends on when those inside end."""
        del now, key
        return 0

    def take(self, now: int, n: int, key: str) -> None:
        """See `Calls`."""
        del now
        self._count[key] = self._count.get(key, 0) + n

    def leave(self, key: str, n: int) -> None:
        """End `n` calls."""
        rest = self._count.get(key, 0) - n
        if rest > 0:
            self._count[key] = rest
        else:
            self._count.pop(key, None)
