"""The resources that a process has, to tell of rules that name none of them (contract 22).

A hook notes each application when it is made; its routes are looked at when somebody asks, because
an application goes on growing. What is told is what rules name in vain, and not all there is: a
heartbeat every three seconds must stay small.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from heapq import nlargest
from itertools import islice, takewhile
from typing import Any

from fairlead.policy.resource import is_function, is_route, template
from fairlead.policy.rule import Rule

MOST_APPLICATIONS = 64
MOST_TOLD = 64
"""Resources that one process tells are named in vain."""

MOST_MEANT, NEAR = 8, 16
"""How many of them come with what may be meant, and with how many names each is compared.

Comparing takes a millisecond, and whoever is comparing does not renew the lease.
"""

Routes = Callable[[Any], Iterable[tuple[str, Iterable[str] | None]]]
"""Says the paths of an application, prefixes included, each with its methods, none for any.

None for the methods says that anything may be below this path.
"""


class Interfaces:
    """The applications of one process."""

    def __init__(self) -> None:
        self._applications: dict[int, tuple[weakref.ref[Any], Routes]] = {}
        self._overflown = False
        self._last_unused: tuple[list[str], int, dict[str, str]] = ([], 0, {})
        self._last: tuple[list[str], list[str], dict[str, str]] = ([], [], {})

    def note(self, application: Any, routes: Routes) -> None:
        """Remember an application, as long as it lives, and how to ask it."""
        if len(self._applications) >= MOST_APPLICATIONS:
            self._forget_the_dead()
        if len(self._applications) < MOST_APPLICATIONS:
            self._applications[id(application)] = (weakref.ref(application), routes)
        else:
            self._overflown = True

    def unmatched(
        self, rules: Iterable[Rule], functions: Sequence[str] = ()
    ) -> dict[str, str] | None:
        """Return the resources that `rules` name and that the process has not.

        Each with the resource that may be meant, ``""`` for none; None where not all is known.
        `functions` are the names of its guards. What a program calls, and patterns, are not judged.
        Raises what a stranger's application does when it is asked for its routes.
        """
        named = {one.resource for one in rules if not one.regex}
        routes = self._unmatched({name for name in named if is_route(name)})
        unused = self._unused({name for name in named if is_function(name)}, functions)
        if not unused:
            return routes
        return dict(islice({**(routes or {}), **unused}.items(), MOST_TOLD))

    def _unused(self, named: set[str], functions: Sequence[str]) -> dict[str, str]:
        """Return the names that no guard was made for, yet."""
        vain = sorted(named.difference(functions))[:MOST_TOLD]
        last = self._last_unused
        if last[:2] != (vain, len(functions)):
            meant = {name: _meant(name, functions) for name in vain[:MOST_MEANT]}
            told = {name: meant.get(name, "") for name in vain}
            last = self._last_unused = (vain, len(functions), told)
        return last[2]

    def _unmatched(self, named: set[str]) -> dict[str, str] | None:
        if not named:
            return {}
        paths: dict[str, set[str]] = {}
        open_ends: set[str] = set()
        for path, methods in self._routes():
            if methods is None:
                open_ends.add(path)
            else:
                paths.setdefault(template(path), set()).update(methods or ("",))
        if self._overflown or not paths:
            return None
        ends = tuple(open_ends)
        vain = sorted(name for name in named if not _has(paths, ends, name))[:MOST_TOLD]
        known = [
            name
            for path, methods in paths.items()
            for name in (path, *(f"{method}:{path}" for method in sorted(methods) if method))
        ]
        last = self._last  # doctor asks on another thread
        if last[:2] != (vain, known):
            meant = {name: _meant(name, known) for name in vain[:MOST_MEANT]}
            last = self._last = (vain, known, {name: meant.get(name, "") for name in vain})
        return last[2]

    def _routes(self) -> Iterator[tuple[str, Iterable[str] | None]]:
        self._forget_the_dead()
        for reference, routes in list(self._applications.values()):
            application = reference()
            if application is not None:
                yield from routes(application)

    def _forget_the_dead(self) -> None:
        for key, (reference, _) in list(self._applications.items()):
            if reference() is None:
                self._applications.pop(key, None)


def _has(paths: dict[str, set[str]], open_ends: tuple[str, ...], name: str) -> bool:
    method, _, path = ("", "", name) if name.startswith("/") else name.partition(":")
    if path.startswith(open_ends):
        return True
    return path in paths and (not method or bool(paths[path] & {method, ""}))


def _meant(name: str, known: Sequence[str]) -> str:
    near = nlargest(NEAR, known, key=lambda one: _alike(name, one) + _alike(name[::-1], one[::-1]))
    return next(iter(get_close_matches(name, near, 1, 0.6)), "")


def _alike(one: str, other: str) -> int:
    """Return how many characters two names have in common from their start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
