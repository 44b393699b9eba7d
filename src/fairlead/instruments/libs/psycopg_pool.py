"""psycopg_pool: a lane with a shadow database has a pool of its own beside each pool.

The pool that the application made is of base, whoever makes it connect; a twin, made when a lane
first asks, is of its lane. Workers of both have no request: what they do on a connection, connect,
configure, reset, they do on its pool's side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.passage import Served
from fairlead.instruments.pools import Twins, concerns, own_connections, working_for
from fairlead.instruments.postgres import targets
from fairlead.policy.workload import BASE
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "psycopg-pool"
VERSIONS = ("3.1", "3.4")

_TWINS, _LANE, _HOME = "_fairlead_twins", "_fairlead_lane", "_fairlead_home"
"""Where a pool keeps its twins; and a twin its lane, and the pool that it is of."""

_SETTINGS = (
    "_check", "_configure", "_reconnect_failed", "_reset", "close_returns", "connection_class",
    "conninfo", "kwargs", "max_idle", "max_lifetime", "max_waiting", "reconnect_timeout", "timeout",
)  # fmt: skip
"""What a twin has as its pool has it, beside its size; versions differ in what there is."""

_OPEN = frozenset(
    (_TWINS, "_lock", "_pool_full_event", "_sched", "_sched_runner", "_tasks", "_workers")
)
"""What a pool has because it is open, and which it must share with none."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what both kinds of pool hand out, take back, and do by themselves."""
    import psycopg_pool

    for pool, hooks in (
        (psycopg_pool.ConnectionPool, _Hooks(plane)),
        (psycopg_pool.AsyncConnectionPool, _AsyncHooks(plane)),
    ):
        patches.replace(pool, "getconn", hooks.getconn)
        patches.replace(pool, "putconn", _putconn)
        patches.replace(pool, "close", hooks.close)
        patches.replace(pool, "_start_workers", _start_workers)
        patches.replace(pool, "_connect", hooks.on_own_side)
        patches.replace(pool, "_reset_connection", hooks.on_own_side)


class _Hooks:
    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    def getconn(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def getconn(pool: Any, timeout: float | None = None) -> Any:
            twin, old = self._twin(pool)
            if twin is not pool:
                for one in old:
                    one.close(timeout=0)
                twin.open()
            return original(twin, timeout)

        return getconn

    def close(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def close(pool: Any, *args: Any, **kwargs: Any) -> None:
            for twin in _taken(pool):
                original(twin, *args, **kwargs)
            original(pool, *args, **kwargs)

        return close

    def on_own_side(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def method(pool: Any, *args: Any, **kwargs: Any) -> Any:
            with self._side(pool):
                return original(pool, *args, **kwargs)

        return method

    @contextmanager
    def _side(self, pool: Any) -> Iterator[None]:
        lane = vars(pool).get(_LANE)
        if lane is None and own_connections(self._plane) is None:
            yield
            return
        with working_for(Served(lane or BASE)):
            yield

    def _twin(self, pool: Any) -> tuple[Any, list[Any]]:
        """Return what stands for `pool` on the lane at hand, and twins that are to be closed."""
        rules = own_connections(self._plane)
        if rules is None or pool.closed or _LANE in vars(pool):
            return pool, []
        try:
            return self._twin_for(pool, rules)
        except Exception:  # counted; what this pool hands out is refused on the lane
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)
            return pool, []

    def _twin_for(self, pool: Any, rules: LaneShadows) -> tuple[Any, list[Any]]:
        twins: Twins[Any] = vars(pool).setdefault(_TWINS, Twins())
        twin = twins.of(rules)
        if twin is not None:
            return twin, []
        if not any(concerns(rules, database) for database in _databases(pool)):
            return pool, []
        lanes = self._plane.engine.plan.shadows.by_lane
        return twins.add(rules, partial(_copy, pool, rules.lane), lanes)


class _AsyncHooks(_Hooks):
    def getconn(self, original: Callable[..., Any]) -> Callable[..., Any]:
        async def getconn(pool: Any, timeout: float | None = None) -> Any:
            twin, old = self._twin(pool)
            if twin is not pool:
                for one in old:
                    await one.close(timeout=0)
                await twin.open()
            return await original(twin, timeout)

        return getconn

    def close(self, original: Callable[..., Any]) -> Callable[..., Any]:
        async def close(pool: Any, *args: Any, **kwargs: Any) -> None:
            for twin in _taken(pool):
                await original(twin, *args, **kwargs)
            await original(pool, *args, **kwargs)

        return close

    def on_own_side(self, original: Callable[..., Any]) -> Callable[..., Any]:
        async def method(pool: Any, *args: Any, **kwargs: Any) -> Any:
            with self._side(pool):
                return await original(pool, *args, **kwargs)

        return method


def _start_workers(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def start_workers(pool: Any) -> None:
        # They serve everybody, and not the request that happens to be the first.
        with working_for(None):
            original(pool)

    return start_workers


def _putconn(original: Callable[..., Any]) -> Callable[..., Any]:
    def putconn(pool: Any, conn: Any) -> Any:
        owner = getattr(conn, "_pool", None)
        if owner is not None and vars(owner).get(_HOME) is pool:
            pool = owner
        return original(pool, conn)

    return putconn


def _taken(pool: Any) -> list[Any]:
    twins: Twins[Any] | None = vars(pool).get(_TWINS)
    return twins.take() if twins is not None else []


def _databases(pool: Any) -> list[str]:
    """Return the databases that `pool` connects to, ``""`` where that is not known."""
    from psycopg.conninfo import conninfo_to_dict

    if callable(pool.conninfo) or callable(pool.kwargs):
        return [""]
    words = {key: value for key, value in (pool.kwargs or {}).items() if key in ("dbname", "host")}
    found = targets(conninfo_to_dict(pool.conninfo or "", **words))
    return [one.database for one in found] or [""]


def _copy(pool: Any, lane: str) -> Any:
    """Return a pool like `pool` that is not open, for `lane`."""
    own: Any = next(cls for cls in type(pool).__mro__ if cls.__module__.startswith("psycopg_pool"))
    twin = own.__new__(type(pool))
    sizes = {"min_size": pool.min_size, "max_size": pool.max_size, "num_workers": pool.num_workers}
    own.__init__(twin, open=False, name=f"{pool.name}-{lane}", **sizes)
    ours = vars(twin)
    ours.update({name: vars(pool)[name] for name in _SETTINGS if name in vars(pool)})
    for name, value in vars(pool).items():
        # What a class of the application's has added.
        if name not in _OPEN:
            ours.setdefault(name, value)
    ours.update({_LANE: lane, _HOME: pool})
    return twin
