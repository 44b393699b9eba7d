"""Reads composite literals of Go: as far as tables of test cases are written with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?P<text>"(?:\\.|[^"\\])*"|`[^`]*`)|(?P<number>\d[\d_.]*)"""
    r"""|(?P<name>[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)|(?P<mark>[{}()\[\],:&*+])|(?P<other>\S)""",
    re.DOTALL,
)


def cases(source: str, kind: str, names: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each literal of struct `kind`, or in a list of it, with where it begins.

    `names` are constants; other names, and calls, are None.
    """
    for found in re.finditer(rf"(?<!func )(\[\])?{re.escape(kind)}\s*\{{", source):
        tokens = _tokens(source[found.end() - 1 :])
        value = Literal(tokens, names).braces()
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and "Request" in one:
                yield found.start(), one


def _tokens(source: str) -> list[tuple[str, str]]:
    found = []
    depth = 0
    for one in _TOKEN.finditer(source):
        if one.lastgroup is None:
            continue
        text = one[0]
        found.append((one.lastgroup, text))
        depth += (text == "{") - (text == "}")
        if depth == 0:
            break
    return found


class Literal:
    """A reader of one literal."""

    def __init__(self, tokens: list[tuple[str, str]], names: Mapping[str, str]) -> None:
        self._tokens, self._names, self._at = tokens, names, 0

    def braces(self) -> Any:
        """Return a struct or a map as a dict, a list as a list."""
        self._take()
        pairs: dict[str, Any] = {}
        items: list[Any] = []
        while self._next() != "}":
            value = self._value()
            if self._next() == ":":
                self._take()
                pairs[str(value)] = self._sum()
            else:
                items.append(value)
            if self._next() == ",":
                self._take()
        self._take()
        return pairs or items

    def _sum(self) -> Any:
        """Return a value, with ``+`` at its end where something is added to it."""
        value = self._value()
        while self._next() == "+":
            self._take()
            self._value()
            value = f"{value}+"
        return value

    def _value(self) -> Any:
        if self._next() == "{":
            return self.braces()
        if self._next() in ("&", "*"):
            self._take()
            return self._value()
        if self._next() == "[":
            while self._next() != "{":
                self._take()
            return self.braces()
        kind, text = self._take()
        if kind == "text":
            return text[1:-1]
        if kind == "number":
            return int(float(text.replace("_", "")))
        return self._named(text)

    def _named(self, text: str) -> Any:
        if text == "map":
            while self._next() != "{":
                self._take()
            return self.braces()
        if self._next() == "{":
            return self.braces()
        if self._next() == "(":
            depth = 0
            while True:
                _, mark = self._take()
                depth += (mark == "(") - (mark == ")")
                if depth == 0:
                    return None
        if text in ("true", "false"):
            return text == "true"
        return self._names.get(text.rpartition(".")[2], text)

    def _next(self) -> str:
        return self._tokens[self._at][1]

    def _take(self) -> tuple[str, str]:
        self._at += 1
        return self._tokens[self._at - 1]
