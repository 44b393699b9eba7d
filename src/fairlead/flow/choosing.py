"""Which of many routes is the first that a call matches, without asking each of them.

Most routes want one part of a call to be one text: a call is asked for that part once, and those
routes alone are tried that want what it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fairlead.policy.match import Condition, RequestView, compile_all

Match = tuple[Condition, ...]
Key = tuple[str, str]
"""Source and name of a part of a call."""
EXACT = ("==", "in")
SOURCES = ("header", "query", "cookie", "path", "method")
FEW = 4
"""Routes that are asked one after the other: less than to look anything up."""


class Choosing:
    """The matches of routes, in their order."""

    def __init__(self, routes: Sequence[tuple[Match, ...]]) -> None:
        """Of each route its matches, any of which is enough; none is every call."""
        self._tests = [[compile_all(match) for match in matches] for matches in routes]
        self._others: list[int] = []
        """Places of those that want no part to be a certain text."""
        self._wanted: dict[Key, dict[str, list[int]]] = {}
        for place, matches in enumerate(routes):
            keys = [_key(match) for match in matches]
            if len(routes) <= FEW or not matches or None in keys:
                self._others.append(place)
                continue
            for key, values in filter(None, keys):
                for value in values:
                    self._wanted.setdefault(key, {}).setdefault(value, []).append(place)

    def first(self, view: RequestView | None, dice: Callable[[], float]) -> int:
        """Return the place of the first route that a call matches, -1 for none.

        Of a call that nothing is known of, only a route for every call is the one.
        """
        for place in self._candidates(view):
            tests = self._tests[place]
            if not tests or (view is not None and any(test(view, dice) for test in tests)):
                return place
        return -1

    def _candidates(self, view: RequestView | None) -> Iterable[int]:
        if not self._wanted or view is None:
            return self._others
        found: list[int] = []
        for (source, name), places in self._wanted.items():
            value = _part(view, source, name)
            if value is not None and value in places:
                found += places[value]
        return sorted({*found, *self._others}) if found else self._others


def _key(match: Match) -> tuple[Key, tuple[str, ...]] | None:
    """Return a part that a match wants to be one of some texts, None for no such part."""
    found = [
        ((one.source, one.key.lower() if one.source == "header" else one.key), one.values)
        for one in match
        if one.operator in EXACT and one.source in SOURCES
    ]
    # Of several the one that fewest calls have: a method is nearly everybody's.
    return min(found, key=lambda one: SOURCES.index(one[0][0]), default=None)


def _part(view: RequestView, source: str, name: str) -> str | None:
    if source == "path":
        return view.path()
    if source == "method":
        return view.method()
    value: str | None = getattr(view, source)(name)
    return value
