"""The statements of apps, as the control plane keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.control.telemetry import statements
from fairlead.control.telemetry.statements import MOST_OF_ONE, StatementKeeper
from fairlead.protocols.watch.report import StatementReport

from .reports import Time, report

APP = ("shop", "orders")


def statement(text: str = "SELECT a FROM t WHERE b = ?", calls: int = 10, **more: Any) -> Any:
    """One row; each call took a millisecond."""
    fields: dict[str, Any] = {"dialect": "mysql", "database": "shop", "lane": "", "kind": "SELECT"}
    fields |= dict.fromkeys(("tables", "rewritten", "cause", "reason"), "")
    fields |= {"statement": text, "calls": calls, "errors": 0, "rt_sum": calls / 1000}
    return StatementReport(**fields | more)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def keeper(time: Time) -> StatementKeeper:
    return StatementKeeper(time.clocks)


def test_what_processes_told_is_added_up_for_an_hour(keeper: StatementKeeper, time: Time):
    """A statement of last night's job is not what the app does now."""
    keeper.take(report(1, statements=(statement(calls=10, errors=1),)))
    time.now += 1800
    keeper.take(report(1, node="n2", statements=(statement(calls=30),)))
    (found,) = keeper.shown(APP)
    assert (found["calls"], found["errors"], found["mean"]) == (40, 1, 0.001)
    assert (found["kind"], found["tables"], found["last"]) == ("SELECT", ["t"], time.now)

    time.now += 2400
    (found,) = keeper.shown(APP)
    assert found["calls"] == 30


def test_what_an_agent_did_not_mask_is_masked_here(keeper: StatementKeeper):
    """Whoever has an app's token could tell anything, and others would read it."""
    keeper.take(
        report(
            1,
            statements=(
                statement("SELECT 's3cret' FROM t", rewritten="SELECT 's3cret' FROM t_gray"),
                statement("SELECT 's3cret'", dialect="<script>"),
            ),
        )
    )
    assert "s3cret" not in str(keeper.shown(APP))
    assert "<script>" not in str(keeper.shown(APP))


def test_refused_statements_are_told_first(keeper: StatementKeeper):
    """They are why somebody looks."""
    keeper.take(
        report(
            1,
            statements=(
                statement(calls=1000),
                statement("DROP TABLE t", calls=1, lane="gray", cause="ddl", reason="not here"),
            ),
        )
    )
    assert [one["cause"] for one in keeper.shown(APP)] == ["ddl", ""]


def test_statements_have_a_bound_by_app_and_together(
    keeper: StatementKeeper, time: Time, monkeypatch: pytest.MonkeyPatch
):
    """Their texts are the network's words."""
    for number in range(MOST_OF_ONE + 20):
        time.now += 1
        text = f"SELECT a FROM table_{number} WHERE b = ?"
        keeper.take(report(number + 1, statements=(statement(text),)))
    shown = keeper.shown(APP)
    assert len(shown) == MOST_OF_ONE
    assert {one["tables"][0] for one in shown}.isdisjoint({"table_0", "table_19"})

    monkeypatch.setattr(statements, "MOST", 3)
    for app in ("a", "b", "c", "d"):
        keeper.take(report(1, app=app, statements=(statement(), statement("SELECT b FROM t"))))
    assert [app for app in ("a", "b", "c", "d") if keeper.shown(("shop", app))] == ["d"]
