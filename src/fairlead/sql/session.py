"""What the meaning of a name depends on: the server's dialect, and where a connection stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

MYSQL, POSTGRES, SQLITE = "mysql", "postgres", "sqlite"
DIALECTS = (MYSQL, POSTGRES, SQLITE)

QUOTES = {MYSQL: "`", POSTGRES: '"', SQLITE: '"'}
_CLOSING = {"[": "]"}
_PLAIN = re.compile(r"[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*")

SYSTEM_SCHEMAS = frozenset(
    ("information_schema", "mysql", "performance_schema", "pg_catalog", "pg_toast", "sys")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One connection's state, as far as names and quotes depend on it."""

    dialect: str
    database: str
    """Current database; ``""`` for none. For SQLite the stem of the main file."""
    attached: tuple[tuple[str, str], ...] = ()
    """SQLite: name and file's stem of each attached database, in the order they are searched."""
    fold: bool = False
    """MySQL: names of tables and databases are compared without regard to case."""
    ansi_quotes: bool = False
    """MySQL: ``"x"`` is a name."""
    backslashes: bool = True
    """MySQL: a backslash escapes in a string. PostgreSQL: only in ``E''``, else it is refused."""
    sight: str = ""
    """Whose look at the catalogue it is: MySQL's user, who sees what the user has rights to; for
    SQLite the files, since others may have the same stem."""

    def key(self, name: str, *, quoted: bool = False) -> str:
        """Return what the server compares `name` as."""
        if self.dialect == MYSQL:
            return name.casefold() if self.fold else name
        if self.dialect == SQLITE:
            return name.lower()
        # Of the letters that ASCII has not, none is folded.
        return _cut(name if quoted else name.translate(_FOLDED))

    def written(self, name: str) -> str:
        """Return what the server compares a name as that stands in a rule."""
        return self.key(name, quoted=True)

    def quote(self, name: str, like: str) -> str:
        """Return `name` in the quotes that the token `like` has, or as a plain name if it may be.

        PostgreSQL folds a plain name, so one with capitals is quoted there.
        """
        if like[0] in "`\"'":
            return like[0] + name.replace(like[0], like[0] * 2) + like[0]
        if like[0] == "[":
            return f"[{name}]"
        if _PLAIN.fullmatch(name) and (self.dialect != POSTGRES or name == name.translate(_FOLDED)):
            return name
        mark = QUOTES[self.dialect]
        return mark + name.replace(mark, mark * 2) + mark


def with_modes(session: Session, modes: str) -> Session:
    """Return `session` with what MySQL's ``sql_mode`` says of quotes."""
    flags = modes.upper().split(",")
    return replace(
        session,
        ansi_quotes="ANSI_QUOTES" in flags or "ANSI" in flags,
        backslashes="NO_BACKSLASH_ESCAPES" not in flags,
    )


_FOLDED = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}

LONGEST = 63
"""Bytes of a name in PostgreSQL, which cuts a longer one without an error."""


def _cut(name: str) -> str:
    encoded = name.encode("utf-8", "surrogatepass")
    if len(encoded) <= LONGEST:
        return name
    return encoded[:LONGEST].decode("utf-8", "ignore")


def unquoted(token: str) -> tuple[str, bool]:
    """Return the name that the text of a token spells, and whether it is quoted."""
    first = token[:1]
    if first not in ("`", '"', "'", "["):
        return token, False
    last = _CLOSING.get(first, first)
    inner = token[1:-1]
    return (inner if last != first else inner.replace(first * 2, first)), True


def matching(name: str, names: Iterable[str]) -> bool:
    """Whether `name` is one of `names`, in any case: for words whose owner folds them somehow."""
    folded = name.casefold()
    return any(folded == other.casefold() for other in names)
