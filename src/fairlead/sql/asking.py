"""The questions that tell where a connection stands.

A generator yields a query and is sent the rows.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from pathlib import PurePath
from typing import Any

from fairlead.sql.session import MYSQL, POSTGRES, Session
from fairlead.sql.verdict import Refused

Rows = Iterable[Sequence[Any]]

_MYSQL = (
    "SELECT DATABASE(), @@SESSION.sql_mode, @@GLOBAL.lower_case_table_names,"
    " @@SESSION.character_set_client"
)
_POSTGRES = (
    "SELECT pg_catalog.current_database(),"
    " pg_catalog.current_setting('standard_conforming_strings')"
)
_SQLITE = "PRAGMA database_list"

_AMBIGUOUS = frozenset(("big5", "cp932", "gb18030", "gbk", "sjis"))
"""Character sets of MySQL whose second bytes include the backslash."""

MEMORY = "memory"
"""Name of an SQLite database that has no file."""


def read_session(dialect: str) -> Generator[str, Rows, Session]:
    """Ask a connection of `dialect` where it stands."""
    if dialect == MYSQL:
        ((database, modes, folding, charset),) = yield _MYSQL
        if _text(charset) in _AMBIGUOUS:
            reason = f"in {_text(charset)} a backslash can be half a character: use utf8mb4"
            raise Refused("unparsed", reason)
        flags = _text(modes).upper().split(",")
        return Session(
            dialect=dialect,
            database=_text(database),
            fold=int(folding) != 0,
            ansi_quotes="ANSI_QUOTES" in flags,
            backslashes="NO_BACKSLASH_ESCAPES" not in flags,
        )
    if dialect == POSTGRES:
        ((database, conforming),) = yield _POSTGRES
        return Session(
            dialect=dialect, database=_text(database), backslashes=_text(conforming) == "on"
        )
    files = {_text(name): stem(_text(file)) for _, name, file in (yield _SQLITE)}
    main = files.pop("main", MEMORY)
    files.pop("temp", None)
    return Session(dialect=dialect, database=main, attached=tuple(files.items()))


def stem(file: str) -> str:
    """Return the name of an SQLite database: its file's without the ending."""
    name = PurePath(file).name
    return PurePath(name).stem if name and name != ":memory:" else MEMORY


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)
