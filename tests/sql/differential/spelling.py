"""The same statement as others would write it: case, blanks, comments; and its parameters."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from tests.sql.differential.grammar import COMMENTS, Dialect
from tests.sql.differential.statement import Args
from tests.sql.differential.words import KEPT, PARAMETER

_KEYWORD = re.compile(r"(?<![\w{.])[A-Z][A-Z_]+(?![\w}])")
_KEPT = re.compile(f"[{chr(KEPT)}-{chr(PARAMETER - 1)}]")
_PARAMETER = re.compile(f"[{chr(PARAMETER)}-{chr(0xF8FF)}]")
_BLANKS = ("\n", "\t", "  ", "\r\n", " \n\t ", "\f")
_STARTS = ("", "", "", " ", "\n\t", "/* from orders */ ", "-- items\n")
_ENDS = ("", "", "", ";", " ; ", "\n", " -- orders", " /* ' */", ";\n")
_ENDING, _BEGINNING = "),`\"]'", "(,`\"['*"
_QUOTING = "`\"[]'"


class Spelling:
    """How one statement is written."""

    def __init__(self, dialect: Dialect, random: Random, kept: list[str]) -> None:
        self._dialect, self._random, self._kept = dialect, random, kept

    def written(self, text: str) -> str:
        """Return `text` with its keywords, blanks and comments in some manner."""
        text = self._cased(text)
        number = self._random.random()
        if number > 0.85:
            text = self._tight(text)
        elif number > 0.5:
            text = self._loose(text, 0.04 if number < 0.7 else 0.25)
        if self._random.random() < 0.2:
            text = self._random.choice(_STARTS) + text + self._random.choice(_ENDS)
        return self._whole(text)

    def _cased(self, text: str) -> str:
        number = self._random.random()
        if number < 0.5:
            return text
        if number < 0.85:
            return _KEYWORD.sub(lambda match: match[0].lower(), text)
        change = (str.lower, str.title, str.upper)
        return _KEYWORD.sub(lambda match: self._random.choice(change)(match[0]), text)

    def _loose(self, text: str, share: float) -> str:
        return re.sub(" ", lambda _: self._blank() if self._random.random() < share else " ", text)

    def _blank(self) -> str:
        if self._random.random() < 0.5:
            return self._random.choice(_BLANKS)
        return f" {self._random.choice((*COMMENTS, *self._dialect.comments))} "

    def _tight(self, text: str) -> str:
        pieces = []
        for index, letter in enumerate(text):
            if letter != " " or not self._needless(text, index):
                pieces.append(letter)
        return "".join(pieces)

    def _needless(self, text: str, index: int) -> bool:
        before, after = text[index - 1 : index], text[index + 1 : index + 2]
        left, right = self._whole(before)[-1:], self._whole(after)[:1]
        if left in _QUOTING and right in _QUOTING:
            return False
        if "*" in (left, right) and "/" in (left, right):
            return False
        return left in _ENDING or right in _BEGINNING

    def _whole(self, text: str) -> str:
        return _KEPT.sub(lambda match: self._kept[ord(match[0]) - KEPT], text)


def with_parameters(text: str, values: list[Any], style: str, random: Random) -> tuple[str, Args]:
    """Return `text` with its parameters marked in `style`, and the arguments for the driver.

    Without any, `text` stays as it is, or a driver that looks for them is told that there are none.
    """
    formats = style in ("format", "pyformat", "client")
    found = [ord(mark) - PARAMETER for mark in _PARAMETER.findall(text)]
    if not found:
        if formats and random.random() < 0.2:
            return text.replace("%", "%%"), ()
        return text, None
    if formats:
        text = text.replace("%", "%%")
    if style in ("format", "client", "qmark"):
        mark = "?" if style == "qmark" else "%s"
        return _PARAMETER.sub(mark, text), tuple(values[index] for index in found)
    if style == "numbered":
        numbers = {index: place for place, index in enumerate(sorted(set(found)), 1)}
        text = _PARAMETER.sub(lambda match: f"?{numbers[ord(match[0]) - PARAMETER]}", text)
        return text, tuple(values[index] for index in sorted(set(found)))
    stem = random.choice(("p", "orders", "order_"))
    form = {"pyformat": "%({})s", "named": ":{}", "at": "@{}", "dollar": "${}"}[style]
    text = _PARAMETER.sub(lambda match: form.format(f"{stem}{ord(match[0]) - PARAMETER}"), text)
    return text, {f"{stem}{index}": values[index] for index in found}
