"""HotParameterStrategy: which part of a call, and how much of each value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import HotParameterStrategy, parse
from fairlead.kinds.hot_parameter_strategy import KIND
from tests.kinds.guards import of
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def hot(**param):
    """Return a strategy on this part."""
    return of("HotParameterStrategy", param=param)


def test_a_strategy_in_python_equals_one_from_yaml():
    """There is one set of checks."""
    plain = of("HotParameterStrategy", exceptions=[{"value": 7, "threshold": 100}], capacity=500)
    assert parse(plain) == HotParameterStrategy(
        name="x",
        param={"source": "header", "name": "x-user"},
        threshold=5,
        exceptions=[{"value": "7", "threshold": 100}],
        capacity=500,
    )
    assert KIND.row(plain, NOW)[1:4] == ["header x-user", "5 in 1s", "on"]
    pacing = of("HotParameterStrategy", behavior="Throttle", duration="2s", queueTimeout="1s")
    assert (parse(pacing).spec.window_ms, parse(pacing).spec.queue_ms) == (2000, 1000)
    assert KIND.row(of("HotParameterStrategy", behavior="Concurrency"), NOW)[2] == "5 at a time"


def test_an_argument_may_be_named_by_its_place():
    """-1 is the last one, and a number in YAML."""
    assert parse(hot(source="argument", name=-1)).spec.param.name == "-1"


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (hot(source="body", name="x"), "spec.param.source", "unknown source"),
        (hot(source="header"), "spec.param.name", "required: which header"),
        (hot(source="client-ip", name="x"), "spec.param.name", "remove the name"),
        (hot(source="constant", name="x"), "spec.param.name", "remove the name"),
        (hot(source="host", match={}), "spec.param.match", "has none"),
        (hot(source="host", match={"exact": ""}), "spec.param.match.exact", "is empty"),
        (
            hot(source="host", match={"exact": "a", "prefix": "b"}),
            "spec.param.match",
            "has exact and prefix",
        ),
        (hot(source="host", match={"regex": "(a+)+"}), "spec.param.match.regex", "could take"),
        (of("HotParameterStrategy", threshold=-1), "spec.threshold", "from 0 on"),
        (of("HotParameterStrategy", threshold=float("nan")), "spec.threshold", "no threshold"),
        (
            of("HotParameterStrategy", threshold=2e9),
            "spec.threshold",
            "more than a process",
        ),
        (of("HotParameterStrategy", burst=-1), "spec.burst", "must be at least 0"),
        (of("HotParameterStrategy", behavior="Throttle", burst=1), "spec.burst", "only Reject"),
        (of("HotParameterStrategy", queueTimeout="1s"), "spec.queueTimeout", "only Throttle"),
        (
            of("HotParameterStrategy", behavior="Concurrency", duration="1s"),
            "spec.duration",
            "no window",
        ),
        (of("HotParameterStrategy", duration="0s"), "spec.duration", "no time at all"),
        (of("HotParameterStrategy", capacity=0), "spec.capacity", "must be at least 1"),
        (of("HotParameterStrategy", capacity=10**9), "spec.capacity", "1000000"),
        (
            of("HotParameterStrategy", exceptions=[{"value": 1.5, "threshold": 1}]),
            "spec.exceptions[0].value",
            "quote the value",
        ),
        (
            of("HotParameterStrategy", exceptions=[{"value": v, "threshold": 1} for v in (1, "1")]),
            "spec.exceptions[1].value",
            "there already",
        ),
        (
            of("HotParameterStrategy", exceptions=[{"value": "a", "threshold": 1}] * 1025),
            "spec.exceptions",
            "at most 1024",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """A limit on the wrong part of a call is none."""
    assert words in said(plain)[path]
