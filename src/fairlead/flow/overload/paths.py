"""Which requests a protection treats in a way of their own: by path and by one header."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fairlead.policy.overload import Priority


class Paths:
    """Paths as they are asked for, or what they begin with and ``*``."""

    __slots__ = ("_begin", "_whole")

    def __init__(self, paths: Iterable[str]) -> None:
        paths = tuple(paths)
        self._whole = frozenset(paths)
        self._begin = tuple(path[:-1] for path in paths if path.endswith("*"))

    def match(self, path: str) -> bool:
        """Tell whether `path` is among them."""
        return path in self._whole or path.startswith(self._begin)


class Requests:
    """Requests by how much they matter."""

    __slots__ = ("_priorities",)

    def __init__(self, priorities: Iterable[Priority]) -> None:
        self._priorities = tuple((one, Paths(one.paths)) for one in priorities)

    def level(self, path: str, header: Callable[[str], str | None]) -> str:
        """Return the level of the first priority that a request meets, ``""`` for none."""
        for one, paths in self._priorities:
            if one.paths and not paths.match(path):
                continue
            if one.header:
                value = header(one.header)
                if value is None or (one.values and value.strip() not in one.values):
                    continue
            return one.level
        return ""
