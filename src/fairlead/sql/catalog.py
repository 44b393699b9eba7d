"""What the server's catalogue says of tables that one statement can reach through another.

Views, triggers, rules, cascading foreign keys, partitions: read by a few queries and kept for a
while; `reach.py` decides by them. What cannot be read is taken to reach everything.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fairlead.sql.functions import known, syntax
from fairlead.sql.lexis import PLAIN, neutral
from fairlead.sql.session import MYSQL, POSTGRES, SQLITE, Session, unquoted
from fairlead.sql.verdict import Refused
from fairlead.sql.words import words_of

Row = Sequence[Any]
Rows = Iterable[Row]
Key = tuple[str, str]
"""Database and table as the server compares them; the database is ``""`` but for MySQL."""

Asking = Generator[str, Rows, "Catalog"]


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a view, a trigger or a rule."""

    names: frozenset[str]
    opaque: str = ""
    """What keeps it from being understood."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What runs when rows of a table change."""

    name: str
    changes: frozenset[str]
    """``insert``, ``update``, ``delete``."""
    body: Body
    sort: str = "trigger"
    """``trigger`` or ``rule``."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """A child whose rows change with its parent's."""

    child: Key
    on_delete: bool
    on_update: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The reach of every table of a server, or of a database."""

    tables: frozenset[str] = frozenset()
    """Names of all tables and views, whatever database they are in."""
    views: Mapping[Key, Body] = field(default_factory=dict)
    triggers: Mapping[Key, tuple[Trigger, ...]] = field(default_factory=dict)
    cascades: Mapping[Key, tuple[Cascade, ...]] = field(default_factory=dict)
    parents: Mapping[Key, frozenset[Key]] = field(default_factory=dict)
    """What a table is a partition or an inheritance child of."""
    blind: str = ""
    """Why triggers cannot be seen, with the remedy."""


def read_catalog(session: Session) -> Asking:
    """Ask the queries of the dialect, one after the other, and return what they say."""
    readers = {MYSQL: _read_mysql, POSTGRES: _read_postgres, SQLITE: _read_sqlite}
    return (yield from readers[session.dialect](session))


def _body(text: str | None, session: Session, language: str = "sql") -> Body:
    if language not in ("sql", "plpgsql", "internal"):
        return Body(frozenset(), f"it is written in {language}")
    if language == "internal":
        return Body(frozenset())
    if not text:
        return Body(frozenset(), "its text cannot be read: the user lacks the right to it")
    try:
        plain = neutral(text, session, PLAIN)
    except Refused as error:
        return Body(frozenset(), error.reason)
    found = words_of(text, plain)
    names = frozenset(session.key(unquoted(w.token)[0]).casefold() for w in found)
    return Body(names, _opacity(found, session.dialect))


def _opacity(words: Iterable[Any], dialect: str) -> str:
    for word in words:
        name = unquoted(word.token)[0].lower()
        if name in ("execute", "call", "prepare") and not word.quoted:
            return f"it runs {name.upper()}"
        if word.before_bracket and not (
            word.may_be_table or known(name, dialect) or syntax(name, dialect)
        ):
            return f"it calls {name}(), which is not known to be built in"
    return ""


_MYSQL_SYSTEM = "('mysql','sys','information_schema','performance_schema')"
_MYSQL = {
    "tables": f"SELECT table_name FROM information_schema.tables"
    f" WHERE table_schema NOT IN {_MYSQL_SYSTEM}",
    "views": f"SELECT table_schema, table_name, view_definition FROM information_schema.views"
    f" WHERE table_schema NOT IN {_MYSQL_SYSTEM}",
    "triggers": "SELECT event_object_schema, event_object_table, trigger_name, event_manipulation,"
    f" action_statement FROM information_schema.triggers"
    f" WHERE event_object_schema NOT IN {_MYSQL_SYSTEM}",
    "keys": "SELECT DISTINCT r.unique_constraint_schema, r.referenced_table_name,"
    " r.constraint_schema, r.table_name, r.delete_rule, r.update_rule"
    " FROM information_schema.referential_constraints r",
    "rights": "SELECT count(*) FROM ("
    "SELECT privilege_type FROM information_schema.user_privileges"
    " UNION ALL SELECT privilege_type FROM information_schema.schema_privileges"
    " UNION ALL SELECT privilege_type FROM information_schema.table_privileges) p"
    " WHERE privilege_type = 'TRIGGER'",
}
_CHANGES_ROWS = ("CASCADE", "SET NULL", "SET DEFAULT")


def _read_mysql(session: Session) -> Asking:
    def key(database: Any, name: Any) -> Key:
        return session.key(_text(database)), session.key(_text(name))

    tables = yield _MYSQL["tables"]
    views = yield _MYSQL["views"]
    triggers = yield _MYSQL["triggers"]
    keys = yield _MYSQL["keys"]
    rights = yield _MYSQL["rights"]
    found: dict[Key, list[Trigger]] = {}
    for database, table, name, event, text in triggers:
        changes = frozenset((_text(event).lower(),))
        trigger = Trigger(_text(name), changes, _body(_text(text), session))
        found.setdefault(key(database, table), []).append(trigger)
    may_see = any(int(row[0]) for row in rights)
    return Catalog(
        tables=frozenset(_text(row[0]).casefold() for row in tables),
        views={key(d, n): _body(_text(text), session) for d, n, text in views},
        triggers={table: tuple(all_) for table, all_ in found.items()},
        cascades=_cascades((key(a, b), key(c, d), on, up) for a, b, c, d, on, up in keys),
        blind="" if may_see else "triggers cannot be seen: GRANT TRIGGER to this user",
    )


def _cascades(rows: Iterable[tuple[Key, Key, Any, Any]]) -> dict[Key, tuple[Cascade, ...]]:
    found: dict[Key, list[Cascade]] = {}
    for parent, child, on_delete, on_update in rows:
        deletes, updates = (_text(rule).upper() in _CHANGES_ROWS for rule in (on_delete, on_update))
        if deletes or updates:
            found.setdefault(parent, []).append(Cascade(child, deletes, updates))
    return {parent: tuple(children) for parent, children in found.items()}


_POSTGRES_SYSTEM = "('pg_catalog','information_schema','pg_toast')"
_OURS = "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
_POSTGRES = {
    "tables": f"SELECT c.relname {_OURS} WHERE n.nspname NOT IN {_POSTGRES_SYSTEM}"
    " AND c.relkind IN ('r','p','v','m','f')",
    "views": f"SELECT c.relname, pg_catalog.pg_get_viewdef(c.oid) {_OURS}"
    f" WHERE n.nspname NOT IN {_POSTGRES_SYSTEM} AND c.relkind IN ('v','m')",
    "triggers": "SELECT c.relname, t.tgname, t.tgtype, p.prosrc, l.lanname"
    " FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid"
    " JOIN pg_catalog.pg_language l ON l.oid = p.prolang"
    " WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'",
    "rules": "SELECT c.relname, r.rulename, r.ev_type, pg_catalog.pg_get_ruledef(r.oid)"
    " FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE r.ev_type <> '1' AND n.nspname NOT IN {_POSTGRES_SYSTEM}",
    "keys": "SELECT p.relname, c.relname, k.confdeltype, k.confupdtype"
    " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class p ON p.oid = k.confrelid"
    " JOIN pg_catalog.pg_class c ON c.oid = k.conrelid WHERE k.contype = 'f'",
    "inherits": "SELECT c.relname, p.relname FROM pg_catalog.pg_inherits i"
    " JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid"
    " JOIN pg_catalog.pg_class p ON p.oid = i.inhparent WHERE c.relkind IN ('r','p','f')",
}
# pg_trigger.tgtype: TRIGGER_TYPE_INSERT, _DELETE, _UPDATE of PostgreSQL's catalog/pg_trigger.h
_EVENTS = ((4, "insert"), (8, "delete"), (16, "update"))
_RULES = {"2": "update", "3": "insert", "4": "delete"}
_ACTIONS = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


def _read_postgres(session: Session) -> Asking:
    def key(name: Any) -> Key:
        return "", _text(name)

    tables = yield _POSTGRES["tables"]
    views = yield _POSTGRES["views"]
    found: dict[Key, list[Trigger]] = {}
    for table, name, bits, text, language in (yield _POSTGRES["triggers"]):
        changes = frozenset(event for bit, event in _EVENTS if int(bits) & bit)
        body = _body(_text(text), session, _text(language))
        found.setdefault(key(table), []).append(Trigger(_text(name), changes, body))
    for table, name, event, text in (yield _POSTGRES["rules"]):
        # The definition names the table itself first: what matters is what it does.
        body = _body(_text(text).partition(" DO ")[2] or "-", session)
        rule = Trigger(_text(name), frozenset((_RULES.get(_text(event), ""),)), body, "rule")
        found.setdefault(key(table), []).append(rule)
    keys = yield _POSTGRES["keys"]
    parents: dict[Key, set[Key]] = {}
    for child, parent in (yield _POSTGRES["inherits"]):
        parents.setdefault(key(child), set()).add(key(parent))
    return Catalog(
        tables=frozenset(_text(row[0]).casefold() for row in tables),
        views={key(name): _body(_text(text), session) for name, text in views},
        triggers={table: tuple(all_) for table, all_ in found.items()},
        cascades=_cascades(
            (key(p), key(c), _ACTIONS.get(_text(on), ""), _ACTIONS.get(_text(up), ""))
            for p, c, on, up in keys
        ),
        parents={child: frozenset(all_) for child, all_ in parents.items()},
    )


def _read_sqlite(session: Session) -> Asking:
    names = ["main", "temp", *(name for name, _ in session.attached)]
    rows: list[Row] = []
    keys: list[tuple[Key, Key, Any, Any]] = []
    for name in names:
        schema, text = name.replace('"', '""'), name.replace("'", "''")
        table = "sqlite_temp_master" if name == "temp" else f'"{schema}".sqlite_master'
        rows += yield f"SELECT type, name, tbl_name, sql FROM {table}"
        for parent, child, on_delete, on_update in (
            yield f'SELECT f."table", m.name, f.on_delete, f.on_update FROM {table} m,'
            f" pragma_foreign_key_list(m.name, '{text}') f WHERE m.type = 'table'"
        ):
            keys.append((_lower(parent), _lower(child), on_delete, on_update))
    found: dict[Key, list[Trigger]] = {}
    for sort, name, table, text in rows:
        if sort == "trigger":
            head, _, body = _text(text).partition("BEGIN")
            body = body or _text(text).lower().partition("begin")[2]
            trigger = Trigger(_text(name), _events(head), _body(body, session))
            found.setdefault(_lower(table), []).append(trigger)
    return Catalog(
        tables=frozenset(_text(row[1]).casefold() for row in rows if row[0] in ("table", "view")),
        views={
            _lower(row[1]): _body(_after_as(row[3]), session) for row in rows if row[0] == "view"
        },
        triggers={table: tuple(all_) for table, all_ in found.items()},
        cascades=_cascades(keys),
    )


def _events(head: str) -> frozenset[str]:
    words = head.lower().split()
    # The name may be such a word itself: then one event too many is no harm.
    return frozenset(word for word in ("insert", "update", "delete") if word in words)


def _after_as(text: Any) -> str:
    words = _text(text)
    place = words.lower().find(" as")
    return words[place + 3 :] if place >= 0 else words


def _lower(name: Any) -> Key:
    return "", _text(name).lower()


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)
