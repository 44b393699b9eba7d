"""The agent's side: real drivers with real hooks, and a lane that has shadow tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from fairlead.policy.database import ShadowTable
from tests.instruments.plane import Plane, hooked, inner, serving
from tests.sql.differential.harness import Working
from tests.sql.differential.statement import SUFFIX

DRIVERS = {"mysql": "pymysql", "postgres": "psycopg", "sqlite": "sqlite3"}


@contextmanager
def agent(dialect: str, tables: Iterable[str]) -> Iterator[Working]:
    """Hook the driver of `dialect`; on lane gray each of `tables` in database shop has a shadow."""
    shadows = tuple(
        ShadowTable(
            rule=f"WorkloadLabelRule/{table}",
            lane="gray",
            database="shop",
            table=table,
            shadow=table + SUFFIX,
        )
        for table in tables
    )
    plane = Plane(replace(inner(), shadow_tables=shadows))
    with hooked(plane, DRIVERS[dialect]):
        yield serving
