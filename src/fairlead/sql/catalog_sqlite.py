"""SQLite's catalogue: the statements that made everything, and pragmas for foreign keys."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import Any

from fairlead.sql.body import body_of, query_body
from fairlead.sql.catalog import (
    Asking,
    Body,
    Catalog,
    Key,
    Row,
    Rows,
    Trigger,
    cascades_of,
    text_of,
)
from fairlead.sql.session import Session

# Behind ON: the trigger itself may be called "begin".
_BODY = re.compile(r"(?is)\bon\b.*?\bbegin\b(.*)")
_QUOTED = re.compile(r"(?i)\b(?:into|update|from|join)\s+'([^']+)'")
_QUERY = re.compile(r"(?is)\bas\b\s*(?=select\b|with\b|values\b|\()")
_VIRTUAL = re.compile(r"(?is)\s*create\s+virtual\s+table\b(.*)")
_INDEX = re.compile(r"(?i)\busing\s+(?:fts[345]|rtree)\b")
_CONTENT = re.compile(r"(?i)\bcontent\s*=\s*['\"`\[]?(\w+)")
_WORD = re.compile(r"\w+")


def read(session: Session) -> Asking:
    """Ask for what tables reach."""
    rows: list[Row] = []
    keys: list[tuple[Key, Key, Any, Any]] = []
    for name in ("main", "temp", *(name for name, _ in session.attached)):
        yield from _schema(name, rows, keys)
    found: dict[Key, list[Trigger]] = {}
    views: dict[Key, Body] = {}
    for sort, name, table, sql in rows:
        text = text_of(sql)
        if sort == "trigger":
            found.setdefault(_key(table), []).append(_trigger(name, text, session))
        elif sort == "view":
            query = _QUERY.search(text)
            views[_key(name)] = query_body(text[query.end() :] if query else text, session)
        elif virtual := _VIRTUAL.match(text):
            views[_key(name)] = _virtual(virtual[1], _key(name)[1])
    return Catalog(
        tables=frozenset(text_of(row[1]).casefold() for row in rows if row[0] in ("table", "view")),
        views=views,
        triggers={table: tuple(all_) for table, all_ in found.items()},
        cascades=cascades_of(keys),
    )


def _schema(
    name: str, rows: list[Row], keys: list[tuple[Key, Key, Any, Any]]
) -> Generator[str, Rows, None]:
    schema, text = name.replace('"', '""'), name.replace("'", "''")
    table = "sqlite_temp_master" if name == "temp" else f'"{schema}".sqlite_master'
    rows += yield f"SELECT type, name, tbl_name, sql FROM {table}"
    found: Iterable[Row] = (
        yield f'SELECT f."table", m.name, f.on_delete, f.on_update FROM {table} m,'
        f" pragma_foreign_key_list(m.name, '{text}') f WHERE m.type = 'table'"
    )
    keys += [(_key(parent), _key(child), on, up) for parent, child, on, up in found]


def _virtual(text: str, name: str) -> Body:
    """Return what a virtual table reaches: a full-text index may have its rows in another table."""
    if _INDEX.search(text):
        return Body(frozenset(word.lower() for word in _CONTENT.findall(text)))
    return Body(frozenset(word.lower() for word in _WORD.findall(text)) - {name})


def _trigger(name: Any, text: str, session: Session) -> Trigger:
    body = _BODY.search(text)
    head = text[: body.start(1)] if body else text
    # The trigger's own name may be such a word: one event too many does no harm.
    words = _WORD.findall(head.lower())
    changes = frozenset(word for word in ("insert", "update", "delete") if word in words)
    found = body_of(body[1] if body else text, session)
    # SQLite takes a string for a table's name where only a name can stand.
    names = found.names | {one.lower() for one in _QUOTED.findall(text)}
    return Trigger(text_of(name), changes, Body(names, found.opaque))


def _key(name: Any) -> Key:
    return "", text_of(name).lower()
