"""What the hooks of one driver share: where a connection may lead, and what is known of servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from fairlead.instruments.driver import Driver, Target
from fairlead.instruments.effects import is_ours
from fairlead.instruments.propagate import current_lane
from fairlead.policy.database import NOWHERE
from fairlead.sql.masking import masked_reason
from fairlead.sql.rewriter import Catalogs, Rewriter
from fairlead.sql.session import MYSQL
from fairlead.sql.template import template
from fairlead.sql.verdict import Refused
from fairlead.telemetry.names import AGENT_FAULTS, SQL_REFUSED, SQL_SHADOWED, SQL_UNCHANGED
from fairlead.telemetry.refusals import Refusal

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.instruments.instrument import DataPlane
    from fairlead.policy.database import ShadowDatabase
    from fairlead.sql.session import Session
    from fairlead.sql.verdict import Verdict

MOST_REWRITERS = 64
"""States of sessions that are kept apart per driver; then what was worked out is forgotten."""


class Databases:
    """What the hooks of one driver share: the data plane, and what is known of servers."""

    def __init__(self, plane: DataPlane, driver: Driver) -> None:
        self.plane, self.driver = plane, driver
        self._catalogs: dict[tuple[Target, str], Catalogs] = {}
        self._rewriters: dict[tuple[Any, ...], Rewriter] = {}

    def redirected(self, target: Target) -> ShadowDatabase | None:
        """Return the shadow that a connection opened now is to be made to, None for `target`.

        To be asked by whatever opens a connection, and given to `Connected`.
        """
        try:
            return self._redirected(target)
        except Exception as error:
            if not is_ours(error):
                raise  # the refusal
            # Base goes on; a lane that has a shadow refuses a connection to base.
            self.plane.counters.count(AGENT_FAULTS, self.driver.library)
            return None

    def _redirected(self, target: Target) -> ShadowDatabase | None:
        plane = self.plane
        if not plane.ready:
            plane.ensure_ready()
        if plane.rewriting.off:
            return None
        rules = plane.engine.plan.shadows.by_lane.get(current_lane(plane))
        if rules is None:
            return None
        found = rules.database(target.database, target.host, target.port)
        if found is not None and found.shadow == NOWHERE:
            reason = f"{found.rule} gives {target.database!r} a shadow that is of no use"
        elif found is None and self.driver.dialect == MYSQL and target.differs_by_case(rules):
            # Whether it is the same one only the server knows (lower_case_table_names).
            reason = f"{target.database!r} differs from a database with a shadow by its case alone"
        else:
            return found
        raise self.refused(Refused("side", reason))

    def refused(self, refused: Refused, text: str = "") -> Exception:
        """Return the driver's error for what may not be done on the lane of the work at hand.

        It is counted, and kept for whoever asks; `text` is the statement, ``""`` for none.
        """
        try:
            lane = current_lane(self.plane) or "base"
        except Exception:
            lane = "unknown"  # a fault is refused too, and may be met here again
        self.plane.counters.count(SQL_REFUSED, refused.cause)
        refusal = Refusal(
            lane=lane,
            library=self.driver.library,
            dialect=self.driver.dialect,
            cause=refused.cause,
            reason=refused.reason,
            text=text,
            last=monotonic(),
        )
        self.plane.refusals.note(refusal)
        error = self.driver.refusal(f"fairlead: refused on lane {lane}: {refused.reason}")
        error.__cause__ = refused
        return error

    def rewriter(self, session: Session, rules: LaneShadows, target: Target) -> Rewriter:
        """Return what judges statements of `session` by `rules`; shared by equal ones."""
        rewriting = self.plane.rewriting
        key = (session, rules.tables, rules.databases, target, rewriting)
        found = self._rewriters.get(key)
        if found is None:
            if len(self._rewriters) >= MOST_REWRITERS:
                self._rewriters, self._catalogs = {}, {}
            sight = target, session.sight
            catalogs = self._catalogs.setdefault(sight, Catalogs(monotonic))
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

    def measured(self, verdict: Verdict, text: str, session: Session, lane: str) -> Verdict:
        """Return `verdict` on a statement with what measures it, and knows it by its template."""
        try:
            return self._measured(verdict, text, session, lane)
        except Exception:  # counted; a lane's statement is sent all the same
            self.plane.counters.count(AGENT_FAULTS, self.driver.library)
            return verdict

    def _measured(self, verdict: Verdict, text: str, session: Session, lane: str) -> Verdict:
        dialect, refused = self.driver.dialect, verdict.refused
        said = template(text, dialect).text
        if refused is None:
            told = (said, template(verdict.text, dialect).text, "")
        else:
            told = (said, "", refused.cause)
        sendings = self.plane.engine.measuring.sendings
        met = sendings.of_lane(dialect, session.database, lane, told)
        if refused is not None and met.text:
            met.reason = masked_reason(refused.reason, refused.cause)
        return replace(verdict, met=met)

    def _counter(self, name: str, rules: LaneShadows) -> Callable[[], object]:
        return self.plane.counters.counter(name, rules.lane).raise_by_one
