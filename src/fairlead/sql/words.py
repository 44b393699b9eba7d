"""The words of a text that is not parsed: the body of a trigger, a view, a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(
    r"""'[^']*'|`(?:[^`]|``)*`|"(?:[^"]|"")*"|\[[^\]]*\]|(?<![\w$@:])[^\W\d][\w$]*""", re.DOTALL
)
_BRACKET = re.compile(r"\s*\(")
_NAMES_TABLE = re.compile(
    r"(?i)(?:\b(?:into|table|join|from|update|only|as|on)|,)\s*(?:[\w\"`]+\s*\.\s*)?$"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word and what stands around it."""

    token: str
    before_bracket: bool
    may_be_table: bool
    """Whether the bracket after it can be the columns of a table: ``INTO orders (id)``."""

    @property
    def quoted(self) -> bool:
        """Whether it stands in quotes, and so is no keyword."""
        return self.token[0] in '`"['


def words_of(text: str, plain: str) -> list[Word]:
    """Return the words of `text`, found in its neutral form `plain`."""
    return list(_words(text, plain))


def _words(text: str, plain: str) -> Iterator[Word]:
    for match in _WORD.finditer(plain):
        token = text[match.start() : match.end()]
        if match[0][0] == "'":
            continue
        bracket = _BRACKET.match(plain, match.end()) is not None
        before = plain[max(0, match.start() - 80) : match.start()]
        yield Word(token, bracket, bracket and _NAMES_TABLE.search(before) is not None)
