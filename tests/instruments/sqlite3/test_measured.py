"""What is told of statements: how often, how long, what a lane makes of them, and no value."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fairlead.agent.collector import NOTHING, Collector, interface_reports
from fairlead.agent.statements import A_SECOND, EVERY, StatementTeller
from fairlead.flow.sendings import MOST_NAMES, MOST_OF_BASE
from fairlead.protocols.watch.report import REST, SQL, StatementReport
from tests.instruments.plane import Plane, serving

SELECT = "SELECT what FROM orders WHERE id = ?"


class Told:
    """A process that measures, and what it tells."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.collector = Collector(plane.engine)
        self.now = 0.0
        self.collector.statements = StatementTeller(plane.engine, lambda: self.now)
        plane.engine.measure(True)

    def rows(self) -> list[StatementReport]:
        """Return what a report says of statements when the next one is due."""
        self.now += EVERY
        self.collector.read()
        return list(self.collector.statements.due(self.now))

    def counts(self) -> dict[tuple[str, str], int]:
        """Return calls by statement and lane."""
        return {(row.statement, row.lane): row.calls for row in self.rows()}


@pytest.fixture
def told(shop: Path, tables: Plane) -> Told:
    assert shop.exists()  # it is made before anything is hooked
    return Told(tables)


@pytest.fixture
def connection(told: Told, shop: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(shop)) as found:
        yield found


def test_a_statement_is_counted_with_its_time_and_without_its_values(
    told: Told, connection: sqlite3.Connection
):
    """S4: what an app sends is known by its shape; who bought what is nobody's business."""
    for name in ("anna", "bert", "carl"):
        connection.execute(f"INSERT INTO orders (what) VALUES ('{name}')")
        connection.execute(SELECT, (1,))

    insert, select = sorted(told.rows(), key=lambda row: row.kind)

    assert (insert.statement, insert.kind, insert.tables, insert.calls) == (
        "INSERT INTO orders (what) VALUES (?)",
        "INSERT",
        "orders",
        3,
    )
    assert (select.statement, select.database, select.dialect) == (SELECT, "shop", "sqlite")
    assert select.rt_sum > 0
    assert "anna" not in str((insert, select))
    assert told.rows() == []


def test_a_lane_tells_what_it_sends_in_place_of_a_statement_and_what_it_refuses(
    told: Told, connection: sqlite3.Connection
):
    """The question of whoever adds a lane: which statements will not run there, and why."""
    connection.execute(SELECT, (1,))
    with serving("gray"):
        for _ in range(3):
            connection.execute(SELECT, (1,))
        for _ in range(2):
            with pytest.raises(sqlite3.NotSupportedError):
                connection.execute("DROP TABLE orders")

    base, gray, refused = sorted(told.rows(), key=lambda row: (row.cause, row.lane))

    assert (base.statement, base.lane, base.rewritten, base.calls) == (SELECT, "", "", 1)
    assert (gray.lane, gray.calls) == ("gray", 3)
    assert gray.rewritten == "SELECT what FROM orders_gray WHERE id = ?"
    assert (refused.statement, refused.cause, refused.calls) == ("DROP TABLE orders", "ddl", 2)
    assert "migration" in refused.reason
    assert refused.rewritten == ""


def test_kinds_and_tables_are_interfaces_without_a_rule(told: Told, connection: sqlite3.Connection):
    """Rate, time and errors of SQL are on the page before anybody has written a rule."""
    for number in range(4):
        connection.execute(f"SELECT what FROM orders WHERE id = {number}")
    with serving("gray"):
        connection.execute(SELECT, (1,))
        with pytest.raises(sqlite3.NotSupportedError):
            connection.execute("DROP TABLE orders")

    found = {
        (row.name, row.lane): (row.side, row.passed, row.rejected, sum(row.rt))
        for row in interface_reports(told.collector.read(), NOTHING)
    }

    assert found == {
        ("sql:shop:SELECT orders", ""): (SQL, 4, 0, 4),
        ("sql:shop:SELECT orders", "gray"): (SQL, 1, 0, 1),
        ("sql:shop:DROP orders", "gray"): (SQL, 0, 1, 0),
    }


def test_a_statement_of_a_lane_without_shadows_counts_for_that_lane(
    told: Told, connection: sqlite3.Connection
):
    """Base would seem to send what requests of the lane send, more than it serves requests."""
    for _ in range(2):  # not met before, and met
        connection.execute(SELECT, (1,))
        with serving("blue"):
            connection.execute(SELECT, (1,))
            connection.execute(SELECT, (1,))

    assert told.counts() == {(SELECT, ""): 2, (SELECT, "blue"): 4}
    found = {
        (one[0], one[2]): read[0] for one, read in told.collector.statements.interfaces().items()
    }
    assert found == {("sql:shop:SELECT orders", ""): 2, ("sql:shop:SELECT orders", "blue"): 4}


def test_lanes_that_anybody_may_name_do_not_fill_the_memory(
    told: Told, connection: sqlite3.Connection
):
    """A label comes from the network."""
    for number in range(MOST_NAMES + 10):
        with serving(f"lane-{number}"):
            connection.execute(SELECT, (1,))

    counts = told.counts()

    assert len(counts) == MOST_NAMES + 1
    assert counts[SELECT, REST] == 10


def test_a_statement_that_a_server_cannot_run_is_a_failure(
    told: Told, connection: sqlite3.Connection
):
    """A mistake in SQL is the application's, as at gates."""
    with closing(sqlite3.connect(connection.execute("PRAGMA database_list").fetchone()[2])) as one:
        one.execute("BEGIN EXCLUSIVE")
        connection.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("INSERT INTO orders (what) VALUES (?)", ("x",))

    (row,) = (row for row in told.rows() if row.kind == "INSERT")

    assert (row.calls, row.errors) == (1, 1)


def test_statements_full_of_values_do_not_fill_the_memory(
    told: Told, connection: sqlite3.Connection
):
    """Each is another text: what is beyond the bound is counted together, until it was read."""
    for number in range(MOST_OF_BASE + 50):
        connection.execute(f"SELECT what FROM orders WHERE id = {number}")
    connection.execute(SELECT, (1,))
    masked = "SELECT what FROM orders WHERE id = ?"
    first = told.counts()
    assert first == {(masked, ""): MOST_OF_BASE, (REST, ""): 51}

    for number in range(20):
        connection.execute(f"SELECT what FROM orders WHERE id = {number}")
    assert told.counts() == {(masked, ""): 20}


def test_no_more_is_looked_at_than_a_report_may_cost(told: Told, connection: sqlite3.Connection):
    """Where somebody watches, a report comes each second: it must not wait for a thousand masks."""
    for number in range(A_SECOND + 7):
        connection.execute(f"SELECT what FROM orders WHERE id = {number}")
    told.collector.read()
    assert told.counts() == {(SELECT, ""): A_SECOND, (REST, ""): 7}


def test_statements_that_are_not_to_be_told_are_still_counted_by_kind(
    told: Told, connection: sqlite3.Connection
):
    """FAIRLEAD_STATEMENTS=off: texts are nobody's business, and rates are."""
    told.collector.statements.wanted = False
    connection.execute(SELECT, (1,))
    assert told.rows() == []
    names = [row.name for row in interface_reports(told.collector.read(), NOTHING)]
    assert names == ["sql:shop:SELECT orders"]


def test_nothing_is_counted_where_nothing_is_measured(told: Told, connection: sqlite3.Connection):
    """FAIRLEAD_TELEMETRY=off, and a process that spares its memory."""
    told.plane.engine.measure(False)
    connection.execute(SELECT, (1,))
    assert told.rows() == []

    told.plane.engine.measure(True)
    connection.execute(SELECT, (1,))
    assert told.counts() == {(SELECT, ""): 1}


def test_a_forked_process_counts_from_nothing(told: Told, connection: sqlite3.Connection):
    """Or every worker would tell what its parent did."""
    with serving("gray"):
        connection.execute(SELECT, (1,))
    connection.execute(SELECT, (1,))
    assert len(told.rows()) == 2
    told.plane.engine.begin_again()
    with serving("gray"):
        connection.execute(SELECT, (1,))
    counts = Told(told.plane).counts()
    assert counts == {(SELECT, "gray"): 1}
