"""A statement to be shown to people: its shape and its names, and none of the values in it.

What a string is depends on settings of the server that nobody asks for here: whatever is one under
any of them is masked. Rather a name too few is shown than a value too many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fairlead.sql.session import MYSQL, POSTGRES, SQLITE

MASK = "?"
SHOWN = 300
"""Characters that are shown of a statement."""

_COMMENT = r"--[^\n]*|/\*.*?(?:\*/|\Z)"
_MYSQL_COMMENT = r"--(?=[\x00-\x20\x7f]|\Z)[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z)"
_DOLLARS = r"(?<![\w$])\$(?P<tag>[^\W\d]\w*)?\$.*?(?:\$(?(tag)(?P=tag))\$|\Z)"
_PLAIN = r"'(?:[^']|'')*+(?:'|\Z)"
_ESCAPED = r"'(?:[^'\\]|\\.|'')*+(?:'|\Z|\\\Z)"
_DOUBLE = r'"(?:[^"]|"")*+(?:"|\Z)'
_DOUBLE_ESCAPED = r'"(?:[^"\\]|\\.|"")*+(?:"|\Z|\\\Z)'
_NAMED = re.compile(r"(?i)(?:\b(?:from|into|update|join|table|as)\s+|\.\s*)\Z")

_READINGS = {
    MYSQL: (
        re.compile(f"{_MYSQL_COMMENT}|{_PLAIN}|{_DOUBLE}|`[^`]*+(?:`|\\Z)", re.DOTALL),
        re.compile(f"{_MYSQL_COMMENT}|{_ESCAPED}|{_DOUBLE_ESCAPED}|`[^`]*+(?:`|\\Z)", re.DOTALL),
    ),
    POSTGRES: (
        re.compile(f"{_COMMENT}|{_PLAIN}|{_DOLLARS}|{_DOUBLE}", re.DOTALL),
        re.compile(f"{_COMMENT}|{_ESCAPED}|{_DOLLARS}|{_DOUBLE}", re.DOTALL),
    ),
    SQLITE: (re.compile(f"{_COMMENT}|{_PLAIN}|{_DOUBLE}|`[^`]*+(?:`|\\Z)", re.DOTALL),),
}
_NUMBER = re.compile(r"(?<![\w$:@?%])(?:0[xX][0-9a-fA-F]+|\d[\d.]*(?:[eE][+-]?\d+)?)(?![\w$])")
_MASKED = "\ufffc"
"""Stands for a character that is not shown; in no statement that means anything."""


def masked(text: str, dialect: str, most: int = SHOWN) -> str:
    """Return `text` in one line, at most `most` characters, with a mask for each literal."""
    shown = list(text)
    for reading in _READINGS[dialect]:
        for start, end in _values(reading, text, dialect):
            shown[start:end] = _MASKED * (end - start)
    plain = re.sub(f"{_MASKED}+", MASK, "".join(shown))
    line = " ".join(_NUMBER.sub(MASK, plain).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def masked_reason(reason: str, cause: str) -> str:
    """Return the reason of a refusal; where it cites the statement, without what it cites."""
    return _CITED.sub(MASK, reason) if cause in _CITING else reason


_CITING = frozenset(("comment", "unparsed"))
_CITED = re.compile(
    r"(?s)(?<=stands inside of ).*(?=: take it out)|(?<=in the comment ).*|(?<!\w)'.*'"
)


def _values(reading: re.Pattern[str], text: str, dialect: str) -> Iterator[tuple[int, int]]:
    for match in reading.finditer(text):
        quote = match[0][0]
        if quote == "`" or (quote == '"' and _is_name(match, dialect)):
            continue
        yield match.span()


def _is_name(match: re.Match[str], dialect: str) -> bool:
    """Whether what stands in double quotes is a name: SQLite takes a name of nothing for text."""
    if dialect == SQLITE:
        before, after = match.string[: match.start()], match.string[match.end() : match.end() + 1]
        return after == "." or _NAMED.search(before[-32:]) is not None
    return dialect == POSTGRES
