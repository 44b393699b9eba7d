"""RateLimitStrategy: how many requests a window may hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import RateLimitStrategy, load_documents, parse
from fairlead.kinds.rate_limit_strategy import KIND
from tests.kinds.guards import strategy
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def window(length: str, threshold: float = 1):
    """Return a list of one window."""
    return [{"threshold": threshold, "statDuration": length}]


def memory(**changes: float):
    """Return a threshold by the memory in use."""
    scale = {"lowThreshold": 100, "highThreshold": 10, "lowBytes": 1000, "highBytes": 2000}
    return {**scale, **changes}


SAMPLE = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: rl-orders, namespace: shop, labels: {app: orders}}
spec: {metricType: RequestAmount, limitMode: Local, threshold: 25, statDurationSeconds: 2}
"""


def test_the_specifications_sample_loads_and_equals_the_python_form():
    """Whoever has it applies it unchanged."""
    (loaded,) = load_documents(SAMPLE)
    assert loaded == RateLimitStrategy(
        name="rl-orders",
        namespace="shop",
        labels={"app": "orders"},
        threshold=25,
        stat_duration_seconds=2,
    )


@pytest.mark.parametrize(
    ("window", "length"),
    [
        ({"statDurationSeconds": 2}, 2000),
        ({"statDuration": "1s"}, 1000),
        ({"statDuration": "500ms"}, 500),
        ({"statDuration": "2min"}, 120_000),
    ],
)
def test_a_window_is_read_in_both_spellings(window, length):
    """The definition counts seconds, the articles write a unit."""
    spec = {"statDurationSeconds": ..., **window}
    assert parse(strategy(**spec)).spec.all_windows == ((1.0, length),)


def test_several_windows_hold_together():
    """Ten a second, and no more than a hundred a minute."""
    more = window("1m", 100)
    assert parse(strategy(windows=more)).spec.all_windows == ((1.0, 1000), (100.0, 60_000))
    alone = strategy(threshold=..., statDurationSeconds=..., windows=more)
    assert parse(alone).spec.all_windows == ((100.0, 60_000),)
    assert KIND.row(strategy(windows=more), NOW)[1:4] == ["1 in 1s, 100 in 1m", "Local", "on"]


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (strategy(threshold=-1), "spec.threshold", "number from 0 on"),
        (strategy(threshold=0.5), "spec.threshold", "write 1, and a longer window"),
        (strategy(threshold=True), "spec.threshold", "must be a number"),
        (strategy(threshold="1"), "spec.threshold", "must be a number, got a string"),
        (strategy(threshold=float("inf")), "spec.threshold", "no threshold"),
        (strategy(statDurationSeconds=...), "spec.statDurationSeconds", "required"),
        (strategy(statDurationSeconds=0), "spec.statDurationSeconds", "must be at least 1"),
        (strategy(statDuration="1s"), "spec.statDuration", "remove one"),
        (
            strategy(statDurationSeconds=..., statDuration="0s"),
            "spec.statDuration",
            "is no time at all",
        ),
        (
            strategy(statDurationSeconds=..., statDuration="soon"),
            "spec.statDuration",
            "write one like 500ms",
        ),
        (strategy(limitMode="local"), "spec.limitMode", "did you mean Local?"),
        (strategy(threshold=...), "spec.threshold", "required"),
        (strategy(threshold=1_000_000_001), "spec.threshold", "at most 1000000000"),
        (strategy(threshold=float("nan")), "spec.threshold", "no threshold"),
        (strategy(statDurationSeconds=10**9), "spec.statDurationSeconds", "must be at most"),
        (strategy(windows=[]), "spec.windows", "at least 1"),
        (strategy(windows=window("1s")), "spec.windows[0].statDuration", "another window has"),
        (strategy(windows=window("1m", -1)), "spec.windows[0].threshold", "from 0 on"),
        (
            strategy(windows=window("1m"), threshold=..., statDurationSeconds=1),
            "spec.threshold",
            "required",
        ),
        (strategy(windows=window("1m"), warmUp={"period": "1s"}), "spec.windows", "one window"),
        (strategy(warmUp={"period": "0s"}), "spec.warmUp.period", "no time at all"),
        (strategy(memoryAdaptive=memory()), "spec.threshold", "memoryAdaptive says"),
        (
            strategy(threshold=..., memoryAdaptive=memory(), warmUp={"period": "1s"}),
            "spec.warmUp",
            "does not go with memoryAdaptive",
        ),
        (
            strategy(threshold=..., memoryAdaptive=memory(highBytes=1)),
            "spec.memoryAdaptive.highBytes",
            "not above lowBytes",
        ),
        (
            strategy(threshold=..., memoryAdaptive=memory(highThreshold=100)),
            "spec.memoryAdaptive.highThreshold",
            "less passes",
        ),
        (strategy(buckets=3), "spec.buckets", "do not divide the 1000 ms"),
        (strategy(buckets=0), "spec.buckets", "must be at least 1"),
        (strategy(relatedResource=""), "spec.relatedResource", "at least 1"),
        (strategy(perCaller="yes"), "spec.perCaller", "must be true or false"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """The number decides who is turned away: it must be the one that was meant."""
    assert words in said(plain)[path]
