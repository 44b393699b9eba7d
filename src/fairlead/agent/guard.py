"""``fairlead.guard``: a function or a block of the application as a resource of its own.

    @guard("reserve-stock")          # or @guard, for the function's own name
    def reserve(order, sku): ...

    async with guard("legacy-tax"):
        ...

What rules say of the name holds for it. Where no agent is attached everything passes; a fault of
ours lets the call pass. Which call of a block ends which entry is decided here; functions are in
`guarded.py`.
"""

from __future__ import annotations

import _thread
import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, overload

from fairlead.agent.arguments import POSITIONS
from fairlead.agent.guarded import PASSED, Terms, decorated
from fairlead.agent.handle import handle
from fairlead.flow.rejected import Rejected
from fairlead.instruments.drive import pause, pause_async

_NOTHING = ((Exception,), (), None, 1, False)
_NO_NAMES: dict[str, Any] = {}

P = ParamSpec("P")
T = TypeVar("T")

_lock = _thread.RLock()
"""Held for a few instructions; reentrant, as a signal's handler may use a guard too."""

_ONE_AT_A_TIME = getattr(sys, "_is_gil_enabled", lambda: True)()
"""Whether nothing comes between a look at an attribute and its assignment."""


def _forked() -> None:
    global _lock  # noqa: PLW0603 - a thread that is not here any more may hold it
    _lock = _thread.RLock()


os.register_at_fork(after_in_child=_forked)


class Guard:
    """One resource as a decorator and as a context manager, sync and async.

    Threads, tasks and greenlets may share it, and use it inside itself.
    """

    __slots__ = ("_entry", "_others", "_terms", "_values")

    def __init__(self, terms: Terms, values: Sequence[Any] = ()) -> None:
        self._terms, self._values = terms, values
        self._entry: Any = None
        """The entry of whoever came while nobody was inside, None while it is not used."""
        self._others: dict[Any, list[Any]] | None = None
        """Entries of all who came later, by task, greenlet or thread."""

    @overload
    def __call__(self, function: Callable[P, T], /) -> Callable[P, T]: ...
    @overload
    def __call__(self, function: T, /) -> T: ...
    def __call__(self, function: Any, /) -> Any:
        """Return `function`, guarded."""
        return decorated(function, self._terms)

    def __enter__(self) -> Self:
        entry = self._admitted()
        if entry.wait:
            pause(entry)
        if self._entry is None and not self._others and _ONE_AT_A_TIME:
            self._entry = entry
        else:
            self._keep(entry)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._others:
            entry = self._taken()
        else:
            entry, self._entry = self._entry, None
        if entry is not PASSED and entry is not None:
            self._terms.leave(entry, error)

    async def __aenter__(self) -> Self:
        entry = self._admitted()
        if entry.wait:
            await pause_async(entry)
        if self._entry is None and not self._others and _ONE_AT_A_TIME:
            self._entry = entry
        else:
            self._keep(entry)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)

    def _admitted(self) -> Any:
        entry = self._terms.enter(POSITIONS, self._values, _NO_NAMES)
        if entry.refused is not None:
            raise Rejected(entry.refused)
        return entry

    def _keep(self, entry: Any) -> None:
        owner = _owner()
        with _lock:
            if self._entry is None and not self._others:
                self._entry = entry
                return
            if self._others is None:
                self._others = {}
            self._others.setdefault(owner, []).append(entry)

    def _taken(self) -> Any:
        """Return the last entry of whoever asks; who came while nobody was inside has no other.

        A generator may be closed by another task than it ran in: it gets somebody's, who gets his,
        and in the end every entry has been left.
        """
        owner = _owner()
        with _lock:
            others = self._others or {}
            if owner not in others and self._entry is not None:
                entry, self._entry = self._entry, None
                return entry
            if owner not in others:
                owner = next(iter(others), None)
            entries = others.get(owner) or [None]
            entry = entries.pop()
            if not entries:
                others.pop(owner, None)
            return entry


def _owner() -> Any:
    """Return whoever runs: the task, else the greenlet, else the thread."""
    if asyncio._get_running_loop() is not None and (task := asyncio.current_task()) is not None:  # noqa: SLF001
        return task
    greenlet = sys.modules.get("greenlet")
    return threading.get_ident() if greenlet is None else greenlet.getcurrent()


@overload
def guard(function: Callable[P, T], /) -> Callable[P, T]: ...
@overload
def guard(
    name: str,
    /,
    *,
    errors: tuple[type[BaseException], ...] = ...,
    ignore: tuple[type[BaseException], ...] = ...,
    fallback: Callable[..., Any] | None = ...,
    args: Sequence[Any] = ...,
    count: int = ...,
    prioritized: bool = ...,
) -> Guard: ...
def guard(  # noqa: PLR0913
    name: Any,
    /,
    *,
    errors: tuple[type[BaseException], ...] = (Exception,),
    ignore: tuple[type[BaseException], ...] = (),
    fallback: Callable[..., Any] | None = None,
    args: Sequence[Any] = (),
    count: int = 1,
    prioritized: bool = False,
) -> Any:
    """Guard the resource `name`, 1 to 1,024 characters: decorate with it, or enter it.

    A call that a rule turns away raises `fairlead.Rejected`. A decorated function returns what the
    rule gives as a value instead, or what `fallback` returns for the same arguments. A call that
    has to wait sleeps, or awaits in ``async with`` and coroutines.

    `errors` are the exceptions that count as failed calls, without those in `ignore`; a Rejected
    from inside, a cancellation and the close of a generator never do. `args` are what rules about
    arguments see of a block, by position. `count` is how many calls one counts as; a `prioritized`
    one may take a permit of the time to come where a rule lends some.

    ``@guard`` without a name takes the function's own: ``module.Class.function``.
    """
    if callable(name) or isinstance(name, (classmethod, staticmethod)):
        return decorated(name, Terms(handle(_name_of(name))))
    said = (errors, ignore, fallback, count, prioritized)
    return Guard(_plain(name) if said == _NOTHING else Terms(handle(name), *said), args)


def _plain(name: str) -> Terms:
    found = handle(name)
    terms: Terms | None = found.terms
    if terms is None:
        terms = found.terms = Terms(found)
    return terms


def _name_of(function: Any) -> str:
    inner = getattr(function, "__func__", function)
    name = getattr(inner, "__qualname__", None)
    if name is None:
        raise TypeError(f"fairlead.guard: {function!r} has no name: give it one, guard('name')")
    return f"{inner.__module__}.{name}"
