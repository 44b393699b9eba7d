"""aiosqlite: each connection is used on a thread of its own, for whoever calls at the moment.

The thread serves many requests and starts for none of them (`threads.py`); each call takes its
request along. Statements are sqlite3's business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.propagate import current
from fairlead.instruments.threads import carry

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "aiosqlite"
VERSIONS = ("0.17", "0.23")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the two methods that send something to the thread."""
    from aiosqlite import Connection

    patches.replace(Connection, "_connect", _connect)
    patches.replace(Connection, "_execute", _execute)


def _connect(original: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
    def _connect(self: Any) -> Awaitable[Any]:
        self._connector = partial(carry, current(), self._connector)
        return original(self)

    return _connect


def _execute(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    def _execute(self: Any, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Awaitable[Any]:
        # Also where it is none: the thread must not keep what it may have started with.
        return original(self, carry, current(), fn, *args, **kwargs)

    return _execute
