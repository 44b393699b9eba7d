"""F22: among many requests that change tasks, threads and contexts, none is on another's lane."""

from __future__ import annotations

import pytest

from benchmarks import leaks


def test_no_request_is_ever_on_anothers_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fiftieth of what `make bench` sends; what outlived its request is counted to the last."""
    monkeypatch.setattr(leaks, "REQUESTS", 20_000)
    assert {figure.name: figure.value for figure in leaks.run()} == {
        "inprocess_leaks_count": 0,
        "inprocess_outlived_missed_count": 0,
    }
