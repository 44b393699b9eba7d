"""What keeps connections keeps them per lane: a pool has a twin on a lane with shadow databases.

A driver's hook opens a connection to the shadow where the code that connects is on the lane, and
refuses to use one of the other side. So whatever hands out connections that are open already is
hooked to ask here whose they may be. What a pool is, and how to copy it, its library's hook knows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import unquote, urlsplit

from fairlead.instruments.propagate import Origin, current_lane, resume, suspend
from fairlead.sql.asking import stem

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.instruments.instrument import DataPlane
    from fairlead.policy.database import ShadowDatabase

P = TypeVar("P")

MOST_LANES = 32
"""Twins of one pool; the oldest goes when there is one more."""


def own_connections(plane: DataPlane) -> LaneShadows | None:
    """Return the rules of the lane at hand if it has connections of its own, None if it has not."""
    if not plane.ready:
        plane.ensure_ready()
    shadows = plane.engine.plan.shadows.by_lane
    if not shadows:
        return None
    rules = shadows.get(current_lane(plane))
    return rules if rules is not None and rules.databases else None


def concerns(rules: LaneShadows, database: str) -> bool:
    """Tell whether a connection to `database` may be sent elsewhere by `rules`.

    `database` is what the application wrote: a name or, for SQLite, a file; ``""`` where it is not
    known. By name alone and in doubt yes: a twin too many costs connections, one too few has
    statements refused.
    """
    if not database:
        return True
    names = _names(database)
    return any(shadow.source.name in names for shadow in rules.databases)


@lru_cache(maxsize=256)
def _names(database: str) -> tuple[str, str]:
    path = unquote(urlsplit(database).path) if database.startswith("file:") else database
    return database, stem(path)


@contextmanager
def working_for(origin: Origin) -> Iterator[None]:
    """Work for `origin` in a block, also where it awaits: what a pool does for its own side."""
    token = resume(origin)
    try:
        yield
    finally:
        suspend(token)


class Twins(Generic[P]):
    """The twins of one pool, by lane. It belongs to the pool, and ends with it.

    Nothing here waits and nothing is locked: of two twins that are made at once one is dropped
    before it has a connection.
    """

    __slots__ = ("_by_lane",)

    def __init__(self) -> None:
        self._by_lane: dict[str, tuple[tuple[ShadowDatabase, ...], P]] = {}

    def of(self, rules: LaneShadows) -> P | None:
        """Return the twin for `rules`; None where there is none, or one to other databases."""
        found = self._by_lane.get(rules.lane)
        if found is None or (found[0] is not rules.databases and found[0] != rules.databases):
            return None
        return found[1]

    def add(
        self, rules: LaneShadows, make: Callable[[], P], lanes: Collection[str]
    ) -> tuple[P, list[P]]:
        """Return the twin for `rules`, made by `make` if need be, and those that are to be closed.

        They are to a shadow that is no longer meant, to a lane that is not among `lanes`, which are
        all that have shadows now, or one too many.
        """
        old = [found[1] for lane in self._over(rules, lanes) if (found := self._pop(lane))]
        found = self._by_lane.get(rules.lane)
        if found is not None and found[0] != rules.databases:
            popped = self._pop(rules.lane)
            if popped is found:
                old.append(found[1])
            elif popped is not None:  # another thread has been here: that is the new one
                self._by_lane.setdefault(rules.lane, popped)
        kept = self._by_lane.get(rules.lane)
        if kept is None:
            kept = self._by_lane.setdefault(rules.lane, (rules.databases, make()))
        return kept[1], old

    def _over(self, rules: LaneShadows, lanes: Collection[str]) -> list[str]:
        there = tuple(self._by_lane)
        gone = [lane for lane in there if lane not in lanes]
        if rules.lane in there:
            return gone
        return gone + [lane for lane in there if lane in lanes][: 1 - MOST_LANES]

    def _pop(self, lane: str) -> tuple[tuple[ShadowDatabase, ...], P] | None:
        return self._by_lane.pop(lane, None)

    def take(self) -> list[P]:
        """Return all twins, which are forgotten: they end with their pool."""
        taken = list(self._by_lane.values())
        self._by_lane.clear()
        return [twin for _, twin in taken]
