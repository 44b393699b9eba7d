"""Ways out of a shadow database: statements that name the database itself whose shadow is meant.

A connection to a shadow is proof for what a statement does not say: where one says it, it reaches
base from any connection to that server. Statements are not parsed here: in doubt, one names it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fairlead.sql.session import MYSQL, SQLITE

# Atomic: of many comments, each could otherwise end with any of the later ones.
_GAP = r"(?:\s|(?>/\*.*?\*/)|--[^\n]*+\n|\#[^\n]*+\n)"
_ATTACH = re.compile(rf"(?is){_GAP}*+(?:attach|detach)\b")
_UNSURE = ("\\", "--", "#", "/*", "$$")
"""Where one of these is, where a string ends depends on more than its quotes."""
_STRING = re.compile(r"'(?:[^']|'')*+'")


def way_out(dialect: str, names: frozenset[str]) -> re.Pattern[str] | None:
    """Return what finds the databases `names` in a statement, None where it cannot reach them.

    SQLite's are files, which a statement can only attach.
    """
    if not names or dialect not in (MYSQL, SQLITE):
        return None
    return _ATTACH if dialect == SQLITE else _named(names)


@lru_cache(maxsize=256)
def _named(names: frozenset[str]) -> re.Pattern[str]:
    name = "|".join(re.escape(one) for one in sorted(names))
    one = rf"(?:`(?:{name})`|\"(?:{name})\"|(?<![\w$`\"])(?:{name})(?![\w$`\"]))"
    return re.compile(
        # What runs a text may name it in a string.
        rf"(?is)\b(?:prepare|execute)\b|{one}{_GAP}*+\."
        rf"|(?:^|;|/\*M?!\d*){_GAP}*+use\b{_GAP}*+{one}"
        rf"|\b(?:database|schema){_GAP}++(?:if{_GAP}++(?:not{_GAP}++)?exists{_GAP}++)?{one}"
    )


def leads_out(pattern: re.Pattern[str], statement: str) -> bool:
    """Tell whether `statement` has in it what `pattern`, of `way_out`, finds."""
    if not pattern.search(statement):
        return False
    if any(mark in statement for mark in _UNSURE):
        return True
    return pattern.search(_STRING.sub("''", statement)) is not None
