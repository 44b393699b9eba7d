"""What rules become where workers count together: cells in the arena, found by what a rule is.

A threshold is not among it: each worker judges by its own snapshot's, so that a rule that changes
goes on counting, and two releases of an app share what they count. What has no place there is
counted by the process alone, and says so.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from hashlib import blake2b
from math import ceil, floor
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlead.flow.arena import CELLS, OPEN, Arena, Unusable, arena_at
from fairlead.flow.breaker import LEASE_MS
from fairlead.flow.layout import (
    BREAKER,
    BUSY,
    CUTS,
    GAUGE,
    MOST_SEATS,
    OWN,
    PACE,
    RING,
    RINGS_OF_BREAKERS,
    SEATS,
    VERSION,
    WIDTH,
    WINDOW,
)
from fairlead.flow.result import judge
from fairlead.flow.sweep import sweep
from fairlead.policy.breaker import SLOW_RATIO, STRATEGIES, CircuitBreaker
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Throttle
from fairlead.policy.rule import SIMULATE, Rule
from fairlead.policy.sharing import why_alone

if TYPE_CHECKING:
    from fairlead.flow.gate import Gate

MS = 1_000_000
PARTS = 256
TRIES = 5
MOST_CELLS = 60
"""Cells of one gate; what is more is the process's own."""

Rules = tuple[Rule, ...]


class Wanted(NamedTuple):
    """A cell that a rule wants."""

    kind: int
    name: str
    """What it is, beside the rule."""
    words: int
    mask: int
    numbers: tuple[int, ...]
    """From P_LIMIT on."""
    rule: Rule
    ratio: float = 0.0
    judge: Any = None


class Pool:
    """Where this process counts together with others; nothing is opened before it is needed."""

    def __init__(
        self,
        where: Callable[[], str],
        boot: tuple[int, int],
        pause: Callable[[float], None],
        hear: Callable[[str], object] = str,
    ) -> None:
        """Meet others at a path that begins as `where` says; see `Arena`.

        `hear` is told, once, why something is counted by this process alone.
        """
        self._where, self._boot, self._pause = where, boot, pause
        self._hear = hear
        self._said = False
        self.problem = ""
        """Why the process counts for itself; ``""`` if it does not, or has not needed to know."""
        self.lane = ""
        self.alone: dict[Any, str] = {}
        """Of rules that could be shared, why some are not."""
        self.arena: Arena | None = None
        self.seat: Any = None
        self._forms: tuple[ModuleType, ...] = ()

    def made_by(self, forms: tuple[ModuleType, ...], why: str) -> None:
        """Have seats and cells made by `forms`, or share nothing, for a reason."""
        self._forms, self.problem = forms, why

    def begin_again(self) -> None:
        """Open nothing in a forked process yet; what its parent has is its parent's."""
        if self.arena is not None:
            self.arena.abandon()
        self.arena = self.seat = None
        self.alone = {}

    def leave(self, then: Callable[[], None]) -> None:
        """Share nothing from now on, and give back what this process holds, after `then`."""
        self.problem = "the process is about to end"
        then()
        arena, seat = self.arena, self.seat
        self.arena = self.seat = None
        if arena is not None:
            try:
                arena.leave(seat)
            except Unusable:
                return  # others will see that this process has ended

    def cells(self, gate: Gate, rules: Rules, whose: str = "") -> tuple[Any, Rules]:
        """Return what `rules` share at `gate`, None for nothing, and the rules that share nothing.

        `whose` are the calls of a gate of which not all count.
        """
        wanted, left = self._wanted(rules)
        rows: list[tuple[int, Wanted]] = []
        missing = set()
        for one in wanted:
            rule = whose if one.kind == GAUGE else "\0".join((*one.rule.key, str(one.rule.regex)))
            names = (self.lane, gate.resource, rule, one.name)
            try:
                rows.append((self._place("\0".join(names), one), one))
                self.alone.pop(one.rule.key, None)
            except Unusable as error:
                self.alone[one.rule.key] = str(error)
                self._say(str(error))
                missing.add(one.rule.key)
        placed = {one.rule.key for one in wanted} - missing
        whole = [row for row in rows if row[1].rule.key in placed]
        left += tuple(rule for rule in rules if _of_whom(rule, rules).key in missing)
        return (self._made(whole) if whole else None), left

    def _wanted(self, rules: Rules) -> tuple[list[Wanted], Rules]:
        wanted: list[Wanted] = []
        left: list[Rule] = []
        # What a call borrows, it could not give back where another rule refuses it.
        lends = any(isinstance(rule, RateLimit) and rule.borrow_ms for rule in rules)
        for rule in rules:
            if self.problem or lends or why_alone(rule):
                left.append(rule)
            elif _of_whom(rule, rules) is rule:
                wanted.extend(_of(rule))
        if len(wanted) > MOST_CELLS:
            return [], rules
        return sorted(wanted, key=lambda one: one.kind), tuple(left)

    def open(self) -> Arena:
        """Return the arena, opened when it is needed first. Raises Unusable."""
        if self.arena is None:
            if self.problem:
                raise Unusable(self.problem)
            try:
                form = self._forms[0]
                # Those of another form lock in another way, those of another layout read another.
                path = f"{self._where()}-{'c' if form.COMPILED else 'i'}{VERSION}"
                self.arena = self._opened(path, form)
            except Unusable as error:
                self.problem = str(error)
                self._say(self.problem)
                raise
        return self.arena

    def _opened(self, path: str, form: ModuleType) -> Arena:
        for _ in range(TRIES):
            arena = arena_at(path, self._boot, form, self._pause)
            self.seat = arena.sit()
            if arena.is_there():  # the last worker may have taken it away before we sat down
                folder, _, name = path.rpartition("/")
                sweep(folder, "-".join(name.split("-")[:2]) + "-", OPEN)
                return arena
        raise Unusable(f"{path} is removed all the time")

    def _say(self, why: str) -> None:
        if not self._said:
            self._said = True
            self._hear(why)

    def told(self) -> dict[str, Any]:
        """Return what doctor shows: where, with how many, and what else there is to know."""
        arena = self.arena
        found = {"path": "", "workers": 0, "limits": 0, "cuts": 0, "problem": self.problem}
        if arena is not None:
            view = arena.view
            found["workers"] = sum([view[SEATS + n] != 0 for n in range(MOST_SEATS)])
            found |= {"path": arena.path, "limits": view[CELLS], "cuts": view[CUTS]}
        return found

    def _place(self, key: str, one: Wanted) -> int:
        digest = blake2b(key.encode(), digest_size=16).digest()
        return self.open().find(digest, one.kind, one.words, one.mask)

    def _made(self, rows: list[tuple[int, Wanted]]) -> Any:
        numbers = array("q", bytes(8 * WIDTH * len(rows)))
        for k, (place, one) in enumerate(rows):
            row = array("q", (one.kind, place, *one.numbers))
            numbers[k * WIDTH : k * WIDTH + len(row)] = row
        cells = self._forms[1].Cells(
            self.seat,
            numbers,
            array("d", [one.ratio for _, one in rows]),
            tuple(one.rule for _, one in rows),
            tuple(one.judge for _, one in rows),
        )
        cells.simulated = all(one.rule.mode == SIMULATE for _, one in rows)
        return cells

    def why_alone(self, rule: Rule) -> str:
        """Return why this process counts for a rule alone; ``""`` if workers count together."""
        return why_alone(rule) or self.problem or self.alone.get(rule.key, "")

    def wait(self, tries: int) -> bool:
        """Let others finish; return whether to try again."""
        return self.arena is not None and self.arena.wait(self.seat, tries)

    def reap(self, now: int) -> bool:
        """Take back what dead workers hold; tell if there were any."""
        try:
            return self.arena is not None and self.arena.reap(self.seat, now)
        except Unusable:
            return False


def attach(gate: Gate, cells: Any) -> None:
    """Have `gate` count in `cells` from now on; who is inside is so in both."""
    before, gate.shared = gate.shared, cells
    if before is not None and before.paces < before.gauges:
        _tell_inside(gate, before, 0)
    if cells is not None and cells.paces < cells.gauges:
        _tell_inside(gate, cells, gate.inside)


def _tell_inside(gate: Gate, cells: Any, inside: int) -> None:
    for tries in range(1 << 20):
        cells.inside = inside
        if cells.tell_inside() != BUSY or not gate.core.pool.wait(tries):
            return


def _of_whom(rule: Rule, rules: Rules) -> Rule:
    """Return the rule whose cell counts for this one: limits to the calls at a time have one."""
    if not isinstance(rule, ConcurrencyLimit):
        return rule
    caps = [cap for cap in rules if isinstance(cap, ConcurrencyLimit) and not why_alone(cap)]
    return min(caps, key=lambda cap: cap.most, default=rule)


def _of(rule: Rule) -> Iterator[Wanted]:
    if isinstance(rule, RateLimit):
        yield from _windows(rule)
    elif isinstance(rule, ConcurrencyLimit):
        yield _gauge(rule)
    elif isinstance(rule, Throttle):
        yield _pace(rule)
    elif isinstance(rule, CircuitBreaker):
        yield _breaker(rule)


def _windows(rule: RateLimit) -> Iterator[Wanted]:
    """Yield windows as window.py counts them, in more parts.

    A part that nobody has come to for a window's length does not count: what is left out of a part
    is the oldest, so that no window holds more than the threshold.
    """
    for number, window in enumerate(rule.windows):
        length, slides = window.window_ms * MS, not window.buckets
        parts = PARTS if slides else window.buckets
        # So that the current part and all that a window may reach into have room.
        step = -(-length // (PARTS - 2)) if slides else length // window.buckets
        mask = _mask(parts)
        numbers = (floor(window.threshold), step, length, parts - 1, int(slides))
        name = f"window {number} {window.window_ms} {window.buckets}"
        yield Wanted(WINDOW, name, RING + 2 * (mask + 1), mask, numbers, rule)


def _pace(rule: Throttle) -> Wanted:
    most = floor(max(rule.threshold, rule.burst)) if rule.threshold else 0
    step = ceil(rule.window_ms * MS / rule.threshold) if rule.threshold else 0
    saved = int(rule.burst * step) if rule.burst > 1 else 0
    numbers = (most, step, saved, 0, 0, rule.queue_ms * MS)
    return Wanted(PACE, "turn", RING, 0, numbers, rule)


def _gauge(rule: ConcurrencyLimit) -> Wanted:
    return Wanted(GAUGE, "inside", OWN + MOST_SEATS, 0, (rule.most,), rule)


def _breaker(rule: CircuitBreaker) -> Wanted:
    slow = rule.strategy_kind == SLOW_RATIO
    mask = _mask(rule.buckets)
    numbers = (
        max(1, rule.min_requests),
        -(-rule.window_ms * MS // rule.buckets),
        rule.recovery_ms * MS,
        rule.buckets - 1,
        0,
        0,
        int(rule.slow_ms * MS) if slow else 0,
        rule.probes,
        rule.steps,
        (rule.lease_ms or max(rule.recovery_ms, LEASE_MS)) * MS,
        STRATEGIES.index(rule.strategy_kind),
        int(rule.inclusive),
    )
    name = f"breaker {rule.window_ms} {rule.buckets}"
    words = RINGS_OF_BREAKERS + 2 * (mask + 1)
    judged = judge(rule.errors) if rule.errors and not slow else None
    return Wanted(BREAKER, name, words, mask, numbers, rule, rule.threshold, judged)


def _mask(parts: int) -> int:
    return (1 << (parts - 1).bit_length()) - 1
