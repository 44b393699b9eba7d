"""The resources that a process has, to tell of rules that name none of them (contract 22).

A hook notes each application when it is made; its routes are looked at when somebody asks, because
an application goes on growing. Databases are known by the connections to them. What is told is what
rules name in vain, and not all there is: a heartbeat every three seconds must stay small.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from heapq import nlargest
from itertools import islice, takewhile
from typing import Any

from fairlead.policy.resource import SQL, database_of, is_function, is_route, template
from fairlead.policy.rule import Rule

MOST_APPLICATIONS = 64
MOST_DATABASES = 1024
"""Names of databases that are remembered; where there are more, none is called misspelt."""
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
        self._databases: set[str] = set()
        self._last: dict[str, tuple[list[str], Sequence[str], dict[str, str]]] = {}
        """What was told last of each sort of resource, and of what it was made."""

    def note(self, application: Any, routes: Routes) -> None:
        """Remember an application, as long as it lives, and how to ask it."""
        if len(self._applications) >= MOST_APPLICATIONS:
            self._forget_the_dead()
        if len(self._applications) < MOST_APPLICATIONS:
            self._applications[id(application)] = (weakref.ref(application), routes)
        else:
            self._overflown = True

    def applications(self) -> list[tuple[Any, Routes]]:
        """Return those that live, each with how to ask it."""
        known = list(self._applications.values())
        return [(one, routes) for found, routes in known if (one := found()) is not None]

    def connected(self, database: str) -> None:
        """Hear that a connection to a database of this name is open."""
        if len(self._databases) <= MOST_DATABASES:
            self._databases.add(database)

    def unmatched(
        self, rules: Iterable[Rule], functions: Sequence[str] = ()
    ) -> dict[str, str] | None:
        """Return the resources that `rules` name and that the process has not.

        Each with the resource that may be meant, ``""`` for none; None where not all is known.
        `functions` are the names of its guards. What a program calls, and patterns, are not judged,
        nor a statement beyond its database, by whose name it is told.
        Raises what a stranger's application does when it is asked for its routes.
        """
        named = {one.resource for one in rules if not one.regex}
        routes = self._unmatched({name for name in named if is_route(name)})
        unused = self._unused({name for name in named if is_function(name)}, functions)
        databases = {database_of(name).removeprefix(SQL) for name in named if name.startswith(SQL)}
        strange = self._strange(databases)
        if not unused and not strange:
            return routes
        return dict(islice({**(routes or {}), **unused, **strange}.items(), MOST_TOLD))

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
        known = [
            name
            for path, methods in paths.items()
            for name in (path, *(f"{method}:{path}" for method in sorted(methods) if method))
        ]
        return self._told("route", (name for name in named if not _has(paths, ends, name)), known)

    def _unused(self, named: set[str], functions: Sequence[str]) -> dict[str, str]:
        """Return the names that no guard was made for, yet."""
        told = self._told("function", named.difference(functions), functions)
        return {name: meant or _pattern_meant(name) for name, meant in told.items()}

    def _strange(self, named: set[str]) -> dict[str, str]:
        """Return the databases that no connection was opened to, yet."""
        known = sorted(self._databases)  # others connect meanwhile
        if len(known) > MOST_DATABASES:
            return {}
        told = self._told("database", named.difference(known), known)
        return {SQL + name: SQL + meant if meant else "" for name, meant in told.items()}

    def _told(self, sort: str, vain: Iterable[str], known: Sequence[str]) -> dict[str, str]:
        """Return what is named in `vain`, with what of `known` may be meant."""
        vain = sorted(vain)[:MOST_TOLD]
        last = self._last.get(sort)  # doctor asks on another thread
        if last is None or last[:2] != (vain, known):
            meant = {name: _meant(name, known) for name in vain[:MOST_MEANT]}
            last = self._last[sort] = vain, known, {name: meant.get(name, "") for name in vain}
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


def _pattern_meant(name: str) -> str:
    """Return the resource of a pattern as others write it, ``GET /users/{id}``, "" of a name."""
    method, _, path = name.partition(" ")
    found = f"{method}:{path.strip()}"
    return found if method and is_route(found) else ""


def _meant(name: str, known: Sequence[str]) -> str:
    near = nlargest(NEAR, known, key=lambda one: _alike(name, one) + _alike(name[::-1], one[::-1]))
    return next(iter(get_close_matches(name, near, 1, 0.6)), "")


def _alike(one: str, other: str) -> int:
    """Return how many characters two names have in common from their start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
