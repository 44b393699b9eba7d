"""Edges: who was called by whom, counted as calls end."""

from __future__ import annotations

from fairlead.flow.edges import MOST_EDGES, REST, Edges, Key

MS = 1_000_000


def test_an_edge_counts_what_became_of_its_calls():
    """Time in the bucket that ends with it, errors and retries by number."""
    edges = Edges()
    edges.record(("cart", "gray", "gray"), 5 * MS)
    edges.record(("cart", "gray", "gray"), 5 * MS + 1, failed=True, retries=2)

    ((key, edge),) = edges.read()
    assert key == Key("cart", "gray", "gray")
    assert (edge.calls, edge.errors, edge.retries, edge.fallbacks) == (2, 1, 2, 0)
    assert edge.rt_ns == 10 * MS + 1
    assert [i for i, number in enumerate(edge.buckets) if number] == [12, 13]


def test_a_lane_that_base_serves_is_a_fallback():
    """What a topology colours: the lane has no instance there."""
    edges = Edges()
    edges.record(("cart", "gray", ""), MS)
    edges.record(("cart", "", ""), MS)

    assert [edge.fallbacks for _, edge in edges.read()] == [1, 0]


def test_a_call_without_its_label_is_lost():
    """It was made, and nobody behind it knows the lane."""
    edges = Edges()
    edges.lose("cart", "gray")

    ((key, edge),) = edges.read()
    assert (key, edge.lost, edge.calls) == (("cart", "gray", ""), 1, 0)


def test_labels_that_strangers_make_up_do_not_fill_the_memory():
    """All beyond some share an edge, on a lane or not."""
    edges = Edges()
    for number in range(MOST_EDGES + 1000):
        edges.record(("cart", f"lane-{number}", ""), MS)

    found = dict(edges.read())
    assert len(found) == MOST_EDGES + 1
    assert found[Key(REST, REST, "")].calls == 1000
