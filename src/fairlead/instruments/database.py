"""One connection to a database, and what may be sent on it on the lane of the work at hand.

What every driver's hook asks. Which rows a lane sees is decided here, once for all drivers: a lane
with shadow tables sends other statements, one with a shadow database uses other connections, and
what cannot be proved to stay in the shadow is refused with the driver's own error (contract 14 and
15). A fault of ours on a lane refuses too: here isolation fails closed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING

from fairlead.instruments.databases import Databases
from fairlead.instruments.driver import Driver, Target
from fairlead.instruments.effects import (
    BEGIN,
    CONTROL,
    CREATES,
    END,
    HEADS,
    READS,
    ROLE,
    STATE,
    STRING,
    TEMPORARY,
    WARNINGS,
    WRITES,
    is_ours,
)
from fairlead.instruments.escape import leads_out, way_out
from fairlead.instruments.propagate import current, current_lane
from fairlead.policy.workload import BASE
from fairlead.sql.asking import read_session
from fairlead.sql.catalog import Rows
from fairlead.sql.rewriter import Catalogs, Judging, Rewriter
from fairlead.sql.session import MYSQL, POSTGRES
from fairlead.sql.verdict import Refused, Verdict
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.flow.engine import Plan
    from fairlead.policy.database import ShadowDatabase
    from fairlead.sql.session import Session

Ask = Callable[[str], Rows]
AskAsync = Callable[[str], Awaitable[Rows]]

__all__ = ["Ask", "AskAsync", "Connected", "Databases", "Driver", "Target"]

SIMPLE_LENGTH, MOST_SIMPLE = 1024, 1024
"""Characters of a statement of base that is remembered, and how many are."""

_PLACES = count(1)
_NONE = Catalogs(monotonic)  # what is known of a server that was not asked


class Connected:
    """One open connection."""

    __slots__ = (
        "_catalogs",
        "_engine",
        "_escape",
        "_free",
        "_known",
        "_plan",
        "_plane",
        "_private",
        "_rewriter",
        "_rules",
        "_session",
        "databases",
        "inside",
        "passing",
        "redirect",
        "side",
        "target",
        "transacting",
        "wrote",
    )

    def __init__(
        self,
        databases: Databases,
        target: Target,
        redirect: ShadowDatabase | None,
        transacting: Callable[[], bool],
    ) -> None:
        """Take note of a connection to `target`, or to the shadow `redirect` in its place.

        `transacting` says whether a transaction is open on it, without asking the server; it must
        not keep the connection alive.
        """
        self.databases, self._plane = databases, databases.plane
        self._engine = databases.plane.engine
        self._plane.interfaces.connected(target.database)
        self.target, self.redirect, self.transacting = target, redirect, transacting
        self.side = redirect.lane if redirect else BASE
        """The lane that the last statement was on; BASE for lanes that have no shadows."""
        self.wrote = False
        """Whether a row may have been written since the last end of a transaction."""
        self.passing = False
        """While True, statements pass: the hook above has judged what is sent."""
        self.inside = False
        """While True, the statement that is sent has passed its gate."""
        self._session: Session | None = None
        self._rules: LaneShadows | None = None
        self._rewriter: Rewriter | None = None
        self._free: Plan | None = None  # where a connection to a shadow takes any statement
        self._plan: Plan | None = None
        """The plan that rules and rewriter were last held against."""
        self._known: dict[str, dict[str, Verdict]] = {}
        """Verdicts by style: with parameters and without, statements come by turns."""
        self._catalogs = _NONE
        self._escape: re.Pattern[str] | None = None
        self._private = False
        """Whether it may have views and triggers that only it can see."""

    def quick(self, text: str, style: str) -> str | None:
        """Return what to send for `text`, or None where `settle` has to find out.

        `style` is how parameters are marked in it (`sql.lexis`): PLAIN where there are none.
        """
        try:
            plan = self._engine.plan
            origin = current()
            lane = plan.own_lane if origin is None else origin.lane
            # A plan that verdicts are known under has shadows for the side they were given on.
            if (
                lane
                and plan is self._plan
                and lane == self.side
                and (known := self._known.get(style)) is not None
                and (verdict := known.get(text)) is not None
                and verdict.refused is None
                and monotonic() < self._catalogs.until
                and (origin is None or not origin.ended)
                and not self.passing
            ):
                verdict.count()
                if verdict.writes:
                    self.wrote = True
                return verdict.text
            if not lane or lane not in plan.shadows.by_lane:
                if self.side and not END.match(text):
                    self._cross(None)
                if (writes := plan.simple.get(text)) is None:
                    return self._looked_at(text, plan)
                if writes:
                    self.wrote = True
                return text
            if self.passing or (
                plan is self._free and lane == self.side and (origin is None or not origin.ended)
            ):
                return text
            return None
        except Exception as error:
            return self._past(error, text)

    def _past(self, error: Exception, text: str) -> str:
        """Let a statement of base go on behind a fault of ours; on a lane it is refused."""
        if is_ours(error) and not self.side:
            with suppress(Exception):
                if current_lane(self._plane) == BASE:
                    self._plane.counters.count(AGENT_FAULTS, self.databases.driver.library)
                    return text
        raise self._closed(error, text)

    def settle(self, text: str, style: str, ask: Ask) -> str:
        """Return what to send for `text`; `ask` sends a query on this connection for its rows."""
        rows: Rows | None = None
        try:
            judging = self._judging(text, style)
            if judging is None:
                return text
            while True:
                query = judging.send(rows)  # type: ignore[arg-type]
                rows = ask(query)
        except StopIteration as done:
            return self._sent(done.value)
        except Exception as error:
            closed = self._closed(error, text)
            if closed is error:
                raise
            raise closed from error

    async def settle_async(self, text: str, style: str, ask: AskAsync) -> str:
        """Return what to send for `text`, as `settle` does."""
        rows: Rows | None = None
        try:
            judging = self._judging(text, style)
            if judging is None:
                return text
            while True:
                query = judging.send(rows)  # type: ignore[arg-type]
                rows = await ask(query)
        except StopIteration as done:
            return self._sent(done.value)
        except Exception as error:
            closed = self._closed(error, text)
            if closed is error:
                raise
            raise closed from error

    def ended(self) -> None:
        """Hear that a transaction was committed or rolled back."""
        self.wrote = False

    def refuse(self, cause: str, reason: str, text: str = "") -> Exception:
        """Return the driver's error for what may not be done on this lane, counted.

        `text` is the statement, where it is one.
        """
        return self.databases.refused(Refused(cause, reason), text)

    def on_lane(self) -> LaneShadows | None:
        """Return the rules of the lane that the code works on, None where it has no shadows."""
        return self._engine.plan.shadows.by_lane.get(current_lane(self._plane))

    def forget_session(self) -> None:
        """Hear that the current database, or how names are read, may have changed."""
        self._session = self._rewriter = self._plan = None

    def _judging(self, text: str, style: str) -> Judging | None:
        """Return the question what to send on this lane; None where it is `text` itself."""
        if not self._plane.ready:
            self._plane.ensure_ready()
        plan = self._engine.plan
        rules = plan.shadows.by_lane.get(current_lane(self._plane))
        if rules is None:
            return None
        if not rules.known:
            raise self.refuse(
                "off", "whether it has shadows is not known: no snapshot has come yet", text
            )
        self._adopt(rules)
        if rules.lane != self.side and not END.match(text):
            self._cross(rules)
        if self._escape is not None and leads_out(self._escape, text):
            raise self.refuse(
                "side", "it names a database that has a shadow on this lane: connect to it", text
            )
        if self.redirect is not None or not rules.tables:
            self._note(text)
            free = self.redirect is not None and self._escape is None and not plan.statements
            self._free = plan if free else None
            return None
        if self._plane.rewriting.off:
            why = "FAIRLEAD_SHADOW=off: this process may not work on this lane"
            raise self.refuse("off", why, text)
        return self._judge(plan, rules, text, style)

    def _judge(self, plan: Plan, rules: LaneShadows, text: str, style: str) -> Judging:
        session = self._session
        if session is None:
            # A question in between would leave no warning to show.
            if WARNINGS.match(text) and ";" not in text.rstrip("; \t\r\n"):
                return Verdict(text)
            if self.databases.driver.dialect == POSTGRES and CONTROL.fullmatch(text):
                # SET TRANSACTION has to come before any query, ROLLBACK where none is answered.
                return Verdict(text)
            session = yield from read_session(self.databases.driver.dialect)
            self._session = session
        rewriter = self._rewriter
        if rewriter is None:
            rewriter = self._rewriter = self.databases.rewriter(session, rules, self.target)
        verdict = rewriter.known(style).get(text)
        if verdict is None or monotonic() >= rewriter.catalogs.until:
            verdict = yield from rewriter.judge(text, style)
        # From here on `quick` can answer.
        if self._plan is not plan:
            self._known = {}
        self._plan = plan if plan.statements is None else None
        self._catalogs = rewriter.catalogs
        self._known[style] = rewriter.known(style)
        parted = verdict.refused is None and self._parted(text)
        if parted or STATE.match(text):
            rewriter.known(style).pop(text, None)  # the next time it has to be heard again
            self.forget_session()
        return verdict

    def _parted(self, text: str) -> bool:
        """Whether this connection sees from here on what no other one does, or it may.

        Views and triggers that are its own, in SQLite every trigger of a temporary table among
        them, and what a role has the right to. What is known of the server is not all there is.
        """
        if CREATES.search(text):
            if not (self._private or TEMPORARY.search(text)):
                return False
        elif not (ROLE.search(text) and STATE.match(text)):
            return False
        self._private = True
        self.target = replace(self.target, place=f"connection {next(_PLACES)}")
        self.forget_session()
        return True

    def _adopt(self, rules: LaneShadows) -> None:
        if rules is self._rules:
            return
        # Also where the rules are the same: while there were none, nobody took note of a USE.
        self.forget_session()
        self._rules = rules
        database, host, port = self.target.database, self.target.host, self.target.port
        shadow = rules.database(database, host, port)
        if shadow != self.redirect and not (shadow is None and self.redirect is None):
            self._rules = None
            raise self.refuse("side", self._elsewhere(rules.lane))
        dialect = self.databases.driver.dialect
        if dialect == MYSQL or self.redirect is not None:
            names = {one.source.name for one in rules.databases}
            there = {name for name in names if rules.database(name, host, port)}
            if self.redirect is not None:
                there |= {table.database for table in rules.tables}
            self._escape = way_out(dialect, frozenset(there))

    def _elsewhere(self, lane: str) -> str:
        where = f"the shadow database of lane {self.redirect.lane}" if self.redirect else "base"
        what = f"this connection to {self.target.database!r} was opened to {where} and cannot serve"
        remedy = "open one in the request, or use a pool that fairlead hooks"
        return f"{what} {f'lane {lane}' if lane else 'base'}: {remedy}"

    def _cross(self, rules: LaneShadows | None) -> None:
        """Let the connection serve another side, unless a transaction is in between."""
        lane = rules.lane if rules else BASE
        if self.redirect is not None and lane != self.redirect.lane:
            raise self.refuse("side", self._elsewhere(lane))
        if self.wrote and self.transacting():
            reason = (
                f"a transaction that has written on {self.side or 'base'} is open on this"
                f" connection: commit it before work on {lane or 'base'} uses it"
            )
            raise self.refuse("side", reason)
        self.side, self.wrote = lane, False

    def _looked_at(self, text: str, plan: Plan) -> str | None:
        """Take note of a statement of base that was not met lately; None where rules concern it."""
        writes = HEADS.get(text[:6]) if ";" not in text else None
        if writes is None:
            self._note_safely(text)
        elif writes:
            self.wrote = True
        if plan.statements is not None:
            return None
        if writes is not None and len(text) <= SIMPLE_LENGTH:
            simple = plan.simple
            if len(simple) >= MOST_SIMPLE:
                simple.clear()
            simple[text] = writes
        return text

    def _note_safely(self, text: str) -> None:
        """Take note of a statement of base, which goes out whatever becomes of us."""
        try:
            self._note(text)
        except Exception:  # counted; what is known of the connection is not relied on any more
            self._plane.counters.count(AGENT_FAULTS, self.databases.driver.library)
            self.forget_session()
            self.wrote = True

    def _note(self, text: str) -> None:
        """Take note of what a statement that is sent as it is does to the connection."""
        self._parted(text)
        several = ";" in text and ";" in STRING.sub("", text).rstrip("; \t\r\n")
        if not several and text[:6] in WRITES:
            self.wrote = True
        elif not several and END.match(text):
            self.wrote = False
        elif not several and BEGIN.match(text):
            if self.databases.driver.dialect == MYSQL or not self.transacting():
                self.wrote = False
        elif several or not READS.match(text):
            # What is not known may change the current database too: CALL, EXECUTE, a comment.
            self.forget_session()
            self.wrote |= several or not STATE.match(text)

    def _sent(self, verdict: Verdict) -> str:
        if verdict.refused is not None:
            raise self.databases.refused(verdict.refused, verdict.text)
        if verdict.writes:
            self.wrote = True
        verdict.count()
        return verdict.text

    def _closed(self, error: Exception, text: str) -> Exception:
        """Return what to raise where a statement could not be judged."""
        if isinstance(error, Refused):
            return self.databases.refused(error, text)
        if not is_ours(error):
            return error
        self._plane.counters.count(AGENT_FAULTS, self.databases.driver.library)
        why = f"it could not be judged: {type(error).__name__}: {error}"
        return self.refuse("other", why, text)
