"""A thousand requests of base and of a lane at once, on one pool: no row on the wrong side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.golang.ledger import Step, step
from tests.golang.sql_fixtures import namespace, program, server
from tests.golang.test_sql_mysql import INSERT, Case, databases, tables

__all__ = ["databases", "namespace", "program", "server", "tables"]

REQUESTS, AT_ONCE = 1000, 16


def steps(number: int, item: str) -> list[Step]:
    """In turn: by the pool, without a context, by a statement of base's, in a transaction."""
    insert = step("exec", "", "db", INSERT, item)
    if number % 4 == 0:
        return [insert]
    if number % 4 == 1:
        return [{**insert, "Plain": True}]
    if number % 4 == 2:
        return [step("exec prepared", "insert", "", "", item)]
    tx = f"tx{number}"
    within = step("exec", "", tx, INSERT, item)
    return [step("begin", tx, "db"), within, step("commit", "", tx)]


@pytest.mark.parametrize("kind", ["tables", "databases"])
def test_sides_are_never_mixed(request: pytest.FixtureRequest, kind: str) -> None:
    case: Case = request.getfixturevalue(kind)
    case.tell("DELETE FROM orders")
    case.one(step("prepare", "insert", "db", INSERT))

    def send(number: int) -> list[object]:
        side = "gray" if number % 3 == 0 else "base"
        return case.ledger.run(*steps(number, f"{side}{number}"), gray=side == "gray")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = [*pool.map(send, range(REQUESTS))]
    assert [one for results in done for one in results if isinstance(one, dict)] == []
    shadow = "orders_gray" if kind == "tables" else f"{case.at.database}_gray.orders"
    gray = sorted(f"gray{number}" for number in range(REQUESTS) if number % 3 == 0)
    base = sorted(f"base{number}" for number in range(REQUESTS) if number % 3)
    assert sorted(case.items(shadow)) == gray
    assert sorted(case.items()) == base
