"""Executes a statement through the agent and by hand, and tells what is not the same.

Two identical copies of a database. On the lane: the agent has the text that an application writes,
the other copy the same text on the shadow tables, and both have to end alike; no base table of the
agent's copy may change. For base traffic: both have the application's text, and no shadow changes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from tests.sql.differential.copies import Copy, State
from tests.sql.differential.outcome import Outcome, difference, shortened
from tests.sql.differential.statement import SUFFIX, Statement, is_session

Working = Callable[[str], AbstractContextManager[object]]
"""Works on a lane while it is entered."""

_NAMES = re.compile(r"[\w$]+\.[\w$]+|\d+")

EVERY = 20
"""Statements after which both copies are compared with how they began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A statement that did not do on one side what it did on the other."""

    kind: str
    """``leak`` where a table changed that may not, ``result``, ``shadow`` or ``base``."""
    what: str
    statement: Statement
    agent: str
    hand: str

    def __str__(self) -> str:
        args = self.statement.args if self.statement.rows is None else self.statement.rows[:3]
        return (
            f"[{self.kind}] {self.statement.place}\n  {self.what}\n  agent:   {self.agent}\n"
            f"  by hand: {self.hand}\n  args:    {shortened(args)}"
        )


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    statements: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    """Statements that the server refused, on both sides."""
    telling: int = 0
    """Statements that come out otherwise on base: those that would show a wrong table."""
    died: list[Statement] = field(default_factory=list)
    """Statements that ended the server."""
    refusals: list[tuple[Statement, Outcome]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class Harness:
    """Two copies, and what was found so far."""

    def __init__(
        self, agent: Copy, hand: Copy, lane: Working | None = None, *, every: int = EVERY
    ) -> None:
        """Compare `agent` and `hand`; without a lane to work on, by hand against by hand."""
        self.agent, self.hand, self.lane, self.every = agent, hand, lane, every
        self.tally = Tally()
        self._since = 0
        agent.build()
        hand.build()
        self.shadowed, self._paired = agent.shadowed(), agent.paired()
        self.first = agent.state()
        if self.first != hand.state():
            raise ValueError("the copies differ before anything was done")

    def try_statement(self, statement: Statement) -> Outcome:
        """Execute `statement` on the lane and on base; return what the agent made of the lane's."""
        self.tally.statements += 1
        found = len(self.tally.findings)
        outcome = self._on_lane(statement)
        if not outcome.cause and not statement.refused:
            based = self._on_base(statement)
            self.tally.telling += bool(difference(based, outcome, statement))
        self._since += 1
        if is_session(statement.text):
            self.agent.reconnect()
            self.hand.reconnect()
        if len(self.tally.findings) > found:
            self._restore()
        elif self._since >= self.every:
            self.check_untouched(statement)
        return outcome

    def follow(self, pieces: Mapping[str, Sequence[Statement]]) -> None:
        """Execute statements that build on each other, on the lane and then on base.

        A piece of which one is refused ends there: what follows it builds on its rows.
        """
        for side in ("lane", "base"):
            self._restore()
            for statements in pieces.values():
                for statement in statements:
                    if not self._followed(side, statement):
                        break
                self._undo()
        self._restore()

    def _followed(self, side: str, statement: Statement) -> bool:
        if statement.text in ("COMMIT", "ROLLBACK"):
            for copy in (self.agent, self.hand):
                copy.end(statement.text)
            return True
        self.tally.statements += 1
        text, hand = statement.text, statement.hand or statement
        with self.lane("gray" if side == "lane" else "") if self.lane else nullcontext():
            agent = statement if self.lane or side == "base" else hand
            outcome = self._run(self.agent, agent.text, agent)
        if outcome.cause:
            self._note_refusal(statement, outcome)
            return False
        by_hand = hand if side == "lane" else statement
        other = self._run(self.hand, by_hand.text, by_hand)
        self.tally.errors += bool(outcome.error and other.error)
        different = difference(outcome, other, statement)
        if different:
            self._find("result", f"on {side}: {different}", statement, (text, by_hand.text))
        if not outcome.error:
            self._compare_tables(side, statement, (text, by_hand.text))
        return not different

    def probe(self, statement: Statement) -> str:
        """Return in a few words what is wrong with `statement` on the lane; ``""`` for nothing.

        Leaves no trace: nothing is counted, and everything is undone.
        """
        kept, self.tally = self.tally, Tally()
        try:
            outcome = self._on_lane(statement)
            if outcome.cause:
                other = self._run(self.hand, statement.by_hand(self.shadowed), statement)
                return "" if other.error else f"refused: {outcome.cause}"
            return _sort_of(self.tally.findings[0]) if self.tally.findings else ""
        finally:
            self.tally = kept
            self._undo()

    def _on_lane(self, statement: Statement) -> Outcome:
        text = statement.base(self.shadowed)
        by_hand = statement.by_hand(self.shadowed)
        with self.lane("gray") if self.lane else nullcontext():
            outcome = self._run(self.agent, text if self.lane else by_hand, statement)
        if outcome.cause:
            self._note_refusal(statement, outcome)
            return outcome
        other = self._run(self.hand, by_hand, statement.hand or statement)
        self.tally.errors += bool(outcome.error and other.error)
        self._compare("lane", statement, (text, by_hand), outcome, other)
        return outcome

    def _on_base(self, statement: Statement) -> Outcome:
        text = statement.base(self.shadowed)
        with self.lane("") if self.lane else nullcontext():
            outcome = self._run(self.agent, text, statement)
        other = self._run(self.hand, text, statement)
        self._compare("base", statement, (text, text), outcome, other)
        if statement.reads and not (text.startswith(("SELECT", "select")) and ";" not in text):
            # A connection changes sides only where no transaction is open that may have written.
            self._undo()
        return outcome

    def _run(self, copy: Copy, text: str, statement: Statement) -> Outcome:
        copy.begin()
        return copy.run(text, statement)

    def _note_refusal(self, statement: Statement, outcome: Outcome) -> None:
        self.tally.refused[outcome.cause] += 1
        self.tally.refusals.append((statement, outcome))
        self.agent.rollback()
        # A refusal comes before anything is sent; rolled back or not, nothing may have changed.

    def _compare(
        self,
        side: str,
        statement: Statement,
        texts: tuple[str, str],
        outcome: Outcome,
        other: Outcome,
    ) -> None:
        failed = bool(outcome.error or other.error)
        if failed and self.agent.dialect == "postgres":
            self._undo()
        different = difference(outcome, other, statement)
        if different:
            self._find("result", f"on {side}: {different}", statement, texts)
        if not statement.reads:
            if not (failed and self.agent.dialect == "postgres"):
                self._compare_tables(side, statement, texts)
            self._undo()

    def _compare_tables(self, side: str, statement: Statement, texts: tuple[str, str]) -> None:
        ours, theirs = self.agent.state(), self.hand.state()
        wrong = changed(self.first, ours, self._forbidden(side))
        if wrong:
            self._find("leak", f"on {side}: {self._shown(wrong, self.agent)}", statement, texts)
        wrong = changed(self.first, theirs, self._forbidden(side))
        if wrong:
            self._find(
                "oracle", f"by hand, {side}: {self._shown(wrong, self.hand)}", statement, texts
            )
        unequal = changed(ours, theirs, ours)
        if unequal:
            self._find(
                "tables",
                f"on {side}: agent {self._shown(unequal, self.agent)};"
                f" by hand {self._shown(unequal, self.hand)}",
                statement,
                texts,
            )

    def _forbidden(self, side: str) -> list[str]:
        """Return the tables that may not change on `side`."""
        suffix = SUFFIX if side == "base" else ""
        return [table + suffix for table in self._paired]

    def _shown(self, tables: list[str], copy: Copy) -> str:
        return "; ".join(f"{table} {shortened(copy.rows(table), 300)}" for table in tables)

    def _find(self, kind: str, what: str, statement: Statement, texts: tuple[str, str]) -> None:
        self.tally.findings.append(
            Finding(kind=kind, what=what, statement=statement, agent=texts[0], hand=texts[1])
        )

    def _undo(self) -> None:
        self.agent.rollback()
        self.hand.rollback()

    def check_untouched(self, statement: Statement) -> None:
        """Find the tables of one copy that are not as those of the other after all was undone.

        A statement that commits changes both alike, and both are put back.
        """
        self._since = 0
        self._undo()
        ours, theirs = self.agent.state(), self.hand.state()
        unequal = changed(ours, theirs, ours)
        if unequal:
            what = f"after at most {self.every} statements: {self._shown(unequal, self.agent)}"
            self._find("leak", what, statement, ("", ""))
        if unequal or ours != self.first:
            self._restore()
        else:
            self._undo()

    def close(self) -> None:
        """Close both connections."""
        self.agent.close()
        self.hand.close()

    def _restore(self) -> None:
        self.agent.restore()
        self.hand.restore()


def changed(before: State, after: State, tables: Collection[str]) -> list[str]:
    """Return which of `tables` differ between two states."""
    return [table for table in before if table in tables and before[table] != after.get(table)]


def _sort_of(finding: Finding) -> str:
    """Return what has to be the same in a shorter statement; its names and rows may be others."""
    what = finding.what.partition(": ")[2]
    return _NAMES.sub("x", what[:90]) if what.startswith("error") else finding.kind
