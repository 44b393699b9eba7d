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
from time import monotonic, monotonic_ns
from typing import TYPE_CHECKING

from fairlead.instruments.databases import Databases
from fairlead.instruments.driver import Driver, Target
from fairlead.instruments.effects import CONTROL, END, STATE, WARNINGS, is_ours
from fairlead.instruments.escape import leads_out, way_out
from fairlead.instruments.propagate import current, current_lane
from fairlead.instruments.watched import Watched
from fairlead.policy.workload import BASE
from fairlead.sql.asking import read_session
from fairlead.sql.catalog import Rows
from fairlead.sql.rewriter import Catalogs, Judging
from fairlead.sql.session import MYSQL, POSTGRES
from fairlead.sql.verdict import Refused, Verdict
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.flow.engine import Plan
    from fairlead.flow.sendings import Sent
    from fairlead.policy.database import ShadowDatabase

Ask = Callable[[str], Rows]
AskAsync = Callable[[str], Awaitable[Rows]]

__all__ = ["Ask", "AskAsync", "Connected", "Databases", "Driver", "Target"]

_NONE = Catalogs(monotonic)  # what is known of a server that was not asked


class Connected(Watched):
    """One open connection."""

    __slots__ = (
        *("_catalogs", "_engine", "_escape", "_free", "_known", "_rules", "inside", "passing"),
        *("redirect", "side"),
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
        super().__init__(databases, target, transacting)
        self._engine = databases.plane.engine
        self._plane.interfaces.connected(target.database)
        self.redirect = redirect
        self.side = redirect.lane if redirect else BASE
        """The lane that the last statement was on; BASE for lanes that have no shadows."""
        self.passing = False
        """While True, statements pass: the hook above has judged what is sent."""
        self.inside = False
        """While True, the statement that is sent has passed its gate."""
        self._rules: LaneShadows | None = None
        self._free: Plan | None = None  # where a connection to a shadow takes any statement
        self._known: dict[str, dict[str, Verdict]] = {}
        """Verdicts by style: with parameters and without, statements come by turns."""
        self._catalogs = _NONE
        self._escape: re.Pattern[str] | None = None

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
                self.wrote |= verdict.writes
                self.met = verdict.met and self._begins(verdict.met)
                return verdict.text
            if not lane or lane not in plan.shadows.by_lane:
                if self.side and not END.match(text):
                    self._cross(None)
                if (writes := plan.simple.get((lane, text) if lane else text)) is None:
                    return self._looked_at(text, plan, lane)
                if writes:
                    self.wrote |= writes is True or self._counts(writes, text)
                return text
            if self.passing or (
                plan is self._free and lane == self.side and (origin is None or not origin.ended)
            ):
                return text
            return None
        except Exception as error:
            return self._past(error, text)

    def _counts(self, met: Sent, text: str) -> bool:
        """Begin to measure a statement that was met before; return whether it writes."""
        if self.met is not None:
            return met.writes  # the hook above has begun, with the text that the application wrote
        if met.database != self.target.database:
            self._measured(text, met.lane, writes=met.writes)
            return met.writes
        self.met, self.began = met, monotonic_ns()
        return met.writes

    def _begins(self, met: Sent) -> Sent:
        self.began = monotonic_ns()
        return met

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

    def refuse(self, cause: str, reason: str, text: str = "") -> Exception:
        """Return the driver's error for what may not be done on this lane, counted.

        `text` is the statement, where it is one.
        """
        return self.databases.refused(Refused(cause, reason), text)

    def on_lane(self) -> LaneShadows | None:
        """Return the rules of the lane that the code works on, None where it has no shadows."""
        return self._engine.plan.shadows.by_lane.get(current_lane(self._plane))

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
            self._measured(text, rules.lane, writes=False)
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
        if verdict.met is None and self.measuring.on and text:
            verdict = self.databases.measured(verdict, text, session, rules.lane)
            if text in rewriter.known(style):
                rewriter.known(style)[text] = verdict
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

    def _sent(self, verdict: Verdict) -> str:
        met = verdict.met
        if verdict.refused is not None:
            if met is not None:
                met.count(0, True, 1)
            raise self.databases.refused(verdict.refused, verdict.text)
        if verdict.writes:
            self.wrote = True
        verdict.count()
        if met is not None:
            self.met, self.began = met, monotonic_ns()
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
