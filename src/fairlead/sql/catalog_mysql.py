"""MySQL's and MariaDB's catalogue: ``information_schema``."""

from __future__ import annotations

from typing import Any

from fairlead.sql.body import body_of, query_body
from fairlead.sql.catalog import Asking, Body, Catalog, Key, Trigger, cascades_of, text_of
from fairlead.sql.rights import rights_of
from fairlead.sql.session import Session, with_modes

_SYSTEM = "('mysql','sys','information_schema','performance_schema')"
TABLES = (
    "SELECT table_schema, table_name, engine FROM information_schema.tables"
    f" WHERE table_schema NOT IN {_SYSTEM}"
)
VIEWS = (
    "SELECT table_schema, table_name, view_definition FROM information_schema.views"
    f" WHERE table_schema NOT IN {_SYSTEM}"
)
TRIGGERS = (
    "SELECT event_object_schema, event_object_table, trigger_name, event_manipulation,"
    " action_statement, sql_mode FROM information_schema.triggers"
    f" WHERE event_object_schema NOT IN {_SYSTEM}"
)
KEYS = (
    "SELECT DISTINCT unique_constraint_schema, referenced_table_name, constraint_schema,"
    " table_name, delete_rule, update_rule FROM information_schema.referential_constraints"
)
FUNCTIONS = "SELECT DISTINCT routine_name FROM information_schema.routines"
# Triggers are shown to who has the right TRIGGER; without it there seem to be none.
# Who may read the table of all users is shown everybody's.
_MINE = (
    " WHERE grantee NOT LIKE '%@%' OR grantee = CONCAT(CHAR(39), LEFT(CURRENT_USER(),"
    " CHAR_LENGTH(CURRENT_USER()) - CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) - 1),"
    " CHAR(39), '@', CHAR(39), SUBSTRING_INDEX(CURRENT_USER(), '@', -1), CHAR(39))"
)
RIGHTS = (
    f"SELECT '', '', privilege_type = 'TRIGGER' FROM information_schema.user_privileges{_MINE}"
    " UNION SELECT table_schema, '', privilege_type = 'TRIGGER'"
    f" FROM information_schema.schema_privileges{_MINE}"
    " UNION SELECT table_schema, table_name, privilege_type = 'TRIGGER'"
    f" FROM information_schema.table_privileges{_MINE}"
)
_OF_OTHERS = ("mrg_myisam", "merge")
"""Engines of tables whose rows are those of other tables of the server."""


def read(session: Session) -> Asking:
    """Ask for what tables reach."""

    def key(database: Any, name: Any) -> Key:
        return session.key(text_of(database)), session.key(text_of(name))

    tables = tuple((yield TABLES))
    views = yield VIEWS
    found: dict[Key, list[Trigger]] = {}
    for database, table, name, event, text, modes in (yield TRIGGERS):
        changes = frozenset((text_of(event).lower(),))
        # A trigger is read by the modes of whoever made it.
        body = body_of(text_of(text), with_modes(session, text_of(modes)))
        trigger = Trigger(text_of(name), changes, body)
        found.setdefault(key(database, table), []).append(trigger)
    keys = yield KEYS
    rights = yield RIGHTS
    functions = yield FUNCTIONS
    return Catalog(
        tables=frozenset(text_of(name).casefold() for _, name, _ in tables),
        views={
            **{key(d, n): query_body(text_of(text), session) for d, n, text in views},
            **{key(d, n): _MERGED for d, n, of in tables if text_of(of).lower() in _OF_OTHERS},
        },
        triggers={table: tuple(all_) for table, all_ in found.items()},
        cascades=cascades_of((key(a, b), key(c, d), on, up) for a, b, c, d, on, up in keys),
        functions=frozenset(text_of(row[0]).lower() for row in functions),
        rights=rights_of((*key(d, n), bool(int(right))) for d, n, right in rights),
    )


_MERGED = Body(frozenset(), "it is a MERGE table, whose rows are those of other tables")
