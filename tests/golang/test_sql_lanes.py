"""Go programs on more lanes with shadow databases than they keep pools for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.control.serving import Server, rule
from tests.golang.ledger import Ledger, Step, follows, governed, opened, running, shadow, step
from tests.golang.sql_fixtures import namespace, program, server
from tests.golang.test_sql_sqlite import INSERT, made, rows

__all__ = ["namespace", "program", "server"]

LANES = [f"lane{number}" for number in range(40)]


def on(ledger: Ledger, lane: str, *steps: Step) -> list[object]:
    answer = ledger.http.post("/run", json=steps, headers={"location": lane})
    assert answer.status_code == 200, answer.text
    found: list[object] = answer.json()
    return found


def test_a_pool_of_a_lane_is_not_closed_while_it_is_used(
    tmp_path: Path, program: Path, server: Server, namespace: str
) -> None:
    """What is under way on a lane goes on to its end, though 39 others have come."""
    base = made(tmp_path / "shop.db", "orders")
    files = {lane: made(tmp_path / f"shop_{lane}.db", "orders") for lane in LANES}
    rules = [rule(lane, label=lane, value=lane) for lane in LANES]
    shadows = [shadow(lane, db=f"shop_{lane}") for lane in LANES]
    governed(server, namespace, *rules, *shadows)
    insert = step("exec", "", "db", INSERT, "one")
    first = LANES[0]
    with running(program, server, namespace) as ledger:
        follows(server, namespace)
        ledger.one(opened("db", "sqlite", str(base)))
        begun = on(ledger, first, step("begin", "tx", "db"), step("exec", "", "tx", INSERT, "tx"))
        assert begun == ["ok", 1]
        with ThreadPoolExecutor(8) as threads:
            waves = [lane for _ in range(5) for lane in LANES[1:]]
            done = list(threads.map(lambda lane: on(ledger, lane, insert), waves))
        assert done == [[1]] * len(waves)
        again = [step("exec", "", "tx", INSERT, "tx"), step("commit", "", "tx"), insert]
        assert on(ledger, first, *again) == [1, "ok", 1]
    assert rows(base) == []
    assert rows(files.pop(first)) == ["one", "tx", "tx"]
    assert all(rows(file) == ["one"] * 5 for file in files.values())
