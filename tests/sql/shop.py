"""A lane with shadow tables, for tests of what becomes of a statement on it."""

from __future__ import annotations

from typing import Any

from fairlead.policy.database import ShadowTable
from fairlead.sql.lexis import PLAIN
from fairlead.sql.rewrite import rewritten
from fairlead.sql.session import Session
from fairlead.sql.shadowing import Shadowing
from fairlead.sql.verdict import Refused

TABLES = ("customers", "items", "mse_demo_table", "Order Lines", "order", "orders", "tree")
DIALECTS = ("mysql", "postgres", "sqlite")


def shadow(table: str, database: str = "shop") -> ShadowTable:
    """Return the rule that gives `table` its shadow on lane gray."""
    return ShadowTable(
        rule=f"WorkloadLabelRule/{table}",
        lane="gray",
        database=database,
        table=table,
        shadow=f"{table}_gray",
    )


RULES = tuple(map(shadow, TABLES))


def shadowing(dialect: str, database: str = "shop", **session: Any) -> Shadowing:
    """Return the shadows as a session of `dialect` in `database` sees them."""
    return Shadowing(Session(dialect=dialect, database=database, **session), RULES)


def on_lane(dialect: str, text: str, style: str = PLAIN, **session: Any) -> str:
    """Return what `text` is on the lane. Raises Refused."""
    return rewritten(text, style, shadowing(dialect, **session)).text


def cause(dialect: str, text: str, style: str = PLAIN, **session: Any) -> str:
    """Return why `text` is refused, in one word; what it became, if it is not."""
    try:
        return f"not refused: {on_lane(dialect, text, style, **session)}"
    except Refused as refused:
        return refused.cause
