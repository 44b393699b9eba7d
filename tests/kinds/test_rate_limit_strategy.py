"""RateLimitStrategy: how many requests a window may hold."""

from __future__ import annotations

import pytest

from fairlead.kinds import RateLimitStrategy, load_documents, parse
from tests.kinds.guards import strategy
from tests.kinds.objects import said

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
    assert parse(strategy(**spec)).spec.window_ms == length


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (strategy(threshold=-1), "spec.threshold", "number from 0 on"),
        (strategy(threshold=0.5), "spec.threshold", "write 1, and a longer window"),
        (strategy(threshold=True), "spec.threshold", "must be a number"),
        (strategy(threshold="1"), "spec.threshold", "must be a number, got a string"),
        (strategy(threshold=float("inf")), "spec.threshold", "no threshold"),
        (strategy(statDurationSeconds=...), "spec.statDurationSeconds", "required"),
        (strategy(statDurationSeconds=0), "spec.statDurationSeconds", "greater than or equal to 1"),
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
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """The number decides who is turned away: it must be the one that was meant."""
    assert words in said(plain)[path]
