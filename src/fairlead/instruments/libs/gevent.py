"""gevent: a greenlet starts with an empty context, so what a request spawns is given its lane.

Greenlet itself is a C type that cannot be hooked: ``Greenlet(…).start()`` and ``Greenlet.spawn``
run on the instance's own lane. What monkey patching makes of threads comes through `python.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fairlead.instruments.threads import carried

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "gevent"
VERSIONS = ("24.2", "27")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what spawns; pools are hooked when the application has imported them."""
    import gevent

    patches.replace(gevent, "spawn", _spawn)
    patches.replace(gevent, "spawn_raw", _spawn)
    patches.replace(gevent, "spawn_later", _spawn_later)
    for name, pool in (("gevent.pool", "Group"), ("gevent.threadpool", "ThreadPool")):
        module = sys.modules.get(name)
        if hasattr(module, pool):
            patches.replace(getattr(module, pool), "spawn", _spawn_in_pool)


def _spawn(original: Callable[..., Any]) -> Callable[..., Any]:
    def spawn(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return original(carried(function), *args, **kwargs)

    return spawn


def _spawn_later(original: Callable[..., Any]) -> Callable[..., Any]:
    def spawn_later(seconds: float, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return original(seconds, carried(function), *args, **kwargs)

    return spawn_later


def _spawn_in_pool(original: Callable[..., Any]) -> Callable[..., Any]:
    def spawn(self: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return original(self, carried(function), *args, **kwargs)

    return spawn
