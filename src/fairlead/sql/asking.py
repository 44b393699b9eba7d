"""The questions that tell where a connection stands, and what its server would do.

A generator yields a query and is sent the rows.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import count
from pathlib import PurePath

from fairlead.sql import catalog_mysql, catalog_postgres, catalog_sqlite
from fairlead.sql.catalog import Asking, Rows, text_of
from fairlead.sql.session import MYSQL, POSTGRES, Session, with_modes
from fairlead.sql.verdict import Refused

_MYSQL = (
    "SELECT DATABASE(), @@SESSION.sql_mode, @@GLOBAL.lower_case_table_names,"
    " @@SESSION.character_set_client, CURRENT_USER()"
)
_POSTGRES = (
    "SELECT pg_catalog.current_database(),"
    " pg_catalog.current_setting('standard_conforming_strings')"
)
_SQLITE = "PRAGMA database_list"

_AMBIGUOUS = frozenset(("big5", "cp932", "gb18030", "gbk", "sjis"))
"""Character sets of MySQL whose second bytes include the backslash."""

_UNNAMED = count(1)

MEMORY = "memory"
"""Name of an SQLite database that has no file."""


def read_session(dialect: str) -> Generator[str, Rows, Session]:
    """Ask a connection of `dialect` where it stands."""
    if dialect == MYSQL:
        ((database, modes, folding, charset, user),) = yield _MYSQL
        if text_of(charset) in _AMBIGUOUS:
            reason = f"in {text_of(charset)} a backslash can be half a character: use utf8mb4"
            raise Refused("unparsed", reason)
        here = Session(
            dialect=dialect,
            database=text_of(database),
            fold=int(folding) != 0,
            sight=text_of(user),
        )
        return with_modes(here, text_of(modes))
    if dialect == POSTGRES:
        ((database, conforming),) = yield _POSTGRES
        return Session(
            dialect=dialect, database=text_of(database), backslashes=text_of(conforming) == "on"
        )
    files = {text_of(name): text_of(file) for _, name, file in (yield _SQLITE)}
    files.pop("temp", None)
    # What has no file is its connection's own, and no other's.
    sight = "\0".join(file or f":{next(_UNNAMED)}" for file in files.values())
    stems = {name: stem(file) for name, file in files.items()}
    main = stems.pop("main", MEMORY)
    return Session(dialect=dialect, database=main, attached=tuple(stems.items()), sight=sight)


def read_catalog(session: Session) -> Asking:
    """Ask the server of `session` what its tables reach."""
    if session.dialect == MYSQL:
        return catalog_mysql.read(session)
    if session.dialect == POSTGRES:
        return catalog_postgres.read(session)
    return catalog_sqlite.read(session)


def stem(file: str) -> str:
    """Return the name of an SQLite database: its file's without the ending."""
    name = PurePath(file).name
    return PurePath(name).stem if name and name != ":memory:" else MEMORY
