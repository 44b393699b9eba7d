"""Counters that threads share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fairlead.telemetry.counters import Counters


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
