"""Who may come in where rules ask more than counts: whose call it is, its values, its turn.

All is tested first, in the order authority, values, rates, turns, calls at a time, breakers; then
all is taken. A rule that only simulates is tested alone: what it would reject takes nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlead.flow.admission import (
    TRIES,
    Admission,
    Contended,
    Scopes,
    broken,
    crowded,
    lacking,
    over,
    turn_away,
)
from fairlead.flow.cells import Cell, Turn
from fairlead.flow.facts import UNKNOWN, Facts
from fairlead.flow.log import NEVER
from fairlead.flow.refusal import Refusal
from fairlead.flow.share import Share, Who, values_of, within
from fairlead.flow.tally import tally
from fairlead.flow.workers import foreseen, taken
from fairlead.policy.limit import Authority, HotLimit, RateLimit, Throttle

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry, Gate

_SECOND = 1e9
MS = 1_000_000

NO_VALUES: dict[Share, Any] = {}
NOBODY = Who("", (), NO_VALUES)


class Program(Admission):
    """Decides for one gate by what it and the wider ones share out."""

    __slots__ = (
        "_caller",
        "_entrance",
        "_first",
        "_gates",
        "_heirs",
        "_hot",
        "_turns",
        "_watching",
        "curious",
    )

    short = False

    def __init__(self, shares: tuple[Share, ...]) -> None:
        """Compile `shares`; without any it is for gates that lend."""
        authorities = _of(shares, Authority)
        self._hot = _of(shares, HotLimit)
        self._first = (*authorities, *self._hot)
        related = tuple(share for share in _of(shares, RateLimit) if share.rule.related)
        self._turns = (*related, *_of(shares, Throttle))
        cells = (*self._first, *self._turns)
        counting = tuple(share for share in shares if share not in cells)
        self._gates = tuple(share for share in counting if not share.simulated)
        self._watching = tuple(share for share in counting if share.simulated)
        self._heirs = tuple(share.one for share in counting if share.one and share.one.born)
        """Gates apart that found calls inside."""
        selections = [share.rule.selection for share in shares]
        self._caller = bool(authorities) or any(
            selection.callers or selection.others or selection.each for selection in selections
        )
        self._entrance = any(selection.entrance for selection in selections)
        self.curious = self._caller or self._entrance or bool(self._hot)

    def ask(self, facts: Facts | None) -> Who:
        """See `Admission`."""
        if not self.curious:
            return NOBODY
        facts = facts or UNKNOWN
        return Who(
            facts.caller() if self._caller else "",
            within(facts.entrance()) if self._entrance else (),
            values_of(facts, self._hot) if self._hot else NO_VALUES,
        )

    def enter(self, gate: Gate, n: int, asked: Any, prio: bool, now: int) -> Entry:  # noqa: FBT001
        """Let a call in, or turn it away."""
        scopes = gate.scopes
        if self._gates:
            chosen = [sub for share in self._gates if (sub := share.pick(asked)) is not None]
            scopes = (*chosen, *scopes)
        if not (prio or self._watching):
            entry = self._shortly(gate, scopes, n, asked, now)
            if entry is not None:
                return entry
        for _ in range(TRIES):
            trial = Trial(gate, n, now, asked)
            watching = trial.watch(self._watching)
            refusal = (
                trial.test(self._first)
                or trial.rate(scopes, prio=prio)
                or trial.test(self._turns)
                or crowded(gate, scopes, n)
                or broken(gate, scopes, now)
            )
            if refusal is not None:
                return trial.simulates(turn_away(gate, refusal, n))
            entry = trial.take((*watching, *scopes) if watching else scopes)
            if entry is not None:
                return trial.simulates(entry)
            if trial.refusal is not None:
                return trial.simulates(turn_away(gate, trial.refusal, n))
        raise Contended

    def outlived(self, scopes: Scopes, started: int) -> None:
        """See `Admission`."""
        for alone in self._heirs:
            if started <= alone.born and alone not in scopes and alone.inside > 0:
                alone.inside -= 1

    def _shortly(self, gate: Gate, scopes: Scopes, n: int, asked: Any, now: int) -> Entry | None:
        """Let in whom cells and counts let pass; None leaves it to those who tell why not."""
        trial = Trial(gate, n, now, asked)
        refusal = trial.test(self._first)
        if refusal is not None:
            return trial.simulates(turn_away(gate, refusal, n))
        if self._turns and trial.test(self._turns) is not None:
            return None
        entry = trial.take(scopes, asked=False)
        return None if entry is None else trial.simulates(entry)


class Trial:
    """One call while it is tested."""

    __slots__ = ("asked", "cells", "gate", "loans", "n", "now", "refusal", "simulated", "wait")

    def __init__(self, gate: Gate, n: int, now: int, asked: Who) -> None:
        self.gate, self.n, self.now, self.asked = gate, n, now, asked
        self.wait = 0
        self.cells: list[tuple[Cell, Any]] = []
        self.loans: list[tuple[Gate, Any, int]] = []
        self.simulated: list[Refusal] = []
        self.refusal: Refusal | None = None
        """Of what workers share."""

    def test(self, shares: tuple[Share, ...]) -> Refusal | None:
        """Ask what `shares` keep for this call."""
        for share in shares:
            cell: Cell | None = share.pick(self.asked)
            if cell is None:
                continue
            about = self.asked.values.get(share, self.asked.caller)
            wait = cell.test(self.now, self.n, about)
            if wait >= 0:
                self.cells.append((cell, about))
                if wait > self.wait and not share.simulated:
                    self.wait = wait
                continue
            after = cell.after(self.now) / _SECOND
            refusal = Refusal(share.rule, self.gate.resource, cell.reason, after)
            if not share.simulated:
                return refusal
            self.simulated.append(refusal)
        return None

    def rate(self, scopes: Scopes, *, prio: bool) -> Refusal | None:
        """Ask the windows of `scopes`; one that is `prio` may borrow of those that lend."""
        refusal = over(self.gate, scopes, self.n, self.now)
        if refusal is None or not prio:
            return refusal
        for scope in scopes:
            if lacking(scope, self.n, self.now) is None:
                continue
            for window in scope.windows:
                if scope.count + self.n <= window.base + window.limit:
                    continue
                wait = self._loan(scope, window)
                if wait > getattr(window.rule, "borrow_ms", 0) * MS:
                    return refusal
                self.wait = max(self.wait, wait)
        return None

    def _loan(self, scope: Gate, window: Any) -> int:
        if not window.lends:
            return NEVER
        begins: int = window.loan(self.n, scope.count, scope.log)
        self.loans.append((scope, window, begins))
        return begins - self.now

    def watch(self, shares: tuple[Share, ...]) -> Scopes:
        """Return those of the gates that only simulate which would let the call pass."""
        passing = []
        for share in shares:
            sub = share.pick(self.asked)
            if sub is None:
                continue
            alone = (sub,)
            refusal = None
            if (
                sub.shut
                or self.now >= sub.edge
                or sub.count + self.n > sub.ceiling
                or sub.inside + self.n > sub.most
            ):
                refusal = (
                    over(self.gate, alone, self.n, self.now)
                    or crowded(self.gate, alone, self.n)
                    or broken(self.gate, alone, self.now)
                )
            if refusal is None and sub.shared is not None:
                refusal = foreseen(self.gate, sub, self.n, self.now)
            if refusal is None:
                passing.append(sub)
            else:
                self.simulated.append(refusal)
        return tuple(passing)

    def take(self, scopes: Scopes, *, asked: bool = True) -> Entry | None:
        """Take of all, or return None where somebody came between.

        Without `asked`, breakers were not: then those that are not closed are reason enough.
        """
        for scope, window, begins in self.loans:
            window.lend(self.n, scope.count, begins)
            scope.edge = scope.opens = 0
            lacking(scope, self.n, self.now)
        entry = self._of_all(scopes, asked=asked)
        if entry is None:
            return None
        self.wait = max(self.wait, entry.wait)
        if self.loans:
            for scope in {id(scope): scope for scope, _, _ in self.loans}.values():
                _defer(scope, self.n, self.now + self.wait)
        try:
            held = [
                kept
                for cell, about in self.cells
                if (kept := cell.take(self.now, self.n, about)) is not None
            ]
        except Exception:
            entry.exit()  # a fault of ours: it must not be inside for ever
            raise
        if self.wait:
            for probe in entry.held or ():
                probe.waits = True
            held.append(Turn(self.gate))
            entry.wait = self.wait
        if held:
            entry.held = (*(entry.held or ()), *held)
        return entry

    def _of_all(self, scopes: Scopes, *, asked: bool) -> Entry | None:
        if not asked:
            found = self.gate.core.form.take(self.gate, scopes, self.n, self.now, 0)
        else:
            found = taken(self.gate, scopes, self.n, self.now)
        if isinstance(found, Refusal):
            self.refusal = found
            return None
        return found  # type: ignore[no-any-return]

    def simulates(self, entry: Entry) -> Entry:
        """Say in `entry` what would have been rejected."""
        if self.simulated:
            entry.simulated = self.simulated[0]
            self.gate.simulated += self.n
            for refusal in self.simulated:
                tally(self.gate, refusal).simulated += self.n
        return entry


def _defer(gate: Gate, n: int, begins: int) -> None:
    """Remember that the last `n` that were let in begin later."""
    for i in range(gate.count - n, gate.count) if gate.span else ():
        gate.log[i % gate.span] = begins


def _of(shares: tuple[Share, ...], kind: type) -> tuple[Share, ...]:
    return tuple(share for share in shares if isinstance(share.rule, kind))
