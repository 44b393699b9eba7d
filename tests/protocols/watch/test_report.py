"""Reports go out as they are, and come in within bounds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fairlead.policy.buckets import BUCKETS
from fairlead.protocols.watch.codec import (
    InvalidLine,
    Registration,
    Telemetry,
    decode,
    registration_body,
    telemetry_line,
)
from fairlead.protocols.watch.reader import InvalidMessage
from fairlead.protocols.watch.reading import read_registration
from fairlead.protocols.watch.report import (
    MOST_ROWS,
    MOST_TAPPED,
    EdgeReport,
    InterfaceReport,
    Report,
    RequestReport,
    RuleReport,
    Runtime,
    read_reported,
    report_body,
    reported_body,
)
from fairlead.protocols.watch.report_reading import read_report

REPORT = Report(
    node="n",
    namespace="shop",
    app="cart",
    address="10.0.0.1:80",
    lane="gray",
    seq=7,
    seconds=10.004,
    interfaces=(
        InterfaceReport("GET:/cart/{id}", "server", "gray", 9, 1, 2, 3, (0, 4, 5), 0.011, 2, 5),
    ),
    rules=(RuleReport("RateLimit/r", "GET:/cart/{id}", "rate_limited", 1, 2),),
    edges=(EdgeReport("prices", "gray", "", 1, 8, 2, 8, (8,), 0.5, 1),),
    requests=(
        RequestReport(1.5, "gray", "GET", "GET:/x", 429, 0.01, "cart", "", "R/r", "rate", False),
        RequestReport(2.5, "", "GET", "", None, 0.01, "", "", "", "", False),
    ),
    runtime=Runtime(cpu=0.5, rss=1 << 25, fds=9, threads=4, gc=(5, 1, 0), gc_pause=0.001),
    dropped=3,
)
ROW: list[Any] = ["GET:/", "server", "", 1, 0, 0, 0, [1], 0.1, 0, 1]
REQUEST: list[Any] = [1.5, "", "GET", "GET:/", 200, 0.01, "", "", "", "", False]
WHOSE: dict[str, Any] = {"node": "n", "namespace": "shop", "app": "cart", "seq": 1, "seconds": 1}


def read(plain: dict[str, Any]) -> Report:
    """Return the report that `plain` is once it has been on a wire, rows with tuples."""
    report = read_report(json.loads(json.dumps(plain)))
    return replace(
        report,
        interfaces=tuple(row._replace(rt=tuple(row.rt)) for row in report.interfaces),
        edges=tuple(row._replace(rt=tuple(row.rt)) for row in report.edges),
    )


def test_what_is_sent_is_what_is_read():
    """Field by field, rows as lists."""
    plain = json.loads(report_body(REPORT))

    assert read(plain) == REPORT
    assert plain["interfaces"] == [
        ["GET:/cart/{id}", "server", "gray", 9, 1, 2, 3, [0, 4, 5], 0.011, 2, 5]
    ]


def test_a_report_of_nothing_says_only_whose_it_is():
    """Most reports of most instances, most of the time."""
    empty = Report(node="n", namespace="shop", app="cart", seq=1, seconds=1.0)

    assert json.loads(report_body(empty)) == WHOSE | {"address": "", "lane": ""}
    assert read(WHOSE) == empty


def test_a_report_rides_on_a_renewal_and_is_whose_the_renewal_is():
    """Nobody speaks in another's name: what says whose it is stands once, in the registration."""
    whose: dict[str, Any] = {
        "node": "n",
        "namespace": "shop",
        "app": "cart",
        "address": "10.0.0.1:80",
    }
    registration = Registration(**whose, lane="gray", pid=1, host="h", report=REPORT)
    plain = json.loads(registration_body(registration))

    assert "app" not in plain["report"]
    plain["report"]["app"] = "payments"
    read = read_registration(plain).report
    assert read is not None
    assert (read.app, read.seq, read.lane) == ("cart", 7, "gray")


def test_a_report_that_cannot_be_read_does_not_keep_an_instance_out():
    """It is there and serves, whatever its telemetry says."""
    plain = json.loads(
        registration_body(
            Registration(node="n", namespace="shop", app="a", address="h:1", pid=1, host="h")
        )
    )

    assert "report" not in plain
    assert read_registration(plain | {"report": {"seq": -1}}).report is None
    assert read_registration(plain | {"report": [1]}).report is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"node": None}, "node"),
        ({"seq": True}, "seq"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"address": "nowhere"}, "address"),
        ({"interfaces": {}}, "interfaces"),
        ({"interfaces": [ROW] * (MOST_ROWS + 1)}, "interfaces"),
        ({"requests": [REQUEST] * (4 * MOST_TAPPED + 1)}, "requests"),
        ({"requests": [[*REQUEST[:-1], 1]]}, "requests[0]"),
        ({"requests": [["now", *REQUEST[1:]]]}, "requests[0]"),
        ({"requests": [[*REQUEST[:4], "200", *REQUEST[5:]]]}, "requests[0]"),
        ({"interfaces": [ROW[:-1]]}, "interfaces[0]"),
        ({"interfaces": [ROW, 7]}, "interfaces[1]"),
        ({"interfaces": [["x" * 2000, *ROW[1:]]]}, "interfaces[0]"),
        ({"interfaces": [[["a"], *ROW[1:]]]}, "interfaces[0]"),
        ({"interfaces": [["a", "inside", *ROW[2:]]]}, "interfaces[0]"),
        ({"interfaces": [[*ROW[:3], -1, *ROW[4:]]]}, "interfaces[0]"),
        ({"interfaces": [[*ROW[:3], 1.5, *ROW[4:]]]}, "interfaces[0]"),
        ({"interfaces": [[*ROW[:3], 1 << 63, *ROW[4:]]]}, "interfaces[0]"),
        ({"interfaces": [[*ROW[:7], [1] * (BUCKETS + 1), *ROW[8:]]]}, "interfaces[0]"),
        ({"interfaces": [[*ROW[:7], [None], *ROW[8:]]]}, "interfaces[0]"),
        ({"interfaces": [[*ROW[:8], "1", *ROW[9:]]]}, "interfaces[0]"),
        ({"rules": [["r", "a", None, 1, 0]]}, "rules[0]"),
        ({"edges": [["a", "", "", 1, 1, 1, 1, 7, 0.0, 1]]}, "edges[0]"),
        ({"runtime": 7}, "runtime"),
        ({"runtime": {"rss": 1, "fds": 1, "threads": 1, "tasks": 1, "gc": [1]}}, "runtime.gc"),
        ({"dropped": -1}, "dropped"),
    ],
)
def test_what_has_no_meaning_is_refused_by_its_field(change: dict[str, Any], field: str):
    """A number that is none must not reach a graph."""
    with pytest.raises(InvalidMessage) as refused:
        read_report(WHOSE | change)

    assert field in [name for name, _ in refused.value.problems]


def test_not_more_than_some_problems_are_told():
    """The answer must not be longer than the question."""
    with pytest.raises(InvalidMessage) as refused:
        read_report(WHOSE | {"interfaces": [[]] * MOST_ROWS})

    assert len(refused.value.problems) == 8


def test_an_answer_names_what_has_arrived():
    """Who hears another number, or none, sends the report again."""
    assert read_reported(reported_body(9)) == 9
    assert read_reported(b"") == read_reported(b"[]") == read_reported(b'{"reported":"9"}') == 0


def test_a_line_says_how_much_to_measure():
    """Old agents pass it over, as they pass over any type that they do not know."""
    telemetry = Telemetry(every=1.0, interfaces=100, sampling=0.5, access_log=0.1, tap=5)

    assert decode(telemetry_line(telemetry)) == telemetry
    assert decode(b'{"wire":1,"type":"telemetry"}') == Telemetry()


def test_a_line_cannot_ask_for_too_much():
    """A report a millisecond would be more work than the application has."""
    asked = b'{"wire":1,"type":"telemetry","every":0.001,"interfaces":1000000,"tap":9999}'

    assert decode(asked) == Telemetry(every=0.5, interfaces=MOST_ROWS, tap=MOST_TAPPED)
    for bad in (
        b'"sampling":2',
        b'"every":"x"',
        b'"interfaces":null',
        b'"access_log":[]',
        b'"every":NaN',
    ):
        with pytest.raises(InvalidLine, match="how much to measure"):
            decode(b'{"wire":1,"type":"telemetry",%s}' % bad)
