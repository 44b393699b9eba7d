"""One connection to a database, and what may be sent on it on the lane of the work at hand.

What every driver's hook asks. Which rows a lane sees is decided here, once for all drivers: a lane
with shadow tables sends other statements, one with a shadow database uses other connections, and
what cannot be proved to stay in the shadow is refused with the driver's own error (contract 14 and
15). A fault of ours on a lane refuses too: here isolation fails closed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from fairlead.instruments.propagate import current, current_lane
from fairlead.policy.workload import BASE
from fairlead.sql.asking import read_session
from fairlead.sql.rewriter import Catalogs, Judging, Rewriter
from fairlead.sql.session import MYSQL, SQLITE
from fairlead.sql.verdict import Refused, Verdict
from fairlead.telemetry.names import AGENT_FAULTS, SQL_REFUSED, SQL_SHADOWED, SQL_UNCHANGED

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.flow.engine import Plan
    from fairlead.instruments.instrument import DataPlane
    from fairlead.policy.database import ShadowDatabase
    from fairlead.sql.session import Session

Rows = Iterable[Sequence[Any]]
Ask = Callable[[str], Rows]
AskAsync = Callable[[str], Awaitable[Rows]]

MOST_REWRITERS = 64
"""States of sessions that are kept apart per driver; then what was worked out is forgotten."""

_SELECT = frozenset(("SELECT", "select"))
_STATE = re.compile(
    r"(?is)(?:\s|/\*.*?\*/|--[^\n]*\n|\#[^\n]*\n|\()*(use|set|attach|detach|reset)\b"
)
_END = re.compile(r"(?is)\s*(?:commit|rollback(?!\s+to)|end|abort)\b")
_ATTACH = re.compile(r"(?is)(?:\s|/\*.*?\*/|--[^\n]*\n)*(?:attach|detach)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A library that talks to databases, in the words that its hooks need."""

    library: str
    """Its distribution's name."""
    dialect: str
    """One of `sql.session.DIALECTS`."""
    refusal: Callable[[str], Exception]
    """Makes the error that the library raises for a statement that it cannot run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a connection is to, as the application said it."""

    database: str
    """MySQL, PostgreSQL: the database; SQLite: the stem of the file, or ``memory``."""
    host: str = ""
    port: int = 0


class Databases:
    """What the hooks of one driver share: the data plane, and what is known of servers."""

    def __init__(self, plane: DataPlane, driver: Driver) -> None:
        self.plane, self.driver = plane, driver
        self._catalogs: dict[Target, Catalogs] = {}
        self._rewriters: dict[tuple[Any, ...], Rewriter] = {}

    def redirected(self, target: Target) -> ShadowDatabase | None:
        """Return the shadow that a connection opened now is to be made to, None for `target`.

        To be asked by whatever opens a connection, and given to `Connected`.
        """
        plane = self.plane
        if not plane.ready:
            plane.ensure_ready()
        if plane.rewriting.off:
            return None
        rules = plane.engine.plan.shadows.by_lane.get(current_lane(plane))
        if rules is None:
            return None
        return rules.database(target.database, target.host, target.port)

    def rewriter(self, session: Session, rules: LaneShadows, target: Target) -> Rewriter:
        """Return what judges statements of `session` by `rules`; shared by equal ones."""
        rewriting = self.plane.rewriting
        key = (session, rules.tables, target, rewriting)
        found = self._rewriters.get(key)
        if found is None:
            if len(self._rewriters) >= MOST_REWRITERS:
                self._rewriters = {}
            catalogs = self._catalogs.setdefault(target, Catalogs(monotonic))
            found = Rewriter(
                session,
                rules.tables,
                catalogs,
                listed=rewriting.tables,
                allowed=rewriting.functions,
                counts=(self._counter(SQL_SHADOWED, rules), self._counter(SQL_UNCHANGED, rules)),
            )
            found = self._rewriters.setdefault(key, found)
        return found

    def _counter(self, name: str, rules: LaneShadows) -> Callable[[], object]:
        return self.plane.counters.counter(name, rules.lane).raise_by_one


_NONE = Catalogs(monotonic)
"""What a connection knows of its server before it was asked."""


class Connected:
    """One open connection."""

    __slots__ = (
        "_catalogs",
        "_databases",
        "_engine",
        "_escape",
        "_plan",
        "_plane",
        "_rewriter",
        "_rules",
        "_session",
        "_style",
        "_verdicts",
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
        self._databases, self._plane = databases, databases.plane
        self._engine = databases.plane.engine
        self.target, self.redirect, self.transacting = target, redirect, transacting
        self.side = redirect.lane if redirect else BASE
        """The lane that the last statement was on; BASE for lanes that have no shadows."""
        self.wrote = False
        """Whether a row may have been written since the last end of a transaction."""
        self.passing = False
        """While True, statements pass: the hook above has judged what is sent."""
        self._session: Session | None = None
        self._rules: LaneShadows | None = None
        self._rewriter: Rewriter | None = None
        self._plan: Plan | None = None
        """The plan that rules and rewriter were last held against."""
        self._style = ""
        self._verdicts: dict[str, Verdict] = {}
        self._catalogs = _NONE
        self._escape = _escape(databases.driver.dialect, redirect)

    def quick(self, text: str, style: str) -> str | None:
        """Return what to send for `text`, or None where `settle` has to find out.

        `style` is how parameters are marked in it (`sql.lexis`): PLAIN where there are none.
        """
        plan = self._engine.plan
        if self.passing or (self.redirect is None and not plan.shadows.by_lane):
            return text
        origin = current()
        lane = plan.own_lane if origin is None else origin.lane
        if lane == BASE or lane not in plan.shadows.by_lane:
            if self.side != BASE:
                self._cross(None)
            if text[:6] not in _SELECT:
                self._note(text)
            return text
        if (
            plan is self._plan
            and (verdict := self._verdicts.get(text)) is not None
            and verdict.refused is None
            and lane == self.side
            and style == self._style
            and monotonic() < self._catalogs.until
            and (origin is None or not origin.ended)
        ):
            verdict.count()
            if verdict.writes:
                self.wrote = True
            return verdict.text
        return None

    def settle(self, text: str, style: str, ask: Ask) -> str:
        """Return what to send for `text`; `ask` sends a query on this connection for its rows."""
        judging = self._judging(text, style)
        if judging is None:
            return text
        rows: Rows | None = None
        try:
            while True:
                query = judging.send(rows)  # type: ignore[arg-type]
                rows = ask(query)
        except StopIteration as done:
            return self._sent(done.value)
        except Refused as refused:
            raise self._refusal(refused) from refused
        except Exception as error:
            raise self._closed(error) from error

    async def settle_async(self, text: str, style: str, ask: AskAsync) -> str:
        """Return what to send for `text`, as `settle` does."""
        judging = self._judging(text, style)
        if judging is None:
            return text
        rows: Rows | None = None
        try:
            while True:
                query = judging.send(rows)  # type: ignore[arg-type]
                rows = await ask(query)
        except StopIteration as done:
            return self._sent(done.value)
        except Refused as refused:
            raise self._refusal(refused) from refused
        except Exception as error:
            raise self._closed(error) from error

    def ended(self) -> None:
        """Hear that a transaction was committed or rolled back."""
        self.wrote = False

    def refuse(self, cause: str, reason: str) -> Exception:
        """Return the driver's error for what may not be done on this lane, counted."""
        return self._refusal(Refused(cause, reason))

    def on_lane(self) -> LaneShadows | None:
        """Return the rules of the lane that the code works on, None where it has no shadows."""
        plane = self._plane
        return plane.engine.plan.shadows.by_lane.get(current_lane(plane))

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
                "off", "whether it has shadows is not known: no snapshot has come yet"
            )
        self._adopt(rules)
        if rules.lane != self.side:
            self._cross(rules)
        if self.redirect is not None:
            self._check_escape(text)
            return None
        if not rules.tables:
            return None
        if self._plane.rewriting.off:
            raise self.refuse("off", "FAIRLEAD_SHADOW=off: this process may not work on this lane")
        return self._judge(plan, rules, text, style)

    def _judge(self, plan: Plan, rules: LaneShadows, text: str, style: str) -> Judging:
        session = self._session
        if session is None:
            session = yield from read_session(self._databases.driver.dialect)
            self._session = session
        rewriter = self._rewriter
        if rewriter is None:
            rewriter = self._rewriter = self._databases.rewriter(session, rules, self.target)
        verdict = rewriter.known(style).get(text)
        if verdict is None or monotonic() >= rewriter.catalogs.until:
            verdict = yield from rewriter.judge(text, style)
        # From here on `quick` can answer.
        self._plan, self._style, self._catalogs = plan, style, rewriter.catalogs
        self._verdicts = rewriter.known(style)
        if _STATE.match(text):
            self.forget_session()
        return verdict

    def _adopt(self, rules: LaneShadows) -> None:
        if rules is self._rules:
            return
        if self._rules != rules:
            self._rewriter = self._plan = None
        self._rules = rules
        shadow = rules.database(self.target.database, self.target.host, self.target.port)
        if shadow != self.redirect and not (shadow is None and self.redirect is None):
            self._rules = None
            raise self.refuse("side", self._elsewhere(rules.lane))

    def _elsewhere(self, lane: str) -> str:
        where = f"the shadow database of lane {self.redirect.lane}" if self.redirect else "base"
        return (
            f"this connection to {self.target.database!r} was opened to {where} and cannot serve"
            f" {f'lane {lane}' if lane else 'base'}: open one in the request, or use a pool that"
            " fairlead hooks"
        )

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

    def _note(self, text: str) -> None:
        """Take note of what a statement of base does to the connection."""
        if _STATE.match(text) or (";" in text and self._databases.driver.dialect == MYSQL):
            self.forget_session()
        self.wrote = not _END.match(text)

    def _check_escape(self, text: str) -> None:
        if self._escape is not None and self._escape.search(text):
            name = self.redirect.source.name if self.redirect else ""
            reason = f"it names the database {name!r} itself, whose shadow this connection is to"
            raise self.refuse("side", reason)

    def _sent(self, verdict: Verdict) -> str:
        if verdict.refused is not None:
            raise self._refusal(verdict.refused)
        if verdict.writes:
            self.wrote = True
        verdict.count()
        return verdict.text

    def _refusal(self, refused: Refused) -> Exception:
        self._plane.counters.count(SQL_REFUSED, refused.cause)
        lane = current_lane(self._plane) or "base"
        error = self._databases.driver.refusal(
            f"fairlead: refused on lane {lane}: {refused.reason}"
        )
        error.__cause__ = refused
        return error

    def _closed(self, error: Exception) -> Exception:
        """Return what to raise where a statement could not be judged."""
        if type(error).__module__.partition(".")[0] != "fairlead" and not _ours(error):
            return error
        self._plane.counters.count(AGENT_FAULTS, self._databases.driver.library)
        return self.refuse("other", f"it could not be judged: {type(error).__name__}: {error}")


def _ours(error: Exception) -> bool:
    """Whether `error` was raised by our own code: a driver's says what the server said."""
    trace, last = error.__traceback__, ""
    while trace is not None:
        last, trace = trace.tb_frame.f_globals.get("__name__", ""), trace.tb_next
    return str(last).partition(".")[0] in ("fairlead", "sqlglot", "re")


def _escape(dialect: str, redirect: ShadowDatabase | None) -> re.Pattern[str] | None:
    """Return what finds a way out of a shadow database: the name of its source in a statement."""
    if redirect is None:
        return None
    if dialect == SQLITE:
        return _ATTACH
    if dialect != MYSQL:
        return None
    name = re.escape(redirect.source.name)
    return re.compile(rf"(?is)(?<![\w$])`?{name}`?\s*\.|^\s*use\s+`?{name}`?\s*;?\s*$")
