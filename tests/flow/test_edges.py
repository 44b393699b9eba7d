"""Edges: who was called by whom, counted as calls end."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.flow import edges as interpreted
from fairlead.flow.call import Call
from fairlead.flow.edges import MOST_EDGES, REST, Key
from fairlead.flow.form import compiled
from fairlead.policy.endpoint import Endpoint

MS = 1_000_000


@pytest.fixture(params=["interpreted", "compiled"])
def edges(request: pytest.FixtureRequest) -> Any:
    """Edges of one form."""
    form = interpreted if request.param == "interpreted" else compiled(interpreted)
    if isinstance(form, str):
        pytest.skip(form)
    return form.Edges()


def test_an_edge_counts_what_became_of_its_calls(edges: Any):
    """Time in the bucket that ends with it, errors and retries by number."""
    edges.record(("cart", "gray", "gray"), 5 * MS)
    edges.record(("cart", "gray", "gray"), 5 * MS + 1, failed=True, retries=2)

    ((key, edge),) = edges.read()
    assert key == Key("cart", "gray", "gray")
    assert (edge.calls, edge.errors, edge.retries, edge.fallbacks) == (2, 1, 2, 0)
    assert edge.rt_ns == 10 * MS + 1
    assert [i for i, number in enumerate(edge.buckets) if number] == [12, 13]


def test_a_lane_that_base_serves_is_a_fallback(edges: Any):
    """What a topology colours: the lane has no instance there."""
    edges.record(("cart", "gray", ""), MS)
    edges.record(("cart", "", ""), MS)

    assert [edge.fallbacks for _, edge in edges.read()] == [1, 0]


def test_a_call_without_its_label_is_lost(edges: Any):
    """It was made, and nobody behind it knows the lane."""
    edges.lose("cart", "gray")

    ((key, edge),) = edges.read()
    assert (key, edge.lost, edge.calls) == (("cart", "gray", ""), 1, 0)


def test_labels_that_strangers_make_up_do_not_fill_the_memory(edges: Any):
    """All beyond some share an edge, on a lane or not."""
    for number in range(MOST_EDGES + 1000):
        edges.record(("cart", f"lane-{number}", ""), MS)

    found = dict(edges.read())
    assert len(found) == MOST_EDGES + 1
    assert found[Key(REST, REST, "")].calls == 1000


def test_a_call_that_was_answered_counts_when_it_ends(edges: Any):
    """By what is known of it then: when it began, and how often it was tried."""
    call = Call("cart", "GET", "gray", "call:cart")
    call.endpoint, call.began, call.attempts = Endpoint(address="h:1"), MS, 3
    edges.answered(call, 6 * MS, True)
    edges.answered(call, 6 * MS, False)

    ((key, edge),) = edges.read()
    assert key == Key("call:cart", "gray", "")
    assert (edge.calls, edge.errors, edge.retries, edge.fallbacks) == (2, 1, 4, 2)
    assert (edge.rt_ns, list(edge.buckets)[12]) == (10 * MS, 2)
