"""ThrottlingStrategy: the distance of requests, and how long one waits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import ThrottlingStrategy, load_documents, parse
from fairlead.kinds.throttling_strategy import KIND
from tests.kinds.guards import of
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)

SAMPLE = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: ThrottlingStrategy
metadata: {name: pace-mail, labels: {app: mailer}}
spec: {minIntervalOfRequests: 40ms, queueTimeout: 2s}
"""


def test_the_specifications_sample_loads_and_equals_the_python_form():
    """Whoever has it applies it unchanged."""
    (loaded,) = load_documents(SAMPLE)
    assert loaded == ThrottlingStrategy(
        name="pace-mail",
        labels={"app": "mailer"},
        min_interval_of_requests="40ms",
        queue_timeout="2s",
    )
    assert KIND.row(loaded.plain, NOW)[1:3] == ["one each 40ms, queue 2s", "on"]


def test_no_distance_and_no_wait_are_read():
    """The definition allows a distance of 0; a wait of 0 rejects whatever is too early."""
    spec = parse(of("ThrottlingStrategy", minIntervalOfRequests="0s", queueTimeout="0ms")).spec
    assert (spec.pace, spec.queue_ms) == ((1.0, 0), 0)


def test_a_pace_is_a_rate_too():
    """Three hundred a second are no whole number of milliseconds apart."""
    plain = of(
        "ThrottlingStrategy", minIntervalOfRequests=..., threshold=300, statDuration="1s", burst=9
    )
    assert parse(plain).spec.pace == (300.0, 1000)
    assert KIND.row(plain, NOW)[1] == "300 in 1s, queue 2s"


def test_a_bare_off_is_a_mode():
    """YAML makes a boolean of it before anybody sees it."""
    assert parse(of("ThrottlingStrategy", mode=False)).spec.mode == "off"


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (of("ThrottlingStrategy", queueTimeout=...), "spec.queueTimeout", "required"),
        (of("ThrottlingStrategy", queueTimeout="-1s"), "spec.queueTimeout", "not a duration"),
        (of("ThrottlingStrategy", queueTimeout="999999d"), "spec.queueTimeout", "than a year"),
        (of("ThrottlingStrategy", queueTimeout=2), "spec.queueTimeout", "like 1s, got the integer"),
        (
            of("ThrottlingStrategy", minIntervalOfRequests="40"),
            "spec.minIntervalOfRequests",
            "not a duration",
        ),
        (
            of("ThrottlingStrategy", minIntervalOfRequests="0s", warmUp={"period": "1s"}),
            "spec.warmUp",
            "nothing to warm up",
        ),
        (
            of("ThrottlingStrategy", warmUp={"period": "10s", "coldFactor": 1}),
            "spec.warmUp.coldFactor",
            "a number above 1",
        ),
        (
            of("ThrottlingStrategy", warmUp={"period": "10s", "coldFactor": float("nan")}),
            "spec.warmUp.coldFactor",
            "a number above 1",
        ),
        (
            of("ThrottlingStrategy", callers=["a"], otherCallers=["b"]),
            "spec.otherCallers",
            "remove one",
        ),
        (
            of("ThrottlingStrategy", minIntervalOfRequests=...),
            "spec.minIntervalOfRequests",
            "required",
        ),
        (of("ThrottlingStrategy", threshold=3), "spec.threshold", "remove one"),
        (
            of("ThrottlingStrategy", minIntervalOfRequests=..., threshold=3),
            "spec.statDuration",
            "required",
        ),
        (of("ThrottlingStrategy", statDuration="1s"), "spec.statDuration", "window of a threshold"),
        (of("ThrottlingStrategy", burst=2, warmUp={"period": "1s"}), "spec.burst", "remove one"),
        (of("ThrottlingStrategy", mode="dry-run"), "spec.mode", "unknown mode"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """A queue that nobody meant holds requests that nobody misses."""
    assert words in said(plain)[path]
