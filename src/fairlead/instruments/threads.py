"""Contract 9 across threads and processes: what a request starts keeps its lane, workers do not.

A worker that serves many starts for no request and takes up each item's. Only the variable of
`propagate.py` is carried: the rest of a context is the application's, and a thread that inherited
all of it would be another program than the one its author tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, ParamSpec, TypeVar

from fairlead.instruments.passage import Served
from fairlead.instruments.propagate import Origin, current, resume, suspend

P = ParamSpec("P")
T = TypeVar("T")

SERVE_MANY = (
    "aiosqlite",
    "anyio",
    "apscheduler",
    "concurrent",
    "ddtrace",
    "grpc",
    "logging",
    "multiprocessing",
    "newrelic",
    "opentelemetry",
    "sentry_sdk",
    "socketserver",
    "werkzeug",
)
"""Packages whose own threads and processes serve more than the request that starts them.

Executors and pools, servers on a thread, schedulers, connections that live on a thread, whatever
sends logs and telemetry in batches.
An event loop on a thread is none of them: each callback has the context of who asked for it.
"""

_ORIGIN = "_fairlead_origin"


def serves_many(worker: Any) -> bool:
    """Tell whether a Thread or Process runs code of SERVE_MANY, and not the application's by it."""
    target = getattr(worker, "_target", None)
    module = getattr(type(worker) if target is None else target, "__module__", None) or ""
    return module.partition(".")[0] in SERVE_MANY


def carry(origin: Origin, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` for `origin`, in a worker that belongs to nobody."""
    token = resume(origin)
    try:
        return function(*args, **kwargs)
    finally:
        suspend(token)


def carry_lane(lane: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` on `lane`, in another process: the request itself cannot go there."""
    served = Served(lane)
    try:
        return carry(served, function, *args, **kwargs)
    finally:
        served.ended = True


def carried(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` to be called by a worker for the request at hand, if there is one."""
    origin = current()
    if origin is None or not callable(function):
        return function
    return partial(carry, origin, function)


class CarriedSteps:
    """An iterable that a worker steps through for the request at hand when this was made."""

    __slots__ = ("_origin", "_steps")

    def __init__(self, items: Iterable[Any]) -> None:
        self._origin = current()
        self._steps = iter(items)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return carry(self._origin, next, self._steps)


def step_through(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what steps through its first argument in a worker: for the request at hand."""

    def steps(items: Any, *args: Any, **kwargs: Any) -> Any:
        if current() is not None and hasattr(items, "__iter__"):
            items = CarriedSteps(items)
        return original(items, *args, **kwargs)

    return steps


def call_back(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method that has a worker call its argument later: for the request at hand."""

    def add(self: Any, function: Callable[..., Any]) -> Any:
        return original(self, carried(function))

    return add


def start_thread(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap ``Thread.start``: leave with the thread which request it is started for."""

    def start(self: Any) -> None:
        # Since Python 3.14 an application may choose a thread's context: then that is what it gets.
        if getattr(self, "_context", None) is None:
            origin = current()
            vars(self)[_ORIGIN] = None if origin is None or serves_many(self) else origin
        original(self)

    return start


def run_thread(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap ``Thread._bootstrap_inner``, the first thing in a new thread: take the request up.

    Set also where it is none: the thread may have inherited a context, as all do on some builds of
    Python 3.14.
    """

    def bootstrap(self: Any) -> None:
        if _ORIGIN in vars(self):
            origin = vars(self).pop(_ORIGIN)
            context = getattr(self, "_context", None)
            if context is None:
                resume(origin)
            else:
                # Python 3.14 runs the thread's work in this context, not in the one around it.
                context.run(resume, origin)
        original(self)

    return bootstrap


def start_process(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap ``BaseProcess.start``: a process that is not forked has no context to inherit.

    Its target is sent with the lane. Without a target, the class runs itself and is on a lane only
    where it is forked.
    """

    def start(self: Any) -> None:
        origin, target = current(), getattr(self, "_target", None)
        if origin is None or target is None or serves_many(self):
            original(self)
            return
        self._target = partial(carry_lane, origin.lane, target)
        try:
            original(self)
        finally:
            self._target = target

    return start


def run_process(original: Callable[..., int]) -> Callable[..., int]:
    """Wrap ``BaseProcess._bootstrap``, the first thing in a child: a forked worker has no request.

    It is a copy of the process that forked it, in the middle of one.
    """

    def bootstrap(self: Any, *args: Any, **kwargs: Any) -> int:
        if serves_many(self):
            resume(None)
        return original(self, *args, **kwargs)

    return bootstrap
