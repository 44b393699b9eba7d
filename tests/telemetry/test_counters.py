"""Counters that threads share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fairlead.telemetry.counters import MOST, OTHERS, Counters


def test_no_count_is_lost_between_threads() -> None:
    """A check-then-act would lose some without anybody noticing."""
    counters = Counters()

    def count_many() -> None:
        for _ in range(5000):
            counters.count("x", "gray")

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(count_many)
    assert counters.read() == {"x": {"gray": 40_000}}


def test_reading_changes_nothing() -> None:
    """The doctor asks as often as it likes."""
    counters = Counters()
    counters.count("x")
    assert [counters.read() for _ in range(3)] == [{"x": {"": 1}}] * 3
    counters.count("x")
    assert counters.read() == {"x": {"": 2}}


def test_labels_without_end_are_counted_together() -> None:
    """A lane's name may come from the network; its control plane refuses reports of any length."""
    counters = Counters()
    for number in range(MOST + 500):
        counters.count("lane_outlived_request", f"lane-{number}")
    counters.count("lane_outlived_request", "lane-7")
    counts = counters.read()["lane_outlived_request"]
    assert len(counts) == MOST + 1
    assert counts["lane-7"] == 2
    assert counts[OTHERS] == 500
