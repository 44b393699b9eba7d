"""PostgreSQL's catalogue, which says what depends on what without a text being read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fairlead.sql.body import body_of
from fairlead.sql.catalog import Asking, Body, Catalog, Key, Row, Trigger, cascades_of, text_of
from fairlead.sql.session import Session

_SYSTEM = "('pg_catalog','information_schema','pg_toast')"
TABLES = (
    "SELECT c.relname FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE n.nspname NOT IN {_SYSTEM} AND c.relkind IN ('r','p','v','m','f')"
)
# A view without a table is in it too, with NULL.
VIEWS = (
    "SELECT v.relname, t.relname FROM pg_catalog.pg_class v"
    " JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace"
    " JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid"
    " LEFT JOIN pg_catalog.pg_depend d ON d.objid = r.oid"
    " AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
    " AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> v.oid"
    " LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid"
    f" WHERE v.relkind IN ('v','m') AND r.ev_type = '1' AND n.nspname NOT IN {_SYSTEM}"
)
# Functions of the system are pinned, and so are not in pg_depend.
VIEW_FUNCTIONS = (
    "SELECT v.relname, p.proname FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid"
    " JOIN pg_catalog.pg_class v ON v.oid = r.ev_class"
    " JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
    " WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
    " AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass"
    f" AND n.nspname NOT IN {_SYSTEM}"
)
TRIGGERS = (
    "SELECT c.relname, t.tgname, t.tgtype, p.prosrc, l.lanname FROM pg_catalog.pg_trigger t"
    " JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid"
    " JOIN pg_catalog.pg_language l ON l.oid = p.prolang"
    " WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'"
)
RULES = (
    "SELECT c.relname, r.rulename, r.ev_type, pg_catalog.pg_get_ruledef(r.oid)"
    " FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE r.ev_type <> '1' AND n.nspname NOT IN {_SYSTEM}"
)
KEYS = (
    "SELECT p.relname, c.relname, k.confdeltype, k.confupdtype FROM pg_catalog.pg_constraint k"
    " JOIN pg_catalog.pg_class p ON p.oid = k.confrelid"
    " JOIN pg_catalog.pg_class c ON c.oid = k.conrelid WHERE k.contype = 'f'"
)
# What a column's default or a check calls: run whenever a row is written.
CALLED = (
    "SELECT c.relname, p.proname, p.prosrc, l.lanname FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
    " JOIN pg_catalog.pg_language l ON l.oid = p.prolang"
    " LEFT JOIN pg_catalog.pg_attrdef a ON d.objid = a.oid"
    " AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass"
    " LEFT JOIN pg_catalog.pg_constraint k ON d.objid = k.oid"
    " AND d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass"
    " JOIN pg_catalog.pg_class c ON c.oid = coalesce(a.adrelid, k.conrelid)"
    " WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass"
    f" AND l.lanname NOT IN ('internal','c') AND n.nspname NOT IN {_SYSTEM}"
)
INHERITS = (
    "SELECT c.relname, p.relname FROM pg_catalog.pg_inherits i"
    " JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid"
    " JOIN pg_catalog.pg_class p ON p.oid = i.inhparent WHERE c.relkind IN ('r','p','f')"
)
FUNCTIONS = (
    "SELECT DISTINCT p.proname, p.pronargs = 1 AND coalesce(t.typtype = 'c', false)"
    " FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
    " LEFT JOIN pg_catalog.pg_type t ON p.pronargs = 1 AND t.oid = p.proargtypes[0]"
    f" WHERE n.nspname NOT IN {_SYSTEM}"
)

# pg_trigger.tgtype: TRIGGER_TYPE_INSERT, _DELETE, _UPDATE of PostgreSQL's catalog/pg_trigger.h
_EVENTS = ((4, "insert"), (8, "delete"), (16, "update"))
_RULES = {"2": "update", "3": "insert", "4": "delete"}
_ACTIONS = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


def read(session: Session) -> Asking:
    """Ask for what tables reach."""
    tables = yield TABLES
    views = yield VIEWS
    view_functions = yield VIEW_FUNCTIONS
    found: dict[Key, list[Trigger]] = {}
    for row in (yield TRIGGERS):
        found.setdefault(_key(row[0]), []).append(_trigger(row, session))
    for row in (yield RULES):
        found.setdefault(_key(row[0]), []).append(_rule(row, session))
    for row in (yield CALLED):
        found.setdefault(_key(row[0]), []).append(_called(row, session))
    keys = yield KEYS
    parents: dict[Key, set[Key]] = {}
    for child, parent in (yield INHERITS):
        parents.setdefault(_key(child), set()).add(_key(parent))
    functions = tuple((yield FUNCTIONS))
    return Catalog(
        tables=frozenset(text_of(row[0]).casefold() for row in tables),
        views=_views(views, view_functions),
        triggers={table: tuple(all_) for table, all_ in found.items()},
        cascades=cascades_of(
            (_key(p), _key(c), _ACTIONS.get(text_of(on), ""), _ACTIONS.get(text_of(up), ""))
            for p, c, on, up in keys
        ),
        parents={child: frozenset(all_) for child, all_ in parents.items()},
        functions=frozenset(text_of(name).lower() for name, _ in functions),
        row_functions=frozenset(text_of(name).lower() for name, of_a_row in functions if of_a_row),
    )


def _key(name: Any) -> Key:
    return "", text_of(name)


def _views(tables: Iterable[Row], functions: Iterable[Row]) -> dict[Key, Body]:
    names: dict[Key, set[str]] = {}
    for view, table in tables:
        names.setdefault(_key(view), set()).update([text_of(table).casefold()] if table else [])
    calls = {_key(view): text_of(function) for view, function in functions}
    return {
        view: Body(
            frozenset(found),
            f"it calls {calls[view]}(), which is not built in" if view in calls else "",
        )
        for view, found in names.items()
    }


def _trigger(row: Row, session: Session) -> Trigger:
    _, name, bits, text, language = row
    changes = frozenset(event for bit, event in _EVENTS if int(bits) & bit)
    return Trigger(text_of(name), changes, _program(text, language, session))


def _program(text: Any, language: Any, session: Session) -> Body:
    written_in = text_of(language)
    if written_in == "internal":
        return Body(frozenset())
    if written_in in ("sql", "plpgsql"):
        return body_of(text_of(text), session)
    return Body(frozenset(), f"it is written in {written_in}")


def _called(row: Row, session: Session) -> Trigger:
    _, name, text, language = row
    return Trigger(
        text_of(name), frozenset(("insert", "update")), _program(text, language, session), "default"
    )


def _rule(row: Row, session: Session) -> Trigger:
    _, name, event, text = row
    # The definition names the table itself first: what matters is what it does.
    body = body_of(text_of(text).partition(" DO ")[2] or "-", session)
    return Trigger(text_of(name), frozenset((_RULES.get(text_of(event), ""),)), body, "rule")
