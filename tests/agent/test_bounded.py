"""However much there is to tell, a report is one that is taken, and nothing counted is missing."""

from __future__ import annotations

import orjson

from fairlead.agent.bounded import bounded_edges, bounded_interfaces, bounded_rules
from fairlead.control.api.agents import BODY_LIMIT
from fairlead.protocols.watch.codec import Registration, registration_body
from fairlead.protocols.watch.report import (
    LONGEST_NAME,
    MOST_ROWS,
    REST,
    EdgeReport,
    InterfaceReport,
    Report,
    RuleReport,
    report_body,
)
from fairlead.protocols.watch.report_reading import read_report


def interface(name: str, lane: str = "") -> InterfaceReport:
    return InterfaceReport(name, "sql", lane, 2, 1, 0, 1, (0, 0, 99_999, 2), 0.5, 1, 1)


def told(rows: int, name: str) -> Report:
    """Return a report of so many interfaces on two lanes, rules and edges with long names."""
    names = [f"{name}{number:06}"[-LONGEST_NAME:] for number in range(rows)]
    return Report(
        node="n",
        namespace="shop",
        app="cart",
        seq=1,
        seconds=10.0,
        interfaces=bounded_interfaces(interface(n, lane) for n in names for lane in ("", "gray")),
        rules=bounded_rules(RuleReport("Kind/one", n, "rate", 1, 2) for n in names),
        edges=bounded_edges(EdgeReport(n, "gray", "", 1, 2, 1, 1, (0, 2), 0.25, 1) for n in names),
    )


def test_what_is_small_is_told_as_it_is() -> None:
    """Nearly every report."""
    report = told(100, "GET:/items/")

    assert [len(report.interfaces), len(report.rules), len(report.edges)] == [200, 100, 100]
    assert REST not in {row.name for row in report.interfaces}


def test_long_statements_on_lanes_do_not_make_a_report_that_is_refused() -> None:
    """Neither by its length nor by the number of its rows; and its sums are what they were."""
    for rows, name in ((1_500, "é" * LONGEST_NAME), (MOST_ROWS, "GET:/")):
        report = told(rows, name)
        body = report_body(report)

        assert len(body) < BODY_LIMIT
        assert read_report(orjson.loads(body)).seq == 1
        assert sum(row.passed for row in report.interfaces) == 2 * 2 * rows
        assert sum(row.rt[3] for row in report.interfaces) == 2 * 2 * rows
        assert sum(row.rejected for row in report.rules) == rows
        assert sum(row.lost for row in report.edges) == rows
        assert {row.lane for row in report.interfaces if row.name == REST} == {"", "gray"}


def test_half_of_a_pair_in_a_name_is_no_reason_to_refuse_an_instance() -> None:
    """As `os.fsdecode` makes them, of which a guarded function may be named."""
    report = told(1, "caf\udce9")
    registration = Registration(
        node="n", namespace="shop", app="cart", address="h:1", pid=1, host="h", report=report
    )

    for body in (registration_body(registration), report_body(report)):
        orjson.loads(body)
