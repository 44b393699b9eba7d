"""The long way of calls that workers count together: a cell refuses, moves, or is waited for.

Under the gates' lock, as all that is Python; the arena's own is held for an operation at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fairlead.flow.breaker import NAMES, cut_short
from fairlead.flow.cells import Turn
from fairlead.flow.layout import (
    BREAKER,
    BUSY,
    CLOSED,
    GAUGE,
    HALF_OPEN,
    NEXT,
    OPEN,
    P_HOW,
    P_KIND,
    P_LIMIT,
    P_MOVED,
    P_PLACE,
    P_SERIAL,
    P_SLOW,
    PACE,
    SLOW,
    STATE,
    WIDTH,
    WINDOW,
)
from fairlead.flow.refusal import BREAKER as OPENED
from fairlead.flow.refusal import CONCURRENCY, QUEUE, RATE, Refusal

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry, Gate

_SECOND = 1e9

WITHOUT = 2
"""Asks breakers, and does without what workers share: it is not to be had."""


def taken(gate: Gate, scopes: tuple[Gate, ...], n: int, now: int) -> Entry | Refusal | None:
    """Take of all `scopes`, or say why not; None where somebody came between. May wait."""
    core, asked, tries = gate.core, 1, 0
    while True:
        core.verdict = None
        entry: Entry | None = core.form.take(gate, scopes, n, now, asked)
        if entry is not None:
            if asked != WITHOUT:
                _begin(gate, entry, scopes)
            return entry
        if core.verdict is None:
            return None
        pools, code = core.verdict
        if code == BUSY:
            asked = 1 if core.pool.wait(tries) else WITHOUT
            now = gate.now()  # or what is taken now would be forgotten too early
            tries += 1
            core.skipped += asked == WITHOUT
            continue
        cells, k = pools[code // 64], code % 64
        if _kind(cells, k) in (GAUGE, BREAKER) and core.pool.reap(now):
            continue
        _roll_back(gate, pools, code)
        return refusal(gate, cells, k, now)


def foreseen(gate: Gate, sub: Gate, n: int, now: int) -> Refusal | None:
    """Return what rules that only simulate would refuse, of those that workers share."""
    sub.shared.inside = sub.inside + 1
    k = sub.shared.would(n, now)
    return refusal(gate, sub.shared, k, now) if k >= 0 else None


def waiting(gate: Gate, entry: Entry) -> Entry:
    """Have a call wait for its turn, if it has one to wait for."""
    if entry.wait:
        for probe in entry.held or ():
            probe.waits = True
        entry.held = (*(entry.held or ()), Turn(gate))
    return entry


def known(gate: Gate, now: int) -> Refusal:
    """Return the refusal of the window that is known to have no room."""
    return refusal(gate, gate.shared, gate.shared.tight, now)


def refusal(gate: Gate, cells: Any, k: int, now: int) -> Refusal:
    """Return the refusal of a cell."""
    rule, kind = cells.rules[k], _kind(cells, k)
    after, reason = 0, CONCURRENCY
    if kind == WINDOW:
        after, reason = cells.until - now, RATE
        if not cells.numbers[k * WIDTH + P_LIMIT]:
            after = 0
    elif kind == PACE:
        after, reason = cells.seat.after, QUEUE if rule.queue_ms else RATE
    elif kind == BREAKER:
        after, reason = _word(cells, k, NEXT) - now, OPENED
        if _word(cells, k, STATE) != OPEN:
            after = 0
    return Refusal(rule, gate.resource, reason, max(0, after) / _SECOND)


def depart(scopes: Iterable[Gate], how: tuple[int, bool, Any, int], told: int) -> None:
    """Say that a call has ended where it was counted, unless that was `told` and only moved.

    `how` is its response time, whether it failed, what else is known, and when it was.
    """
    rt, failed, outcome, now = how
    for gate in scopes:
        cells, tries = gate.shared, 0
        if cells is None or not cells.leaves:
            continue
        judged, found = _judged(cells, outcome)
        while told == BUSY and gate.end(rt, failed, now, judged, found) == BUSY:
            if not gate.core.pool.wait(tries):
                break
            tries += 1
        moved(gate)


def _judged(cells: Any, outcome: Any) -> tuple[int, int]:
    """Return which breakers say themselves what an error is, and whether it is one, in bits."""
    judged = found = 0
    for k in _breakers(cells) if outcome is not None else ():
        if cells.judges[k] is not None:
            judged |= 1 << k
            found |= bool(cells.judges[k](outcome)) << k
    return judged, found


def moved(gate: Gate) -> None:
    """Say which breakers a call of this process has opened."""
    cells = gate.shared
    for k in _breakers(cells):
        if cells.numbers[k * WIDTH + P_MOVED]:
            cells.numbers[k * WIDTH + P_MOVED] = 0
            _hear(gate, cells.rules[k], CLOSED, OPEN)


def states(gate: Gate) -> dict[str, str]:
    """Return the breakers that workers share and that are not closed, by their strategy."""
    cells = gate.shared
    found = {cells.rules[k].strategy: _word(cells, k, STATE) for k in _breakers(cells)}
    return {strategy: NAMES[state] for strategy, state in found.items() if state}


def _begin(gate: Gate, entry: Entry, scopes: tuple[Gate, ...]) -> None:
    """Take note of the breakers that this call tries, and of how long it waits."""
    held: list[Any] = []
    for scope in scopes:
        cells = scope.shared
        if cells is not None:
            entry.wait = max(entry.wait, cells.seat.wait)
        for k in _breakers(cells):
            i = k * WIDTH
            if cells.numbers[i + P_MOVED]:
                cells.numbers[i + P_MOVED] = 0
                _hear(scope, cells.rules[k], OPEN, HALF_OPEN)
            if cells.numbers[i + P_SERIAL]:
                held.append(Trying(scope, cells, k, cells.numbers[i + P_SERIAL]))
                cells.numbers[i + P_SERIAL] = 0
    if held:
        entry.held = (*(entry.held or ()), *held)


def _roll_back(gate: Gate, pools: tuple[Any, ...], code: int) -> None:
    """Say that breakers before one that refuses were tried, and that nobody came through."""
    if _kind(pools[code // 64], code % 64) != BREAKER:
        return
    for j in range(code // 64 + 1):
        cells = pools[j]
        for k in _breakers(cells):
            if j * 64 + k < code and _word(cells, k, STATE) == OPEN:
                _hear(gate, cells.rules[k], OPEN, HALF_OPEN)
                _hear(gate, cells.rules[k], HALF_OPEN, OPEN)


class Trying:
    """A call that is let through a breaker to try it."""

    __slots__ = ("_cells", "_gate", "_k", "_serial", "waits")

    def __init__(self, gate: Gate, cells: Any, k: int, serial: int) -> None:
        self._gate, self._cells, self._k, self._serial = gate, cells, k, serial
        self.waits = False
        """Whether it has its turn to wait for: one that gives that up has tried nothing."""

    def begin(self) -> None:
        """Know that its wait is over."""
        self.waits = False

    def end(self, rt: int, failed: bool, outcome: Any, now: int) -> None:  # noqa: FBT001
        """Tell the breaker."""
        cells, k, tries = self._cells, self._k, 0
        bad = failed
        if cells.numbers[k * WIDTH + P_HOW] == SLOW:
            bad = rt > cells.numbers[k * WIDTH + P_SLOW]
        elif cells.judges[k] is not None and outcome is not None:
            bad = bool(cells.judges[k](outcome))
        unknown = self.waits or (not bad and cut_short(outcome))
        while True:
            state = cells.tried(k, self._serial, bad, unknown, now)
            if state != BUSY or not self._gate.core.pool.wait(tries):
                break
            tries += 1
        if state >= 0:
            _hear(self._gate, cells.rules[k], HALF_OPEN, state)


def _hear(gate: Gate, rule: Any, before: int, after: int) -> None:
    gate.core.hear(rule, gate.resource, NAMES[before], NAMES[after])


def _kind(cells: Any, k: int) -> int:
    return int(cells.numbers[k * WIDTH + P_KIND])


def _word(cells: Any, k: int, word: int) -> int:
    return int(cells.seat.memory[cells.numbers[k * WIDTH + P_PLACE] + word])


def _breakers(cells: Any) -> Iterator[int]:
    return iter(range(cells.gauges, cells.number) if cells is not None else ())
