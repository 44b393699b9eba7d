"""Which tables and databases of a namespace have a shadow, settled between its resources.

Of two rules for one table or database the earlier in precedence counts. A source that names its
server is found before one that is on any server, so that the narrower rule is not lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from fairlead.compiler.finding import DATA_SOURCE_UNUSABLE, NOT_HONOURED, OVERRIDDEN
from fairlead.compiler.part import Endpoint, Part, Redirect
from fairlead.flow.database import same_host
from fairlead.policy.database import NOWHERE, Database, ShadowDatabase, ShadowTable

PRECEDENCE = "WorkloadLabelRule comes before Shadow, then the lowest name"

S = TypeVar("S", ShadowTable, ShadowDatabase)


class Remark(NamedTuple):
    """What the author of a part is to be told: a finding that has not been addressed yet."""

    part: Part
    type: str
    reason: str
    message: str
    status: str = "True"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The shadows of one namespace in order, and what there is to say about them."""

    tables: tuple[ShadowTable, ...] = ()
    databases: tuple[ShadowDatabase, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def table_lanes(self) -> tuple[str, ...]:
        """Lanes that have shadow tables, in order."""
        return tuple(sorted({shadow.lane for shadow in self.tables}))

    @property
    def database_lanes(self) -> tuple[str, ...]:
        """Lanes that have shadow databases, in order."""
        return tuple(sorted({shadow.lane for shadow in self.databases}))

    def members(self, part: Part) -> tuple[str, ...]:
        """Return what the resource of `part` makes shadows of, as it is shown."""
        rule = f"{part.resource.kind.called}/{part.resource.name}"
        tables = (
            f"table {one.database}.{one.shadow} shadows {one.table}" for one in part.shadow_tables
        )
        joined = (one for one in self.databases if part.redirects and one.rule == rule)
        databases = (
            f"database {shown(one.shadow)} shadows {shown(one.source)}"
            for one in (*part.shadow_databases, *joined)
        )
        # A pair of databases is there once for each of its lanes.
        return tuple(dict.fromkeys((*tables, *databases)))


def settle(parts: Sequence[Part]) -> Settled:
    """Return the shadows of the parts of one namespace, which are in order of precedence."""
    remarks = [
        Remark(part, NOT_HONOURED, "NotSupported", sentence)
        for part in parts
        for sentence in part.not_honoured
    ]
    tables = _first(
        ((part, table) for part in parts for table in part.shadow_tables), _table_key, remarks
    )
    databases = _first(_databases(parts, remarks), _database_key, remarks)
    remarks += _narrowed(databases)
    return Settled(
        tables=tuple(table for _, table in tables),
        databases=tuple(one for _, one in databases),
        remarks=tuple(remarks),
    )


def _first(
    claims: Iterable[tuple[Part, S]], key: Callable[[S], Any], remarks: list[Remark]
) -> list[tuple[Part, S]]:
    """Return the first claim of each key, in order of the keys; remark on the others."""
    taken: dict[Any, tuple[Part, S]] = {}
    for part, shadow in claims:
        _, winner = taken.setdefault(key(shadow), (part, shadow))
        if winner is not shadow:
            message = f"{winner.rule} comes first for {_claimed(shadow)}: {PRECEDENCE}"
            remarks.append(Remark(part, OVERRIDDEN, "PrecedenceLost", message))
    return [taken[name] for name in sorted(taken)]


def _table_key(table: ShadowTable) -> tuple[str, str, str]:
    return table.lane, table.database, table.table


def _database_key(one: ShadowDatabase) -> tuple[str, bool, str, str, int]:
    # What names its server sorts first, and an agent takes the first that is meant.
    return one.lane, not one.source.host, one.source.name, one.source.host, one.source.port


def _databases(
    parts: Sequence[Part], remarks: list[Remark]
) -> Iterator[tuple[Part, ShadowDatabase]]:
    endpoints = {part.resource.name: part.endpoint for part in parts if part.endpoint is not None}
    for part in parts:
        yield from ((part, shadow) for shadow in part.shadow_databases)
        for redirect in part.redirects:
            for found in _joined(part, redirect, endpoints):
                if isinstance(found, Remark):
                    remarks.append(found)
                else:
                    yield part, found


def _joined(
    part: Part, redirect: Redirect, endpoints: dict[str, Endpoint]
) -> Iterator[ShadowDatabase | Remark]:
    """Yield the shadows that a redirect is, one for each lane, and what is wrong with it.

    Where the source is known and the shadow of no use, the lanes get no connection: the source
    would be the wrong one.
    """
    source, shadow = endpoints.get(redirect.source), endpoints.get(redirect.shadow)
    pair = f"{redirect.source}→{redirect.shadow}"
    if source is None:
        message = f"{pair}: this namespace has no DatabaseEndpoint {redirect.source}"
        message += "; until it has, nothing is known to shadow, and its lanes use it"
        yield Remark(part, DATA_SOURCE_UNUSABLE, "NoDatabaseEndpoint", message)
        return
    wrong = _wrong(redirect, source, shadow)
    if wrong is not None:
        message = f"{pair}: {wrong[1]}; until that is mended its lanes get no connection"
        yield Remark(part, DATA_SOURCE_UNUSABLE, wrong[0], message)
    where, rule = source.database, f"{part.resource.kind.called}/{part.resource.name}"
    # Credentials of the source are nobody's business: connections to it are only recognized.
    meant = Database(name=where.name, host=where.host, port=where.port)
    stands_in = NOWHERE if shadow is None or wrong else shadow.database
    for lane in redirect.lanes:
        yield ShadowDatabase(rule=rule, lane=lane, source=meant, shadow=stands_in)


def _wrong(redirect: Redirect, source: Endpoint, shadow: Endpoint | None) -> tuple[str, str] | None:
    """Return reason and words for a shadow that is of no use."""
    if shadow is None:
        return "NoDatabaseEndpoint", f"this namespace has no DatabaseEndpoint {redirect.shadow}"
    if source.engine != shadow.engine:
        return "EnginesDiffer", f"one is {source.engine}, the other {shadow.engine}"
    if _same(source.database, shadow.database):
        return "SameDatabase", f"both are {shown(source.database)}"
    return None


def _narrowed(databases: Sequence[tuple[Part, ShadowDatabase]]) -> Iterator[Remark]:
    narrow: dict[tuple[str, str], list[ShadowDatabase]] = {}
    for _, one in databases:
        if one.source.host:
            narrow.setdefault((one.lane, one.source.name), []).append(one)
    for part, wide in databases:
        if not wide.source.host:
            for one in narrow.get((wide.lane, wide.source.name), ()):
                message = f"{one.rule} comes first for {_claimed(one)}: it names the server"
                yield Remark(part, OVERRIDDEN, "MoreSpecific", message)


def _claimed(shadow: ShadowTable | ShadowDatabase) -> str:
    if isinstance(shadow, ShadowTable):
        return f"table {shadow.database}.{shadow.table} on lane {shadow.lane}"
    return f"database {shown(shadow.source)} on lane {shadow.lane}"


def _same(one: Database, other: Database) -> bool:
    return (one.name, one.port) == (other.name, other.port) and same_host(one.host, other.host)


def shown(database: Database) -> str:
    """Return a database as people are told of it: its name, and where it is, if that is known."""
    if database == NOWHERE:
        return "nothing"
    if not database.host:
        return database.name
    host = f"[{database.host}]" if ":" in database.host else database.host
    return f"{database.name} at {host}:{database.port}"
