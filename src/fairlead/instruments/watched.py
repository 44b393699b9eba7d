"""A connection to a database, and what is known of it by what was sent on it.

What nobody parses may change the session, open a transaction, or make what only this connection
sees: whoever decides about the next statement (`database.py`) has to know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from fairlead.instruments.databases import Databases
from fairlead.instruments.driver import Target
from fairlead.instruments.effects import (
    BEGIN,
    CREATES,
    END,
    HEADS,
    READS,
    ROLE,
    STATE,
    STRING,
    TEMPORARY,
    WRITES,
)
from fairlead.sql.rewriter import Rewriter
from fairlead.sql.session import MYSQL
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.engine import Plan
    from fairlead.flow.sendings import Sent
    from fairlead.sql.session import Session

SIMPLE_LENGTH, MOST_SIMPLE = 1024, 1024
"""Characters of a statement of base that is remembered, and how many are."""

NOTHING: Any = None
"""Says of a connection that no statement of its own is being sent; `quick` may say otherwise."""

_PLACES = count(1)


class Watched:
    """One open connection, as what was sent on it has left it."""

    __slots__ = (
        *("_plan", "_plane", "_private", "_rewriter", "_session", "began", "databases"),
        *("measuring", "met", "target", "transacting", "wrote"),
    )

    met: Sent | None

    def __init__(
        self, databases: Databases, target: Target, transacting: Callable[[], bool]
    ) -> None:
        self.databases, self._plane = databases, databases.plane
        self.measuring = databases.plane.engine.measuring
        self.target, self.transacting = target, transacting
        self.wrote = False
        """Whether a row may have been written since the last end of a transaction."""
        self.met = None
        """What counts the statement that is being sent, since `began`; None where nothing does."""
        self.began = 0
        self._session: Session | None = None
        self._rewriter: Rewriter | None = None
        self._plan: Plan | None = None
        """The plan that rules and rewriter were last held against."""
        self._private = False
        """Whether it may have views and triggers that only it can see."""

    def ended(self) -> None:
        """Hear that a transaction was committed or rolled back."""
        self.wrote = False

    def forget_session(self) -> None:
        """Hear that the current database, or how names are read, may have changed."""
        self._session = self._rewriter = self._plan = None

    def _measured(self, text: str, lane: str, *, writes: bool) -> Sent | None:
        """Begin to measure a statement that is sent as it is, and return what counts it.

        None where nothing does, or what the hook above has begun with: values may be merged into
        this text.
        """
        if not self.measuring.on or self.met is not None or not text:
            return None
        driver, database = self.databases.driver, self.target.database
        sendings = self.measuring.sendings
        met = self.met = sendings.of_base(driver.dialect, database, text, writes=writes, lane=lane)
        self.began = monotonic_ns()
        return met

    def _looked_at(self, text: str, plan: Plan, lane: str) -> str | None:
        """Take note of a statement of base, or of a lane without shadows, that was not met lately.

        None where rules concern it.
        """
        writes = HEADS.get(text[:6]) if ";" not in text else None
        within = self.met is not None
        met = self._measured(text, lane, writes=bool(writes))
        if writes is None:
            self._note_safely(text)
        elif writes:
            self.wrote = True
        if plan.statements is not None:
            return None
        # What counts no statement by itself may have room for this one the next time.
        kept = not within and (met is None or met.text)
        if writes is not None and len(text) <= SIMPLE_LENGTH and kept:
            simple = plan.simple
            if len(simple) >= MOST_SIMPLE:
                simple.clear()
            simple[(lane, text) if lane else text] = writes if met is None else met
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
