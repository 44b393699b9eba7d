"""What a statement looks like without its values, in one line, and what it is about.

For people who look: the kind is its first word, and tables are what stands where tables do. It is
told by words alone, without the parser that lanes need, so that it may miss one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from fairlead.sql.masking import MASK, masked

LONGEST = 600
"""Characters of a template."""

MOST_TABLES = 5

_COMMA = re.compile(r"\s*,\s*")
_LIST = re.compile(r"(\?|%s|%\(\w+\)s|[:$@]\w+)(?:\s*,\s*(?:\?|%s|%\(\w+\)s|[:$@]\w+)){2,}")
_ROWS = re.compile(r"(\([^()]{0,200}\))(?:\s*,\s*\([^()]{0,200}\))+")
_NAME = r'(?:[\w$]++|"[^"]{1,64}"|`[^`]{1,64}`)'
_NAMED = rf"({_NAME}(?:\s*\.\s*{_NAME}){{0,2}}+)"
# What is called, such as generate_series(1, 2), is no table; what is filled may have columns.
_TABLE = re.compile(
    rf"(?i)\b(?:(?:from|join)\s+(?:only\s+)?{_NAMED}(?!\s*\()"
    rf"|(?:into|table)\s+(?:if\s+(?:not\s+)?exists\s+)?+(?:only\s+)?+{_NAMED})"
)
# Where the verb is followed by a name; MySQL and Postgres leave INTO and TABLE out.
_FILLED = re.compile(
    rf"(?i)\W*(?:update|truncate|insert|replace)\s+"
    rf"(?:(?:only|or\s+\w+|ignore|low_priority|high_priority|delayed)\s+)*+"
    rf"(?!(?:into|table)\b){_NAMED}"
)
_FUNCTIONS = re.compile(r"(?i)\b(?:extract|substring|trim|overlay|position)\s*\([^()]{0,200}\)")
_FIRST = re.compile(r"[\s(?;]*([A-Za-z]{1,20})")
_NO_TABLES = frozenset(("select", "values", "lateral", "unnest", "dual", "outfile"))


class Template(NamedTuple):
    """A statement as it is told."""

    text: str
    kind: str
    """Its first word, in capitals; ``""`` where it begins with none."""
    tables: tuple[str, ...]


@lru_cache(maxsize=1024)
def template(text: str, dialect: str) -> Template:
    """Return the template of a statement: without literals and comments, lists cut short."""
    line = masked(text, dialect, most=4 * LONGEST)
    line = _COMMA.sub(", ", line)
    line = _ROWS.sub(r"\1, …", _LIST.sub(r"\1, …", line))
    if len(line) > LONGEST:
        line = f"{line[: LONGEST - 1]}…"
    first = _FIRST.match(line)
    return Template(line, first[1].upper() if first else "", tables(line))


def tables(line: str) -> tuple[str, ...]:
    """Return the names that stand where tables do in a statement without literals."""
    plain = _FUNCTIONS.sub(MASK, line)
    filled = _FILLED.match(plain)
    names = [filled[1]] if filled else []
    names += [one or other for one, other in _TABLE.findall(plain)]
    found = dict.fromkeys(re.sub(r'["`\s]', "", name) for name in names)
    return tuple(one for one in found if one.lower() not in _NO_TABLES)[:MOST_TABLES]
