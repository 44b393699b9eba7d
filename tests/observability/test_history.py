"""Graphs whose past is a real Prometheus', beside those of the control plane that was told it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import pytest

from tests.control.serving import Server, serving
from tests.faults.servers import until
from tests.observability.conftest import Observed

WINDOW, LATER = 40, 25
"""Seconds that are compared, and that every report about them has come after."""

STEP = 10
SLACK = 0.25
"""Part of a rate by which it may differ: it is of ten seconds here and there, not of the same."""

Graph = dict[str, Any]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def successor(
    observed: Observed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, float]]:
    """A control plane that began after everything, and when that was."""
    end = time.time() + STEP + WINDOW + LATER
    until(lambda: time.time() > end, "there is a past", 2 * (WINDOW + LATER))
    work = tmp_path_factory.mktemp("successor")
    with serving(work / "data", prometheus=observed.prometheus.url) as server:
        yield server, time.time() - LATER


def both(observed: Observed, successor: tuple[Server, float], **query: str) -> tuple[Graph, Graph]:
    """The same graph, as it was told to the one and as the other asks Prometheus."""
    server, end = successor
    fields = {"from": str(end - WINDOW), "to": str(end), "step": str(STEP), **query}
    found = []
    for one in (observed.shop.server, server):
        with one.client() as http:
            answer = http.get("/fairlead/v1/series", params=fields).raise_for_status().json()
        assert "problem" not in answer
        found.append(answer)
    assert (found[0]["from"], found[0]["step"]) == (found[1]["from"], found[1]["step"])
    return found[0], found[1]


def by_labels(graph: Graph) -> dict[tuple[str, ...], Graph]:
    return {tuple(one["labels"].values()): one for one in graph["series"]}


@pytest.mark.parametrize(
    "query",
    [
        {"app": "gateway"},
        {"app": "catalog", "interface": "*", "side": "server"},
        {"app": "catalog", "interface": "GET:/items"},
        {"app": "pricing", "of": "interface", "side": "server"},
        {"app": "payment", "interface": "*"},
        {"app": "orders", "lane": ""},
        {"app": "catalog", "of": "rule"},
        {"app": "pricing", "of": "rule", "rule": "FlowControl/prices"},
        {"app": "gateway", "of": "edge"},
        {"app": "gateway", "of": "edge", "callee": "orders"},
    ],
    ids=lambda query: " ".join(query.values()),
)
def test_the_graph_is_the_same(
    observed: Observed, successor: tuple[Server, float], query: dict[str, str]
):
    """Who keeps the past in Prometheus is to see what everybody sees."""
    told, asked = map(by_labels, both(observed, successor, **query))

    assert told.keys() == asked.keys()
    assert told
    for labels, one in told.items():
        for array in ("passed", "rejected", "simulated", "errors", "fallbacks"):
            for mine, other in zip(one.get(array, ()), asked[labels].get(array, ()), strict=True):
                assert other == pytest.approx(mine, rel=SLACK, abs=0.5), (labels, array)


def test_response_times_are_those_of_the_buckets(
    observed: Observed, successor: tuple[Server, float]
):
    """They are told to fewer buckets there: by the same order, and not by the millisecond."""
    told, asked = both(observed, successor, app="catalog", interface="GET:/items")

    for array in ("p50", "p99"):
        mine, other = (median(one["series"][0][array]) for one in (told, asked))
        assert 0.2 < other / mine < 5


def test_nothing_is_known_of_what_is_not_there(observed: Observed, successor: tuple[Server, float]):
    """A name is a word in a question to Prometheus, and no part of its grammar."""
    for app in ('gateway"} or up{job!="', "gateway\\", "gate\nway", ".*", "nobody", "sch\u00f6n"):
        _, asked = both(observed, successor, app=app)
        assert asked["series"] == []
    for interface in ('GET:/items"}) or vector(1) #', "GET:/.*"):
        _, asked = both(observed, successor, app="catalog", interface=interface)
        assert asked["series"] == []


def test_the_live_part_goes_on_beside_the_past(successor: tuple[Server, float]):
    """What is told now is in memory: no file is kept, and settings say where the past is."""
    server, _ = successor
    with server.client() as http:
        history = http.get("/fairlead/v1/settings").json()["history"]

    assert history["problem"] == ""
    assert history["place"].startswith("http://127.0.0.1:")
    assert not list(server.data_dir.glob("telemetry.sqlite*"))
