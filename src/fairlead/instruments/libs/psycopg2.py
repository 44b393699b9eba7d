"""psycopg2: its types are C and cannot be hooked, so connections and cursors get subclasses.

Where an application has a class of its own, what is handed to it is judged, and what it hands on to
C: it may call C by name. Not governed are ``extensions.connection(dsn)`` and
``extensions.cursor(connection)``, called by name, and functions as factories that return those.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from fairlead.instruments.database import Connected, Databases, Driver, Target
from fairlead.instruments.merging import Merging, execute_batch
from fairlead.instruments.passage import Served
from fairlead.instruments.pools import Twins, concerns, own_connections
from fairlead.instruments.postgres import aimed, target, targets
from fairlead.instruments.threads import carry
from fairlead.policy.workload import BASE
from fairlead.sql.session import POSTGRES
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches
    from fairlead.policy.database import ShadowDatabase

LIBRARY = "psycopg2"
VERSIONS = ("2.9", "2.10")

_TWINS, _LANE, _POOL = "_fairlead_twins", "_fairlead_lane", "_fairlead_pool"
"""Where a pool keeps its twins, a twin its lane, and a connection of a twin that twin."""

_IN_TRANSACTION = range(1, 4)
"""libpq's PGTransactionStatusType: active, in a transaction, in a failed one."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what ``connect`` calls, and of the modules for batches and pools what is imported."""
    import psycopg2
    from psycopg2 import extensions

    driver = Driver(
        library=LIBRARY,
        dialect=POSTGRES,
        refusal=psycopg2.NotSupportedError,
        overload=psycopg2.OperationalError,
    )
    merging = Merging(extensions)
    hooks = _Hooks(Databases(plane, driver), psycopg2, merging)
    # The name that `connect` looks up: an application may have taken `connect` itself already.
    patches.replace(psycopg2, "_connect", hooks.connect)
    extras, pool = (sys.modules.get(f"psycopg2.{name}") for name in ("extras", "pool"))
    if extras is not None:
        batch = partial(execute_batch, merging, extras._paginate)
        patches.replace(extras, "execute_batch", batch)
    if pool is not None:
        _hook_pools(plane, pool, patches)


class _Hooks:
    def __init__(self, databases: Databases, psycopg2: Any, merging: Merging) -> None:
        self._databases, self._psycopg2, self._merging = databases, psycopg2, merging
        self._classes: dict[Any, Any] = {}

    def connect(self, original: Callable[..., Any]) -> Callable[..., Any]:
        plain = self._psycopg2.extensions.connection

        def _connect(dsn: str, connection_factory: Any = None, **kwargs: Any) -> Any:
            meant, redirect, dsn = self._aim(dsn)
            factory = connection_factory or plain
            if isinstance(factory, type):
                factory = self._class(factory)
            connection = original(dsn, connection_factory=factory, **kwargs)
            self._attach(connection, meant, redirect)
            return connection

        return _connect

    def _class(self, factory: type) -> Any:
        """Return a subclass of `factory`, whose cursors ask before they execute."""
        found = self._classes.get(factory)
        if found is None:
            plain = self._psycopg2.extensions.connection
            # Between the application's class and C's: what that one makes comes by there.
            bases = (_Governed, plain) if factory is plain else (factory, self._class(plain))
            found = type(factory.__name__, bases, {"fairlead_merging": self._merging})
            found.__name__, found.__qualname__ = factory.__name__, factory.__qualname__
            found.__module__ = factory.__module__
            self._classes[factory] = found
        return found

    def _aim(self, dsn: str) -> tuple[Target | None, ShadowDatabase | None, str]:
        """Return what a connection is meant to be to, its shadow, and the DSN that leads there."""
        databases, extensions = self._databases, self._psycopg2.extensions
        try:
            params = extensions.parse_dsn(dsn)
            for meant in targets(params):
                redirect = databases.redirected(meant)
                if redirect is not None:
                    return meant, redirect, extensions.make_dsn(**aimed(params, meant, redirect))
        except LookupError as error:
            raise self._psycopg2.OperationalError(f"fairlead: {error}") from error
        except self._psycopg2.NotSupportedError:
            raise  # the refusal of a shadow that is of no use
        except Exception:  # counted; a connection to base is refused on a lane that has a shadow
            databases.plane.counters.count(AGENT_FAULTS, LIBRARY)
        return None, None, dsn

    def _attach(
        self, connection: Any, meant: Target | None, redirect: ShadowDatabase | None
    ) -> None:
        if meant is None:
            info = connection.info
            meant = target(info.dbname or "", info.host or "", info.port or 0)
        alive = ref(connection)

        def transacting() -> bool:
            one = alive()
            return one is not None and one.get_transaction_status() in _IN_TRANSACTION

        if isinstance(connection, self._class(self._psycopg2.extensions.connection)):
            connection.fairlead = Connected(self._databases, meant, redirect, transacting)


class _Governed:
    """What is governed of a connection; the class after it is C's, which does what it is told."""

    fairlead: Connected | None = None
    fairlead_merging: Merging
    cursor_factory: Any

    def cursor(
        self,
        name: Any = None,
        cursor_factory: Any = None,
        withhold: bool = False,  # noqa: FBT001, FBT002
        scrollable: bool | None = None,  # noqa: FBT001
    ) -> Any:
        merging = self.fairlead_merging
        factory = cursor_factory or self.cursor_factory or merging.plain
        if isinstance(factory, type):
            factory = merging.governed(factory)
        made = super().cursor(name, factory, withhold=withhold, scrollable=scrollable)  # type: ignore[misc]
        return made if self.fairlead is None else merging.adopt(made, self.fairlead)

    def commit(self) -> None:
        super().commit()  # type: ignore[misc]
        if self.fairlead is not None:
            self.fairlead.ended()

    def rollback(self) -> None:
        super().rollback()  # type: ignore[misc]
        if self.fairlead is not None:
            self.fairlead.ended()

    def lobject(self, *args: Any, **kwargs: Any) -> Any:
        connected = self.fairlead
        if connected is not None and connected.on_lane() and connected.redirect is None:
            raise connected.refuse("other", "large objects have no shadow")
        return super().lobject(*args, **kwargs)  # type: ignore[misc]


def _hook_pools(plane: DataPlane, pool: Any, patches: Patches) -> None:
    own = pool.AbstractConnectionPool
    patches.replace(pool.SimpleConnectionPool, "getconn", partial(_getconn, plane))
    patches.replace(pool.SimpleConnectionPool, "putconn", _putconn)
    patches.replace(pool.SimpleConnectionPool, "closeall", _closeall)
    patches.replace(own, "_getconn", partial(_getconn, plane))
    patches.replace(own, "_putconn", _putconn)
    patches.replace(own, "_closeall", _closeall)
    patches.replace(own, "_connect", partial(_connect_for, plane))


def _connect_for(plane: DataPlane, original: Callable[..., Any]) -> Callable[..., Any]:
    """Let a pool connect to its own side, whoever makes it connect."""

    def _connect(self: Any, key: Any = None) -> Any:
        lane = vars(self).get(_LANE)
        if lane is None and own_connections(plane) is None:
            return original(self, key)
        connection = carry(Served(lane or BASE), original, self, key)
        if lane is not None:
            vars(connection)[_POOL] = self
        return connection

    return _connect


def _getconn(plane: DataPlane, original: Callable[..., Any]) -> Callable[..., Any]:
    def _getconn(self: Any, key: Any = None) -> Any:
        rules = own_connections(plane)
        if rules is None or self.closed or _LANE in vars(self):
            return original(self, key)
        try:
            twin = _twin(plane, self, rules)
        except Exception:  # counted; what this pool hands out is refused on the lane
            plane.counters.count(AGENT_FAULTS, LIBRARY)
            twin = self
        return original(twin, key)

    return _getconn


def _twin(plane: DataPlane, pool: Any, rules: LaneShadows) -> Any:
    """Return what stands for `pool` on the lane of `rules`: itself where it has no shadow."""
    twins: Twins[Any] = vars(pool).setdefault(_TWINS, Twins())
    twin = twins.of(rules)
    if twin is not None:
        return twin
    if not any(concerns(rules, one.database) for one in _targets(pool)):
        return pool
    twin, old = twins.add(rules, lambda: _copy(pool, rules.lane), plane.engine.plan.shadows.by_lane)
    for one in old:
        # What is in use is closed when it is put back.
        one.closed = True
        for connection in one._pool:
            connection.close()
    return twin


def _targets(pool: Any) -> list[Target]:
    from psycopg2 import extensions

    args = dict(zip(("dsn", "connection_factory", "cursor_factory"), pool._args, strict=False))
    args |= pool._kwargs
    for other in ("connection_factory", "cursor_factory", "async", "async_"):
        args.pop(other, None)
    dsn = extensions.make_dsn(args.pop("dsn", None), **args)
    return targets(extensions.parse_dsn(dsn)) or [Target(database="")]


def _copy(pool: Any, lane: str) -> Any:
    """Return a pool like `pool` without its connections; it connects when it is asked for one."""
    twin = object.__new__(type(pool))
    vars(twin).update(vars(pool))
    del vars(twin)[_TWINS]
    vars(twin).update({_LANE: lane, "_pool": [], "_used": {}, "_rused": {}, "_keys": 0})
    return twin


def _putconn(original: Callable[..., None]) -> Callable[..., None]:
    def _putconn(self: Any, conn: Any, key: Any = None, close: bool = False) -> None:  # noqa: FBT001, FBT002
        owner = vars(conn).get(_POOL, self) if hasattr(conn, "__dict__") else self
        if owner is not self and owner.closed:
            conn.close()
            return
        original(owner, conn, key, close)

    return _putconn


def _closeall(original: Callable[..., None]) -> Callable[..., None]:
    def _closeall(self: Any) -> None:
        twins = vars(self).get(_TWINS)
        for twin in twins.take() if twins is not None else ():
            original(twin)
        original(self)

    return _closeall
