"""SQLite's grammar, as far as the interpreter's library carries it out."""

from __future__ import annotations

import sqlite3

from tests.sql.differential.grammar import BOOL, Dialect
from tests.sql.differential.schema import INT, JSON, NUM, TEXT, TIME

_NEW = sqlite3.sqlite_version_info >= (3, 39)
"""From here on there are RIGHT and FULL JOIN, and IS DISTINCT FROM; ->> came just before."""

SQLITE = Dialect(
    name="sqlite",
    quotes=('""', "``", "[]"),
    folds=True,
    qualifiers=("main.", '"main".', "[main] . "),
    expressions={
        INT: (
            "IIF(<bool>, <int>, <int>)",
            "IFNULL(<int>, 0)",
            "CAST(<int> AS INTEGER)",
            "(<int> % 3)",
            "instr(<text>, 'o')",
            "unicode(<text>)",
            "MAX(<int>, 2)",
            "(<int> & 3)",
            "(<int> << 1)",
            "(<int> IS <int>)",
            "(<text> || '1') + 0",
            "json_array_length(<json>, '$.tags')",
        ),
        TEXT: (
            "(<text> || <text>)",
            "printf('%d', <int>)",
            "IIF(<bool>, <text>, <text>)",
            "CAST(<int> AS TEXT)",
            "strftime('%Y', <time>)",
            "quote(<text>)",
            "hex(<text>)",
            "typeof(<int>)",
            "<column:text> COLLATE NOCASE",
        ),
        NUM: ("ROUND(<num>, 1)", "CAST(<int> AS REAL)"),
        TIME: ("datetime(<time>, '+1 day')",),
        BOOL: (
            "<text> GLOB 'o*'",
            "<text> == <text>",
            "<int> IS NOT <int>",
            "<text> LIKE 'or|%' ESCAPE '|'",
            "<int> NOTNULL",
            "<text> ISNULL",
            "<int> IN (SELECT value FROM json_each('[1, 2, 3]'))",
            *(("<int> IS DISTINCT FROM <int>",) if _NEW else ()),
        ),
        JSON: ("json_object('orders', <int>)", "json(<json>)"),
    },
    aggregates={INT: ("COUNT(*) FILTER (WHERE <bool>)", "total(<int>)")},
    windows={INT: ("NTILE(2) OVER (ORDER BY <key>)",)},
    literals={
        TIME: ("'2026-03-01 10:00:00'",),
        BOOL: ("TRUE", "FALSE", "1"),
        INT: ("0x10", "1"),
        JSON: ("'{\"orders\": [1, 2]}'",),
    },
    strings=("x'6F7264657273'", r"'\'", "'or''ders'"),
    casts={},
    json_text=(
        "json_extract(<json>, '$.kind')",
        *(
            ("(<json> ->> '$.kind')", "(<json>->'$.tags'->>1)", "(<json> ->> 'kind')")
            if _NEW
            else ()
        ),
    ),
    comments=('-- items "\n', "/* [orders] */"),
    styles=("qmark", "qmark", "numbered", "named", "at", "dollar"),
    features=frozenset(
        {
            "default-values",
            "derived-values",
            "insert-alias",
            "intersect",
            "materialized",
            "on-conflict",
            "recursive",
            "replace",
            "returning-delete",
            "returning-insert",
            "returning-update",
            "set-tuple",
            "target-alias",
            "update-from",
            "values-command",
            "with-dml",
        }
    ),
    joins=("RIGHT JOIN", "FULL JOIN", "LEFT OUTER JOIN", "JOIN") if _NEW else ("JOIN",),
    table_suffixes=("NOT INDEXED",),
    functions=(
        ("json_each('[1, 2, 3]')", "value", INT),
        ("json_each(<json>, '$.tags')", "value", TEXT),
    ),
    limits=("LIMIT <n>", "LIMIT 1, <n>", "LIMIT <n> OFFSET 1", "LIMIT -1"),
    insert_words=("INSERT INTO", "INSERT INTO", "INSERT OR IGNORE INTO", "INSERT OR REPLACE INTO"),
    update_words=("UPDATE", "UPDATE", "UPDATE OR IGNORE", "UPDATE OR REPLACE"),
    explains=("EXPLAIN QUERY PLAN", "EXPLAIN"),
    faults=(
        "SELECT nope FROM {orders}",
        "SELECT o.nope FROM {orders} AS o",
        "SELECT {orders}.nope FROM {orders}",
        "SELECT id FROM {orders}, {items}",
        "SELECT {orders}.id FROM {orders} AS o",
        "SELECT * FROM {orders} WHERE",
        "INSERT INTO {orders} (id, status) VALUES (4, 'again')",
        "INSERT OR FAIL INTO {orders} (id, status) VALUES (50, 'kept'), (4, 'again')",
        "INSERT INTO {orders} (id, status) VALUES (1)",
        "INSERT INTO {orders} (status) VALUES (NULL)",
        "UPDATE {orders} SET nope = 1",
        "DELETE FROM {orders} WHERE nope = 1",
        "SELECT * FROM {orders} JOIN nope ON nope.id = {orders}.id",
        "SELECT 1 UNION SELECT 1, 2 FROM {orders}",
        "UPDATE {items} SET order_id = NULL",
        "SELECT no_such_function(id) FROM {orders}",
    ),
)
