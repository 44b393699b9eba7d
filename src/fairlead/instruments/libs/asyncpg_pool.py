"""asyncpg's pools: a lane with a shadow database has one of its own beside each.

The pool that the application made is of base, whoever makes it connect; a twin, made when a lane
first asks, is of its lane, and connects when there is work. Hooked before the rest of asyncpg is,
whose import brings its pools in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.passage import Served
from fairlead.instruments.pools import Twins, concerns, own_connections, working_for
from fairlead.policy.workload import BASE
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "asyncpg"
VERSIONS = ("0.27", "0.33")

Send = Callable[..., Awaitable[Any]]

_TWINS = "_fairlead_twins"
"""Where a pool keeps its twins: at its queue, for it has no room itself."""

_FRESH: dict[str, Any] = {
    "_queue": None,
    "_initialized": False,
    "_initializing": False,
    "_closing": False,
    "_closed": False,
    "_generation": 0,
    "_minsize": 0,
    "_initsize": 0,
    "_maintenance_task": None,
    "_working_addr": None,
}
"""What a twin does not have as its pool has it, besides its list of connections."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what a pool hands out, takes back, opens and closes."""
    from asyncpg.pool import Pool

    patches.replace(Pool, "_acquire", partial(_acquire, plane))
    patches.replace(Pool, "_get_new_connection", partial(_connect, plane))
    patches.replace(Pool, "release", _release)
    patches.replace(Pool, "close", _close)
    patches.replace(Pool, "terminate", _terminate)


def _acquire(plane: DataPlane, original: Send) -> Send:
    def _acquire(pool: Any, timeout: float | None) -> Awaitable[Any]:
        rules = own_connections(plane)
        # A pool that is not open says so itself.
        if rules is None or pool._queue is None or pool._closing or pool._closed or _is_twin(pool):
            return original(pool, timeout)
        try:
            twin = _twin(plane, pool, rules)
        except Exception:  # counted; what this pool hands out is refused on the lane
            plane.counters.count(AGENT_FAULTS, LIBRARY)
            twin = pool
        return original(pool, timeout) if twin is pool else _from_twin(original, twin, timeout)

    return _acquire


async def _from_twin(original: Send, twin: Any, timeout: float | None) -> Any:
    # It connects to nothing yet, and so is done at once: two tasks do not meet in it.
    await twin._async__init__()
    return await original(twin, timeout)


def _connect(plane: DataPlane, original: Send) -> Send:
    """Let a pool connect to its own side, and prepare the connection there."""

    async def _get_new_connection(pool: Any) -> Any:
        twin = _is_twin(pool)
        if not twin and own_connections(plane) is None:
            return await original(pool)
        with working_for(Served(pool.fairlead_lane if twin else BASE)):
            connection = await original(pool)
        if twin and hasattr(pool, "_working_addr"):
            # Older versions go on from where the first one led: to a shadow, unseen.
            pool._working_addr = None
        return connection

    return _get_new_connection


def _release(original: Send) -> Send:
    def release(pool: Any, connection: Any, *, timeout: float | None = None) -> Awaitable[Any]:
        owner: Any = getattr(getattr(connection, "_holder", None), "_pool", None)
        if _is_twin(owner) and owner.fairlead_home is pool:
            return _returned(original, owner, connection, timeout)
        return original(pool, connection, timeout=timeout)

    return release


async def _returned(original: Send, twin: Any, connection: Any, timeout: float | None) -> Any:
    # The connection is reset on the way, on its own lane, whoever gives it back.
    with working_for(Served(twin.fairlead_lane)):
        return await original(twin, connection, timeout=timeout)


def _close(original: Send) -> Send:
    async def close(pool: Any) -> None:
        await asyncio.gather(*(original(twin) for twin in _taken(pool)))
        await original(pool)

    return close


def _terminate(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def terminate(pool: Any) -> None:
        for twin in _taken(pool):
            original(twin)
        original(pool)

    return terminate


def _taken(pool: Any) -> list[Any]:
    twins: Twins[Any] | None = getattr(pool._queue, _TWINS, None)
    return twins.take() if twins is not None else []


def _twin(plane: DataPlane, pool: Any, rules: LaneShadows) -> Any:
    """Return what stands for `pool` on the lane of `rules`: itself where it has no shadow."""
    twins: Twins[Any] = vars(pool._queue).setdefault(_TWINS, Twins())
    twin = twins.of(rules)
    if twin is not None:
        return twin
    if not concerns(rules, _database(pool)):
        return pool
    make = partial(_copy, pool, rules.lane)
    twin, old = twins.add(rules, make, plane.engine.plan.shadows.by_lane)
    for one in old:
        # What is in use is closed when it is released.
        one._generation += 1
        for holder in one._holders:
            if holder.is_idle():
                holder.terminate()
    return twin


def _database(pool: Any) -> str:
    """Return the database that `pool` connects to, ``""`` while it has no connection."""
    for holder in pool._holders:
        governed = getattr(getattr(holder._con, "_protocol", None), "fairlead", None)
        if governed is not None:
            return str(governed.target.database)
    return ""


def _is_twin(pool: Any) -> bool:
    return hasattr(pool, "fairlead_lane")


@lru_cache(maxsize=256)
def _twin_class(cls: Any) -> Any:
    names = {"__slots__": ("fairlead_home", "fairlead_lane"), "__module__": cls.__module__}
    return type(cls.__name__, (cls,), names)


def _copy(pool: Any, lane: str) -> Any:
    """Return a pool like `pool` that has no connection."""
    made: Any = type(pool)
    twin = object.__new__(_twin_class(made))
    for cls in made.__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(pool, name) and name[:2] != "__":
                setattr(twin, name, getattr(pool, name))
    if hasattr(pool, "__dict__"):
        vars(twin).update(vars(pool))
    for name, value in _FRESH.items():
        if hasattr(pool, name):
            setattr(twin, name, value)
    twin._holders = []
    twin.fairlead_home, twin.fairlead_lane = pool, lane
    return twin
