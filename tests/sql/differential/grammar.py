"""What a dialect's grammar is made of: templates by type, and the features that it has.

``<int>`` in a template is an expression of that type, ``<one:int>`` a sub-query that has one row,
``<list:int>`` one that has a column, ``<rows>`` any sub-query, ``<column:text>`` a column. Words in
capitals are keywords, and may be written in small letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.sql.differential.schema import INT, JSON, NUM, TEXT, TIME

BOOL = "bool"

Templates = Mapping[str, tuple[str, ...]]

EXPRESSIONS: Templates = {
    INT: (
        "(<int> + <int>)",
        "(<int> - <int>)",
        "(<int> * 2)",
        "(- <int>)",
        "ABS(<int>)",
        "COALESCE(<int>, <int>)",
        "NULLIF(<int>, <int>)",
        "CASE WHEN <bool> THEN <int> ELSE <int> END",
        "CASE <int> WHEN 1 THEN <int> WHEN <int> THEN <int> END",
        "LENGTH(<text>)",
        "<one:int>",
        "<one:int>",
    ),
    TEXT: (
        "UPPER(<text>)",
        "LOWER(<text>)",
        "TRIM(<text>)",
        "COALESCE(<text>, <text>)",
        "NULLIF(<text>, <text>)",
        "REPLACE(<text>, 'a', <text>)",
        "SUBSTR(<text>, 1, 3)",
        "CASE WHEN <bool> THEN <text> ELSE <text> END",
        "<one:text>",
        "<json-text>",
    ),
    NUM: (
        "(<num> + <num>)",
        "(<num> - 1.5)",
        "COALESCE(<num>, 0.25)",
        "CASE WHEN <bool> THEN <num> ELSE 0.5 END",
        "<one:num>",
    ),
    TIME: ("COALESCE(<time>, <time>)", "NULLIF(<time>, <time>)", "<one:time>"),
    JSON: (),
    BOOL: (
        "<int> = <int>",
        "<int> <> <int>",
        "<int> < <int>",
        "<num> >= <num>",
        "<text> = <text>",
        "<text> LIKE '%o%'",
        "<text> NOT LIKE 'orders%'",
        "<time> < <time>",
        "<int> IN (<int>, <int>, 3)",
        "<text> IN (<text>, <text>)",
        "<int> IN <list:int>",
        "<text> NOT IN <list:text>",
        "EXISTS <rows>",
        "NOT EXISTS <rows>",
        "<int> BETWEEN 2 AND <int>",
        "<int> IS NULL",
        "<text> IS NOT NULL",
        "(<bool> AND <bool>)",
        "(<bool> OR <bool>)",
        "NOT (<bool>)",
        "(<int>, <text>) IN <list:int,text>",
        "(<int>, <int>) = (<int>, 4)",
    ),
}

AGGREGATES: Templates = {
    INT: (
        "COUNT(*)",
        "COUNT(<int>)",
        "COUNT(DISTINCT <text>)",
        "SUM(<int>)",
        "MIN(<int>)",
        "MAX(<int> + 1)",
        "SUM(CASE WHEN <bool> THEN 1 ELSE 0 END)",
    ),
    TEXT: ("MIN(<text>)", "MAX(<text>)"),
    NUM: ("SUM(<num>)", "MAX(<num>)"),
    TIME: ("MAX(<time>)",),
}

WINDOWS: Templates = {
    INT: (
        "ROW_NUMBER() OVER (ORDER BY <key>)",
        "ROW_NUMBER() OVER (PARTITION BY <column:text> ORDER BY <key>)",
        "RANK() OVER (ORDER BY <column:int>)",
        "SUM(<column:int>) OVER (PARTITION BY <column:int>)",
        "COUNT(*) OVER ()",
        "LAG(<column:int>, 1) OVER (ORDER BY <key> DESC)",
        "SUM(<column:int>) OVER (ORDER BY <key> ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
        "SUM(<column:int>) OVER w",
    ),
    TEXT: (
        "FIRST_VALUE(<column:text>) OVER (ORDER BY <key>)",
        "MAX(<column:text>) OVER w",
    ),
}

STRINGS = (
    "orders",
    "FROM orders",
    "it''s orders",
    "-- orders",
    "/* orders */",
    "a;b",
    "'' FROM items; --",
    "a%b",
    "%s",
    "?",
    ":orders",
    "$1",
    '"orders"',
    "`orders`",
    "Größe 名",
    "",
    "new",
    "paid",
)
"""Insides of literals, a quote written twice."""

COMMENTS = (
    "/* orders */",
    "/* it's from orders; */",
    "/**/",
    '/* `items` "orders" -- */',
    "-- from orders where 'x\n",
    "--\n",
    "/*+ orders */",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One dialect, as data."""

    name: str
    quotes: tuple[str, ...]
    """Opening and closing mark of a name, the usual one first."""
    folds: bool
    """Whether the case of a name that is not quoted does not matter."""
    qualifiers: tuple[str, ...]
    """What may stand before a table, with the dot."""
    expressions: Templates
    aggregates: Templates = field(default_factory=dict)
    windows: Templates = field(default_factory=dict)
    literals: Templates = field(default_factory=dict)
    """Literals whole, by type, beside those that every dialect has."""
    strings: tuple[str, ...] = ()
    """Other ways to write a string literal, whole."""
    casts: Mapping[str, str] = field(default_factory=dict)
    """What a parameter of a type is wrapped in, ``?`` being the parameter."""
    json_text: tuple[str, ...] = ()
    """Expressions of text about ``<json>``."""
    comments: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    """How parameters are marked."""
    features: frozenset[str] = frozenset()
    joins: tuple[str, ...] = ()
    """Joins that take ON, beside INNER and LEFT."""
    table_suffixes: tuple[str, ...] = ()
    """What may stand after a table that is read, before its alias where it has none."""
    functions: tuple[tuple[str, str, str], ...] = ()
    """Functions in FROM: text, the column's name and type. ``<json>`` is the column beside it."""
    limits: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    insert_words: tuple[str, ...] = ("INSERT INTO",)
    update_words: tuple[str, ...] = ("UPDATE",)
    delete_words: tuple[str, ...] = ("DELETE FROM",)
    explains: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """Statements that the server does not carry out, and the same ones everywhere."""

    def has(self, feature: str) -> bool:
        """Whether the dialect has `feature`."""
        return feature in self.features
