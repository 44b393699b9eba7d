"""Functions that a statement may call: those that the servers have built in.

A stored function can write to any table, and a parser knows names of all servers at once; so the
word before a bracket decides, held against a list per dialect.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fairlead.sql.session import MYSQL, SQLITE

_DJANGO = "django_"
"""What Django registers at SQLite; its names differ between versions."""

NOT_SPACED = frozenset(
    [
        "adddate",
        "bit_and",
        "bit_or",
        "bit_xor",
        "cast",
        "count",
        "curdate",
        "curtime",
        "date_add",
        "date_sub",
        "extract",
        "cume_dist",
        "dense_rank",
        "first_value",
        "json_arrayagg",
        "json_objectagg",
        "lag",
        "last_value",
        "lead",
        "nth_value",
        "ntile",
        "percent_rank",
        "rank",
        "row_number",
        "group_concat",
        "max",
        "mid",
        "min",
        "now",
        "position",
        "session_user",
        "std",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "subdate",
        "substr",
        "substring",
        "sum",
        "sysdate",
        "system_user",
        "trim",
        "var_pop",
        "var_samp",
        "variance",
    ]
)
"""MySQL: with a space before its bracket, such a name means a stored function (manual, 9.2.5)."""


@cache
def words(name: str) -> frozenset[str]:
    """Return the words of the list `name`: a dialect's functions, or ``DIALECT-syntax``."""
    text = files("fairlead.sql").joinpath("builtin", f"{name}.txt").read_text("utf-8")
    return frozenset(text.split())


def known(name: str, dialect: str) -> bool:
    """Whether `name`, in lower case, is a function that the servers of `dialect` have built in."""
    return name in words(dialect) or (dialect == SQLITE and name.startswith(_DJANGO))


_ONE_SERVER = frozenset(("any_value", "chr", "median", "percentile_cont", "to_char"))


@cache
def native(dialect: str) -> frozenset[str]:
    """Return functions whose names cannot mean one of the database's own.

    In MySQL a native function always wins; MariaDB and MySQL do not have the same ones, so only
    those count that other servers have too. PostgreSQL chooses by the types of arguments.
    """
    if dialect != MYSQL:
        return frozenset()
    others = words("postgres") | words("sqlite") | words(f"{dialect}-syntax")
    return (words(dialect) & others) - _ONE_SERVER


def syntax(name: str, dialect: str) -> bool:
    """Whether `name`, in lower case, may stand before a bracket and call nothing."""
    return name in words(f"{dialect}-syntax")
