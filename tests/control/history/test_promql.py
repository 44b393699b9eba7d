"""Questions to a Prometheus, and what its answers are about."""

from __future__ import annotations

import json

import pytest

from fairlead.control.history import promql
from fairlead.control.history.promql import Row
from fairlead.control.telemetry.memory import EDGE, INTERFACE, RULE, TOTAL
from fairlead.control.telemetry.query import ARRAYS, Query
from fairlead.protocols.watch.report import SIDES
from fairlead.telemetry import spelling

APP = ("shop", "orders")


def query(sort: str, **wanted: str) -> Query:
    return Query(app=APP, sort=sort, wanted=wanted, begin=0.0, end=600.0)


@pytest.mark.parametrize(
    "text", ['a"} or up{b="', "back\\slash", "line\nline", "\x00\x1b", "schön", "\U0001f40d", "{}"]
)
def test_a_value_is_one_string_whatever_is_in_it(text: str):
    """Who may see one app must not get another's series by a strange name."""
    literal = promql.quoted(text)

    assert json.loads(literal) == text
    assert "\n" not in literal
    assert '"' not in literal[1:-1].replace('\\"', "")
    # Go knows no pairs of surrogates.
    assert "\\ud" not in literal


@pytest.mark.parametrize("sort", [TOTAL, INTERFACE, RULE, EDGE])
def test_every_selector_names_the_app_and_its_namespace(sort: str):
    """Namespaces are what people have rights in."""
    for question in (promql.of_names(query(sort), 600), promql.of_arrays(query(sort), 60)):
        assert question.count("{") == question.count('{service_namespace="shop"') + question.count(
            ',service_namespace="shop",service_name="orders"'
        )


@pytest.mark.parametrize("sort", [TOTAL, INTERFACE, RULE, EDGE])
def test_every_array_is_asked_for(sort: str):
    """A graph with a line missing looks like one at nothing."""
    question = promql.of_arrays(query(sort), 60)

    for array in (*ARRAYS[sort], promql.COVERED):
        assert f'"{promql.OF}", "{array}", "", "")' in question


def test_only_what_is_wanted_is_asked_for():
    """Quantiles are what costs a Prometheus most."""
    wanted = Query(
        app=APP, sort=TOTAL, wanted={}, begin=0.0, end=9.0, metrics=frozenset(["passed"])
    )

    question = promql.of_arrays(wanted, 60)

    assert "passed" in question
    assert "histogram_quantile" not in question
    assert "errors" not in question


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        (spelling.HTTP, "GET:/items/{id}"),
        (spelling.HTTP, "/any/method/at/all"),
        (spelling.HTTP, "404"),
        (spelling.HTTP, "*"),
        (spelling.RPC, "/shop.Payment/Pay"),
        (spelling.DATABASE, "sql:shop:SELECT * FROM orders WHERE id = ?"),
        (spelling.DATABASE, "sql:shop"),
        (spelling.FUNCTION, "work"),
    ],
)
def test_a_name_is_read_back_as_it_was_spelt(spelt: spelling.Spelling, name: str):
    """Rates and response times of one interface have different labels, and are one series."""
    values = spelt.write(name)
    assert values is not None
    labels = dict(zip(spelt.metric.labels, values, strict=False))

    assert spelt.read(labels) == name
    if spelt is not spelling.FUNCTION:
        side = SIDES[0]
        row = Row({**labels, promql.SIDE: side, "lane": "gray"}, ())
        assert promql.name_of(INTERFACE, row) == (INTERFACE, name, side, "gray")


def test_an_interface_is_asked_for_where_it_can_be():
    """There are four histograms, and each interface is in one of them."""
    route = promql.of_arrays(query(INTERFACE, interface="GET:/a", side="server"), 60)
    assert 'http_request_method="GET",http_route="/a"' in route
    assert "rpc_server" not in route
    assert "db_client" not in route

    method = promql.of_arrays(query(INTERFACE, interface="/a.B/C", side="server"), 60)
    assert 'rpc_method="a.B/C"' in method
    assert "http_server" not in method


def test_a_long_statement_is_asked_for_as_agents_show_it():
    """They cut it; the control plane knows all of it."""
    name = "sql:shop:SELECT " + "a, " * 200
    question = promql.of_arrays(query(INTERFACE, interface=name, side="sql"), 60)

    cut = promql.as_spelt((INTERFACE, name, "sql", ""))[1]
    assert len(cut) == 200
    assert f'interface="{cut}"' in question
    assert f'db_query_text="{cut.removeprefix("sql:shop:")}"' not in question.replace(cut, "")
