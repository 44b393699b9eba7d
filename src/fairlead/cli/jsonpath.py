"""kubectl's JSONPath, as far as people wait for something with it.

``{.status.live}``, ``{.spec.match[0].value}``, ``{.status.members[*]}``,
``{.metadata.labels['app.io/x']}``, ``{.status.conditions[?(@.type=="Live")].status}``. The braces
and the first dot may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(
    r"""\.?(?P<name>[A-Za-z0-9_-]+(?:\\\.[A-Za-z0-9_-]+)*)
    | \[(?P<index>-?\d+)\]
    | (?P<all>\[\*\]|\.\*)
    | \[(?P<quote>['"])(?P<key>.*?)(?P=quote)\]
    | \[\?\(\s*@\.(?P<field>[A-Za-z0-9_.-]+)\s*==\s*(?P<mark>['"]?)(?P<value>.*?)(?P=mark)\s*\)\]
    """,
    re.VERBOSE,
)


class InvalidPath(Exception):
    """The author's fault: not a path that is understood."""


@dataclass(frozen=True, slots=True)
class _Step:
    match: re.Match[str]

    def into(self, value: Any) -> Iterator[Any]:
        """Yield what the step leads to from `value`."""
        found = self.match.groupdict()
        name = found["key"] if found["key"] is not None else found["name"]
        if name is not None:
            name = name.replace("\\.", ".")
            if isinstance(value, dict) and name in value:
                yield value[name]
        elif found["index"] is not None:
            if isinstance(value, list) and -len(value) <= int(found["index"]) < len(value):
                yield value[int(found["index"])]
        elif found["all"] is not None:
            yield from _children(value)
        else:
            names = found["field"].split(".")
            yield from (one for one in _children(value) if _text(_at(one, names)) == found["value"])


class JsonPath:
    """A path, read once."""

    def __init__(self, text: str) -> None:
        """Raises InvalidPath."""
        inner = text.strip()
        if inner.startswith("{") and inner.endswith("}"):
            inner = inner[1:-1].strip()
        inner = inner.removeprefix("$")
        self._steps: list[_Step] = []
        place = 0
        while place < len(inner):
            match = _STEP.match(inner, place)
            if match is None:
                raise InvalidPath(f"{text!r}: not understood from {inner[place:][:40]!r} on")
            self._steps.append(_Step(match))
            place = match.end()
        if not self._steps:
            raise InvalidPath(f"{text!r}: names nothing; write {{.status.live}}")

    def texts(self, plain: Any) -> list[str]:
        """Return what the path leads to in `plain`, as kubectl prints it."""
        values: Iterable[Any] = [plain]
        for step in self._steps:
            values = [found for value in values for found in step.into(value)]
        return [_text(value) for value in values]


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _at(value: Any, names: Iterable[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
