"""Statements that this process sends to databases: how often, how long they took, what failed.

What is sent as the application wrote it, on base or on a lane without shadows, is known by that
text, which stays in the process; what is judged on a lane by whatever whoever judges it calls it.
What is beyond the bounds is counted together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fairlead.flow.edges import REST

if TYPE_CHECKING:
    from fairlead.flow.edges import Edge

MOST_OF_BASE, MOST_OF_LANES = 1024, 512
"""Statements that are told apart, those sent as they are until they are read the next time."""

MOST_NAMES = 64
"""Lanes without shadows that are told apart: a request may name any."""

LONGEST = 4096
"""Characters of a statement of base that is told apart: a longer one is full of values."""


class Sent:
    """One statement, with what became of it each time. It is shared by threads."""

    __slots__ = (
        *("cause", "count", "database", "dialect", "edge", "lane", "reason", "rewritten"),
        *("seen", "told", "text", "writes"),
    )

    def __init__(
        self, make: Callable[[str, str], Edge], dialect: str, database: str, lane: str, text: str
    ) -> None:
        self.dialect, self.database, self.lane = dialect, database, lane
        self.text = text
        """``""`` for all that are not told apart."""
        self.writes = False
        self.rewritten = self.cause = self.reason = ""
        """What is sent in its place, or why nothing is."""
        self.begin_again(make)

    def begin_again(self, make: Callable[[str, str], Edge]) -> None:
        """Count from nothing."""
        self.edge = make("", "")
        self.count: Callable[[int, bool, int], object] = self.edge.count
        """Count one sending: nanoseconds, whether it failed, and 1."""
        self.told: object = None
        """For whoever reads it: how it is told, once that was found out."""
        self.seen: tuple[int, ...] | None = None
        """What was read of it the last time."""


class Sendings:
    """All of them."""

    def __init__(self, make: Callable[[str, str], Edge]) -> None:
        """`make` makes what counts."""
        self._make = make
        self._base: dict[tuple[str, str, str, str], Sent] = {}
        self._named: set[str] = set()
        self._lanes: dict[tuple[str, str, str, str, str], Sent] = {}
        self._rest: dict[tuple[str, str, str], Sent] = {}
        self._leaving: list[Sent] = []
        """Those of base that make room: who holds one may count on it for a moment yet."""

    def of_base(
        self, dialect: str, database: str, text: str, *, writes: bool, lane: str = ""
    ) -> Sent:
        """Return what counts a statement of base, or of a lane on which it is sent as it is."""
        if lane:
            lane = self._apart(lane)
        key = (dialect, database, lane, text)
        found = self._base.get(key)
        if found is None:
            if len(text) > LONGEST or len(self._base) >= MOST_OF_BASE:
                return self._others(dialect, database, lane)
            found = Sent(self._make, dialect, database, lane, text)
            found.writes = writes
            found = self._base.setdefault(key, found)
        return found

    def of_lane(self, dialect: str, database: str, lane: str, said: tuple[str, str, str]) -> Sent:
        """Return what counts a statement that is judged on a lane.

        `said` is how it is called, what is sent in its place, and the cause for which nothing is.
        """
        key = (dialect, database, lane, said[0], said[2])
        found = self._lanes.get(key)
        if found is None:
            if len(self._lanes) >= MOST_OF_LANES:
                return self._others(dialect, database, lane)
            found = Sent(self._make, dialect, database, lane, said[0])
            found.rewritten, found.cause = said[1:]
            found = self._lanes.setdefault(key, found)
        return found

    def _apart(self, lane: str) -> str:
        """Return how a lane is told, for as long as the process lives."""
        if lane not in self._named:
            if len(self._named) >= MOST_NAMES:
                return REST
            self._named.add(lane)
        return lane

    def _others(self, dialect: str, database: str, lane: str) -> Sent:
        key = (dialect, database, lane)
        found = self._rest.get(key)
        if found is None:
            made = Sent(self._make, *key, "")
            found = made if len(self._rest) >= MOST_OF_LANES else self._rest.setdefault(key, made)
        return found

    def read(self) -> tuple[list[Sent], bool]:
        """Return all of them, and whether whoever keeps some of base is to ask for them anew.

        Where there was no more room on base, there is from now on. Not for two threads at once.
        """
        leaving, self._leaving = self._leaving, []
        full = len(self._base) >= MOST_OF_BASE
        base = list(self._base.values())
        if full:
            self._base, self._leaving = {}, base
        return [*leaving, *base, *list(self._lanes.values()), *list(self._rest.values())], full

    def begin_again(self) -> None:
        """Count from nothing, in a forked process: who judges statements keeps some of these."""
        self._base, self._leaving = {}, []
        for one in self._kept():
            one.begin_again(self._make)

    def _kept(self) -> Iterator[Sent]:
        yield from self._lanes.values()
        yield from self._rest.values()
