"""SQLAlchemy: a lane with shadow databases has its own pool beside each pool of the application.

Statements are the drivers' business. Here it is decided which pool hands out a connection: on such
a lane a twin of the one that is asked, with the same settings and listeners. Who has checked a
connection out keeps it, whatever lane it works on later.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from fairlead.instruments.passage import Served
from fairlead.instruments.pools import Twins, concerns, own_connections
from fairlead.instruments.propagate import current_lane
from fairlead.instruments.threads import carry
from fairlead.policy.workload import BASE
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "SQLAlchemy"
VERSIONS = ("1.4", "2.2")

_TWINS, _LANE = "_fairlead_twins", "_fairlead_lane"
"""Where a pool keeps its twins, and a twin its lane."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what hands out connections and what closes them, of all pools that SQLAlchemy has."""
    from sqlalchemy import pool
    from sqlalchemy.engine import Engine

    urls: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
    patches.replace(Engine, "__init__", partial(_engine, urls))
    for connecting in (pool.Pool, pool.SingletonThreadPool):
        patches.replace(connecting, "connect", partial(_connect, plane, urls))
    for kept in (pool.QueuePool, pool.SingletonThreadPool, pool.StaticPool, pool.AssertionPool):
        patches.replace(kept, "dispose", _dispose)
    patches.replace(pool.Pool, "_invalidate", _invalidate)
    # Imported when the first engine for PostgreSQL is made, which brings us here again.
    asyncpg = sys.modules.get("sqlalchemy.dialects.postgresql.asyncpg")
    if asyncpg is not None and hasattr(asyncpg, "dialect"):
        connection = asyncpg.AsyncAdapt_asyncpg_connection
        patches.replace(connection, "_prepare", partial(_prepare, plane))


def _engine(
    urls: WeakKeyDictionary[Any, Any], original: Callable[..., None]
) -> Callable[..., None]:
    def initialize(self: Any, pool: Any, dialect: Any, url: Any, *args: Any, **kwargs: Any) -> None:
        # By the dialect: a pool is replaced when it is disposed of.
        urls[dialect] = url
        original(self, pool, dialect, url, *args, **kwargs)

    return initialize


def _connect(
    plane: DataPlane, urls: WeakKeyDictionary[Any, Any], original: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    def connect(self: Any) -> Any:
        rules = own_connections(plane)
        if rules is None:
            return original(self)
        twins = vars(self).get(_TWINS)
        twin = twins.of(rules) if twins is not None else None
        if twin is None:
            try:
                twin = _twin(plane, urls, self, rules)
            except Exception:  # counted; what this pool hands out, its driver refuses on the lane
                plane.counters.count(AGENT_FAULTS, LIBRARY)
                twin = self
        return original(twin)

    return connect


def _twin(
    plane: DataPlane, urls: WeakKeyDictionary[Any, Any], pool: Any, rules: LaneShadows
) -> Any:
    """Return what stands for `pool` on the lane of `rules`: itself where it has no shadow."""
    if _LANE in vars(pool) or not concerns(rules, _database(urls, pool)):
        return pool
    twins: Twins[Any] = vars(pool).setdefault(_TWINS, Twins())
    lanes = plane.engine.plan.shadows.by_lane
    twin, old = twins.add(rules, lambda: _copy(plane, pool, rules), lanes)
    for one in old:
        one.dispose()
    return twin


def _copy(plane: DataPlane, pool: Any, rules: LaneShadows) -> Any:
    twin = pool.recreate()
    # One and the same: the twin hears a listener that is added later, and what is to run once, such
    # as finding out what the server can do, runs once.
    vars(twin)["dispatch"] = pool.dispatch
    vars(twin)[_LANE] = rules.lane
    twin._invoke_creator = _on_lane(plane, rules.lane, twin._invoke_creator)
    dialect = pool._dialect
    if plane.engine.plan.lanes.own == BASE and hasattr(dialect, "initialize"):
        _keep_schema(dialect, rules)
    return twin


def _on_lane(plane: DataPlane, lane: str, creator: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def create(record: Any) -> Any:
        # Whoever makes the pool connect: what a lane's pool holds is to the lane's database.
        if current_lane(plane) == lane:
            return creator(record)
        return carry(Served(lane), creator, record)

    return create


def _keep_schema(dialect: Any, rules: LaneShadows) -> None:
    """Let `dialect`, if a twin connects first, not take the shadow for the database of base.

    MySQL's looks tables up by the name of the database that it was on when it was initialised.
    """
    if getattr(dialect, "default_schema_name", None) is not None:
        return

    original = dialect.initialize

    def initialize(connection: Any) -> None:
        original(connection)
        for shadow in rules.databases:
            if dialect.default_schema_name == shadow.shadow.name:
                dialect.default_schema_name = shadow.source.name

    dialect.initialize = initialize


def _database(urls: WeakKeyDictionary[Any, Any], pool: Any) -> str:
    """Return the database that `pool` connects to as its URL names it, ``""`` if that is not known.

    It is not where the application connects by code of its own.
    """
    dialect = pool._dialect
    url = urls.get(dialect)
    made = getattr(pool._creator, "__module__", "") == "sqlalchemy.engine.create"
    if url is None or not made or dialect.dispatch.do_connect:
        return ""
    name: str = url.database or ""
    return name or (":memory:" if url.get_backend_name() == "sqlite" else "")


def _dispose(original: Callable[..., None]) -> Callable[..., None]:
    def dispose(self: Any, *args: Any, **kwargs: Any) -> None:
        twins = vars(self).get(_TWINS)
        try:
            original(self, *args, **kwargs)
        finally:
            for twin in twins.take() if twins is not None else ():
                twin.dispose()

    return dispose


def _invalidate(original: Callable[..., None]) -> Callable[..., None]:
    def _invalidate(self: Any, connection: Any, *args: Any, **kwargs: Any) -> None:
        # An engine that lost a connection says so to the pool it knows.
        pool = getattr(connection, "_pool", None)
        if pool is not None and _LANE in vars(pool):
            self = pool
        original(self, connection, *args, **kwargs)

    return _invalidate


class _Statements:
    """The prepared statements of one lane in a connection's cache of those of all."""

    def __init__(self, cache: Any, rules: LaneShadows) -> None:
        self._cache, self._rules = cache, rules

    def __contains__(self, text: str) -> bool:
        return (self._rules, text) in self._cache

    def __getitem__(self, text: str) -> Any:
        return self._cache[self._rules, text]

    def __setitem__(self, text: str, prepared: Any) -> None:
        self._cache[self._rules, text] = prepared


def _prepare(
    plane: DataPlane, original: Callable[..., Coroutine[Any, Any, Any]]
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Hook asyncpg's dialect: what it has prepared on one side is another statement on the next."""

    async def _prepare(self: Any, *args: Any) -> Any:
        rules = plane.engine.plan.shadows.by_lane.get(current_lane(plane))
        cache = self._prepared_statement_cache
        if rules is None or cache is None:
            return await original(self, *args)
        # Nobody else is here meanwhile: a connection has a lock around each statement.
        self._prepared_statement_cache = _Statements(cache, rules)
        try:
            return await original(self, *args)
        finally:
            self._prepared_statement_cache = cache

    return _prepare
