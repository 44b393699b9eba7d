"""Which tables and databases stand in for those of base on a lane, compiled from a snapshot.

Says what the rules are; whether a statement keeps to them is told in `sql/`, and which connection
is meant by an instrument. Base has no shadows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import BASE

Tables = tuple[ShadowTable, ...]


@dataclass(frozen=True, slots=True)
class LaneShadows:
    """The shadows of one lane; those of equal rules are equal: what was worked out stays."""

    lane: str
    tables: Tables = ()
    databases: tuple[ShadowDatabase, ...] = ()
    known: bool = True
    """Whether a snapshot says so; otherwise there is none yet, and there may be shadows."""

    def database(self, name: str, host: str, port: int) -> ShadowDatabase | None:
        """Return what a connection to the database `name` at `host` and `port` is sent to."""
        for shadow in self.databases:
            if _meant(shadow.source, name, host, port):
                return shadow
        return None


class _Unknown(dict[str, LaneShadows]):
    """The shadows of lanes of which nothing is known: every lane may have some, base has none."""

    def get(self, lane: str, default: Any = None) -> Any:
        return LaneShadows(lane, known=False) if lane != BASE else default

    def __contains__(self, lane: object) -> bool:
        return lane != BASE

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Shadows:
    """The shadows of every lane."""

    by_lane: Mapping[str, LaneShadows] = field(default_factory=dict)

    @classmethod
    def unknown(cls) -> Shadows:
        """Return what holds before the first snapshot."""
        return cls(_Unknown())

    @classmethod
    def of(cls, snapshot: Snapshot) -> Shadows:
        """Compile the shadows of `snapshot`."""
        lanes = {shadow.lane for shadow in snapshot.shadow_tables}
        lanes |= {shadow.lane for shadow in snapshot.shadow_databases}
        return cls(
            {
                lane: LaneShadows(
                    lane,
                    tuple(s for s in snapshot.shadow_tables if s.lane == lane),
                    tuple(s for s in snapshot.shadow_databases if s.lane == lane),
                )
                for lane in sorted(lanes)
            }
        )


LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
"""Spellings of this host, which are one."""


def _meant(database: Database, name: str, host: str, port: int) -> bool:
    if database.name != name:
        return False
    if database.host and not same_host(database.host, host):
        return False
    return not database.port or database.port == port


def same_host(one: str, other: str) -> bool:
    """Tell whether two names are one host, as far as it can be told from the names."""
    return one.lower() == other.lower() or {one.lower(), other.lower()} <= LOCAL


def databases_of(tables: Iterable[ShadowTable]) -> frozenset[str]:
    """Return the databases that have shadow tables."""
    return frozenset(table.database for table in tables)
