"""The resources that a process has, to tell of rules that name none of them (contract 22).

A hook notes each application when it is made; its routes are looked at when somebody asks, because
an application goes on growing. What is told is what rules name in vain, and not all there is: a
heartbeat every three seconds must stay small.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from fairlead.policy.limit import NOT_FOUND, RateLimit
from fairlead.policy.resource import template

MOST_APPLICATIONS = 64
MOST_TOLD = 64
"""Resources that one process tells are named in vain."""

Routes = Callable[[Any], Iterable[tuple[str, Iterable[str]]]]
"""Says the paths of an application, prefixes included, each with its methods, none for any."""


class Interfaces:
    """The applications of one process."""

    def __init__(self) -> None:
        self._applications: dict[int, tuple[weakref.ref[Any], Routes]] = {}

    def note(self, application: Any, routes: Routes) -> None:
        """Remember an application, as long as it lives, and how to ask it."""
        if len(self._applications) < MOST_APPLICATIONS:
            self._applications[id(application)] = (weakref.ref(application), routes)

    def unmatched(self, limits: Iterable[RateLimit]) -> dict[str, str] | None:
        """Return the resources that `limits` name and that no application has.

        Each with the resource that may be meant, ``""`` for none; None where nothing is known.
        """
        named = {limit.resource for limit in limits} - {NOT_FOUND}
        if not named:
            return {}
        paths: dict[str, set[str]] = {}
        for path, methods in self._routes():
            paths.setdefault(template(path), set()).update(methods or ("",))
        if not paths:
            return None
        known = [
            name
            for path, methods in paths.items()
            for name in (path, *(f"{method}:{path}" for method in sorted(methods) if method))
        ]
        vain = sorted(name for name in named if not _has(paths, name))[:MOST_TOLD]
        return {name: next(iter(get_close_matches(name, known, 1, 0.6)), "") for name in vain}

    def _routes(self) -> Iterator[tuple[str, Iterable[str]]]:
        for key, (reference, routes) in list(self._applications.items()):
            application = reference()
            if application is None:
                del self._applications[key]
            else:
                yield from routes(application)


def _has(paths: dict[str, set[str]], name: str) -> bool:
    if name.startswith("/"):
        return name in paths
    method, _, path = name.partition(":")
    return path in paths and bool(paths[path] & {method, ""})
