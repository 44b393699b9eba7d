"""Python's own threads, executors and pools.

Their modules are imported one by one, some of them never: each import brings this instrument in
again, and it hooks what is there by then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fairlead.instruments.commands import start_command
from fairlead.instruments.propagate import current
from fairlead.instruments.threads import (
    CarriedSteps,
    carried,
    carry,
    carry_lane,
    run_process,
    run_thread,
    start_process,
    start_thread,
)

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "python"
VERSIONS = ("3.11", "3.15")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook those modules of `HOOKS` that the application has imported."""
    for (name, last), hook in HOOKS.items():
        module = sys.modules.get(name)
        # One that is just being imported may have no classes yet; its own import, which ends after
        # its hook, brings us here again.
        if hasattr(module, last):
            hook(module, patches)


def _threading(module: ModuleType, patches: Patches) -> None:
    patches.replace(module.Thread, "start", start_thread)
    patches.replace(module.Thread, "_bootstrap_inner", run_thread)


def _futures(module: ModuleType, patches: Patches) -> None:
    # Called in the worker when the item's request has been put down already.
    patches.replace(module.Future, "add_done_callback", _add_done_callback)


def _thread_pool_executor(module: ModuleType, patches: Patches) -> None:
    patches.replace(module.ThreadPoolExecutor, "submit", _submit)


def _process_pool_executor(module: ModuleType, patches: Patches) -> None:
    patches.replace(module.ProcessPoolExecutor, "submit", _submit_to_process)


def _pool(module: ModuleType, patches: Patches) -> None:
    # A pool of processes pickles what it is given, and says so in its errors: left alone.
    patches.replace(module.ThreadPool, "apply_async", _apply_async)
    patches.replace(module.ThreadPool, "_map_async", _map_async)
    patches.replace(module.ThreadPool, "imap", _imap)
    patches.replace(module.ThreadPool, "imap_unordered", _imap)


def _process(module: ModuleType, patches: Patches) -> None:
    patches.replace(module.BaseProcess, "start", start_process)
    patches.replace(module.BaseProcess, "_bootstrap", run_process)


def _subprocess(module: ModuleType, patches: Patches) -> None:
    patches.replace(module.Popen, "__init__", start_command)


HOOKS: dict[tuple[str, str], Callable[[Any, Patches], None]] = {
    ("threading", "Thread"): _threading,
    ("concurrent.futures._base", "Future"): _futures,
    ("concurrent.futures.thread", "ThreadPoolExecutor"): _thread_pool_executor,
    ("concurrent.futures.process", "ProcessPoolExecutor"): _process_pool_executor,
    ("multiprocessing.pool", "ThreadPool"): _pool,
    ("multiprocessing.process", "BaseProcess"): _process,
    ("subprocess", "Popen"): _subprocess,
}
"""Each module, and the class that is hooked in it."""


def _submit(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        origin = current()
        if origin is None:
            return original(self, fn, *args, **kwargs)
        return original(self, carry, origin, fn, *args, **kwargs)

    return submit


def _submit_to_process(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        origin = current()
        if origin is None:
            return original(self, fn, *args, **kwargs)
        return original(self, partial(carry_lane, origin.lane, fn), *args, **kwargs)

    return submit


def _add_done_callback(original: Callable[..., Any]) -> Callable[..., Any]:
    def add_done_callback(self: Any, fn: Callable[..., Any]) -> Any:
        return original(self, carried(fn))

    return add_done_callback


def _apply_async(original: Callable[..., Any]) -> Callable[..., Any]:
    def apply_async(self: Any, func: Callable[..., Any], *rest: Any, **options: Any) -> Any:
        # After `func` come its arguments and then, as in every method here, the callbacks.
        return original(self, carried(func), *rest[:2], *_callbacks(rest[2:]), **_carry(options))

    return apply_async


def _map_async(original: Callable[..., Any]) -> Callable[..., Any]:
    def _map_async(self: Any, func: Any, iterable: Any, *rest: Any, **options: Any) -> Any:
        rest = (*rest[:2], *_callbacks(rest[2:]))
        return original(self, carried(func), iterable, *rest, **_carry(options))

    return _map_async


def _imap(original: Callable[..., Any]) -> Callable[..., Any]:
    def imap(self: Any, func: Any, iterable: Iterable[Any], *rest: Any, **options: Any) -> Any:
        # A thread of the pool steps through the items.
        items = iterable if current() is None else CarriedSteps(iterable)
        return original(self, carried(func), items, *rest, **options)

    return imap


def _callbacks(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(one if one is None else carried(one) for one in arguments)


def _carry(options: dict[str, Any]) -> dict[str, Any]:
    for name in ("callback", "error_callback"):
        if options.get(name) is not None:
            options[name] = carried(options[name])
    return options
