"""``fairlead sentinel export``: rules in force as Sentinel reads them, and what cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.sentinel.drafts import plain
from fairlead.cli.sentinel.exporting import Exported, write
from fairlead.policy.breaker import ERROR_COUNT, ERROR_RATIO, SLOW_RATIO, CircuitBreaker
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import (
    Authority,
    ConcurrencyLimit,
    HotLimit,
    MemoryScale,
    Param,
    RateLimit,
    Throttle,
    WarmUp,
    Window,
)
from fairlead.policy.rule import SIMULATE, Rule, Selection
from tests.cli.conftest import Say
from tests.cli.sentinel.rules_of import APP, FILES, compiled, imported, in_file

NAMED: Any = {"rule": "FlowControl/x", "strategy": "s", "resource": "f"}
RATE = RateLimit(**NAMED, windows=(Window(threshold=5, window_ms=1000, buckets=2),))
QUEUE = Throttle(**NAMED, threshold=5, window_ms=1000, queue_ms=500)
CAP = ConcurrencyLimit(**NAMED, most=3)
BREAKER = CircuitBreaker(
    **NAMED, strategy_kind=ERROR_RATIO, threshold=0.5, recovery_ms=2000, buckets=1
)
HOT = HotLimit(**NAMED, param=Param(source="argument", name="0"), threshold=5)
NAMES = Authority(**NAMED, names=("a",), allow=True)

DEFAULTS: dict[tuple[str, str], dict[str, Any]] = {
    ("java", "flow"): {
        "limitApp": "default",
        "grade": 1,
        "strategy": 0,
        "controlBehavior": 0,
        "maxQueueingTimeMs": 500,
        "warmUpPeriodSec": 10,
        "clusterMode": False,
    },
    ("java", "degrade"): {
        "limitApp": "default",
        "grade": 0,
        "minRequestAmount": 5,
        "slowRatioThreshold": 1.0,
        "statIntervalMs": 1000,
    },
    ("java", "param-flow"): {
        "grade": 1,
        "controlBehavior": 0,
        "burstCount": 0,
        "durationInSec": 1,
        "paramFlowItemList": [],
    },
    ("java", "gateway-flow"): {
        "resourceMode": 0,
        "grade": 1,
        "intervalSec": 1,
        "controlBehavior": 0,
        "burst": 0,
        "maxQueueingTimeoutMs": 500,
    },
    ("go", "flow"): {
        "tokenCalculateStrategy": 0,
        "controlBehavior": 0,
        "statIntervalInMs": 1000,
        "warmUpColdFactor": 3,
        "maxQueueingTimeMs": 0,
        "threshold": 0,
    },
    ("go", "circuitbreaker"): {"minRequestAmount": 1, "statSlidingWindowBucketCount": 1},
    ("go", "hotspot"): {"controlBehavior": 0, "specificItems": [], "paramIndex": 0},
}


def exported(dialect: str, *rules: Rule) -> Exported:
    return write(FlowRules.of(rules), dialect, 3.0)


def plainly(items: list[dict[str, Any]], dialect: str, name: str) -> list[str]:
    """Return rules without what is the default, in any order."""
    usual = DEFAULTS.get((dialect, name), {})
    return sorted(
        json.dumps(
            {
                key: plain(value) if isinstance(value, float) else value
                for key, value in item.items()
                if key not in {"id", "regex"} or value is True
                if usual.get(key, ...) != value
            },
            sort_keys=True,
        )
        for item in items
    )


def unordered(rules: FlowRules) -> set[Rule]:
    """Return rules without the place of each in its object."""
    return {replace(rule, strategy="") for rule in rules}


ROUNDED = {
    # Calls are whole: more than 4.5 is more than 4. Math.round(40.5) is 41.
    '{"count": 4.5, "limitApp": "mobile", "resource": "checkout"}': (
        '{"count": 4, "limitApp": "mobile", "resource": "checkout"}'
    ),
    '{"count": 40.5, "resource": "price", "timeWindow": 3}': (
        '{"count": 41, "resource": "price", "timeWindow": 3}'
    ),
    # Patterns of Go match a part of a name.
    '{"regex": true, "resource": "^/api/[a-z]+$", "threshold": 12}': (
        '{"regex": true, "resource": "^(?:/api/[a-z]+)$", "threshold": 12}'
    ),
    '{"regex": true, "resource": "internal", "threshold": 13}': (
        '{"regex": true, "resource": "^(?:.*(?:internal).*)$", "threshold": 13}'
    ),
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_was_imported_is_exported_as_it_was(path):
    """Up to defaults, ids, and what is the same in other words."""
    dialect, _, name = path.stem.partition("-")
    found = exported(dialect, *compiled(imported(in_file(path))))
    assert found.said == ()
    assert [type_ for type_, items in found.arrays.items() if items] == [name]
    before = plainly(in_file(path), dialect, name)
    after = plainly(found.arrays[name], dialect, name)
    if name in ("param-flow", "hotspot"):
        return  # values have types there: the next test
    assert after == sorted(ROUNDED.get(text, text) for text in before)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_exported_is_imported_as_it_was(path):
    """Agents enforce the same, word by word."""
    dialect, _, name = path.stem.partition("-")
    before = compiled(imported(in_file(path)))
    again = imported(exported(dialect, *before).arrays[name])
    assert again.said == ()
    assert unordered(compiled(again)) == unordered(before)


def test_values_are_written_with_each_type_that_they_may_have():
    """There 7 is not ``"7"``, and neither is any other type."""
    rule = replace(HOT, items=(("7", 1.0), ("true", 2.0), ("1.5", 3.0), ("a", 4.0), ("007", 5.0)))
    (java,) = exported("java", rule).arrays["param-flow"]
    assert [(one["object"], one["classType"]) for one in java["paramFlowItemList"]] == [
        ("7", "int"),
        ("7", "long"),
        ("7", "java.lang.String"),
        ("true", "boolean"),
        ("true", "java.lang.String"),
        ("1.5", "double"),
        ("1.5", "java.lang.String"),
        ("a", "java.lang.String"),
        ("007", "java.lang.String"),
    ]
    (go,) = exported("go", replace(rule, elements=False)).arrays["hotspot"]
    assert [(one["valStr"], one["valKind"]) for one in go["specificItems"]] == [
        ("7", 0),
        ("7", 1),
        ("true", 2),
        ("true", 1),
        ("1.5", 3),
        ("1.5", 1),
        ("a", 1),
        ("007", 1),
    ]


def test_a_count_of_errors_is_one_less_in_java():
    """It opens above it there."""
    count = replace(BREAKER, strategy_kind=ERROR_COUNT, threshold=13)
    assert exported("java", count).arrays["degrade"][0]["count"] == 12
    assert exported("go", count).arrays["circuitbreaker"][0]["threshold"] == 13


@pytest.mark.parametrize(
    ("dialect", "rule", "words"),
    [
        (
            "java",
            replace(RATE, windows=(Window(threshold=5, window_ms=1000),)),
            "is counted in two aligned halves",
        ),
        (
            "go",
            replace(RATE, windows=(Window(threshold=5, window_ms=1000),)),
            "is counted in 2 aligned parts there",
        ),
        ("java", BREAKER, "opens above 0.5 there, and not at it"),
        ("go", replace(BREAKER, inclusive=False), "opens at 0.5 there, and not only above it"),
        ("java", replace(BREAKER, inclusive=False, buckets=10), "in one window there"),
        ("go", replace(BREAKER, buckets=7), "in one window there"),
        ("go", replace(BREAKER, errors=("503",)), "what is an error, the program says there"),
        ("go", replace(BREAKER, probes=3), "lets every call pass there while it recovers"),
        ("go", HOT, "a list is one value there"),
        ("java", replace(CAP, fallback=Fallback(status=503)), "its answer is the program's"),
    ],
)
def test_what_means_something_else_there_is_told(dialect, rule, words):
    """The rule is written all the same."""
    found = exported(dialect, rule)
    (told,) = found.said
    assert str(told).startswith("warning: FlowControl/x, s on f: ")
    assert words in str(told)
    assert sum(map(len, found.arrays.values())) == 1


def test_a_slow_ratio_of_one_opens_at_it_in_java_too():
    """The one exception there."""
    slow = replace(BREAKER, strategy_kind=SLOW_RATIO, threshold=1.0, slow_ms=40.0)
    assert exported("java", slow).said == ()


def selected(rule: Rule, **selection: Any) -> Rule:
    return replace(rule, selection=Selection(**selection))


@pytest.mark.parametrize(
    ("dialect", "rule", "words"),
    [
        ("java", replace(CAP, mode=SIMULATE), "mode simulate: it would reject there"),
        ("java", replace(RATE, windows=RATE.windows * 2), "a rule has one window there"),
        (
            "java",
            replace(RATE, windows=(Window(threshold=5, window_ms=500),)),
            "one second long there, not 500 ms",
        ),
        (
            "java",
            replace(RATE, warm_up=WarmUp(period_ms=10_000, cold_factor=4)),
            "say --cold-factor",
        ),
        ("go", replace(RATE, warm_up=WarmUp(period_ms=1500)), "no whole number of seconds"),
        ("go", replace(RATE, warm_up=WarmUp(period_ms=1000, cold_factor=2.5)), "no whole number"),
        (
            "java",
            replace(
                RATE,
                memory=MemoryScale(low_threshold=9, high_threshold=1, low_bytes=1, high_bytes=2),
            ),
            "no threshold by memory",
        ),
        ("java", selected(RATE, callers=("a", "b")), "for one caller there, or for all"),
        ("java", selected(RATE, each=True), "for one caller there, or for all"),
        ("java", selected(RATE, callers=("other",)), "other names no caller there"),
        ("java", selected(RATE, callers=("a",), others=True, each=True), "no rule of the resource"),
        ("java", selected(RATE, others=True), "each counted by itself there"),
        (
            "java",
            selected(replace(RATE, related="g"), entrance="e"),
            "a related resource and an entrance",
        ),
        ("go", selected(RATE, callers=("a",)), "for some callers, or one entrance, only"),
        ("java", replace(QUEUE, burst=2), "idle time saves up nothing there"),
        ("go", replace(QUEUE, burst=2), "idle time saves up nothing there"),
        ("java", replace(QUEUE, queue_ms=0), "a queue has a longest wait there"),
        ("java", replace(QUEUE, regex=True), "for a pattern of names"),
        ("go", replace(QUEUE, threshold=0.5), "lets none pass there"),
        ("go", replace(CAP, most=0), "none at a time is no limit there"),
        ("go", replace(BREAKER, regex=True), "for a pattern of names"),
        ("java", replace(BREAKER, probes=2), "one call decides there"),
        ("go", replace(BREAKER, steps=2), "in one step there"),
        ("java", replace(BREAKER, recovery_ms=2500), "no whole number of seconds"),
        ("java", selected(HOT, callers=("a",)), "for some callers"),
        ("java", replace(HOT, param=Param(source="argument", name="user")), "have positions there"),
        (
            "java",
            replace(HOT, param=Param(source="argument", name="0", match="exact", pattern="a")),
            "every value of an argument is limited there",
        ),
        ("java", replace(HOT, elements=False), "each element of a list counts by itself there"),
        ("java", replace(HOT, window_ms=1500), "no whole number of seconds"),
        ("java", replace(HOT, param=Param(source="sql", name="0")), "no values of sql there"),
        (
            "go",
            replace(HOT, param=Param(source="argument", name="user")),
            "no field of its data sources",
        ),
        ("go", replace(HOT, param=Param(source="header", name="a")), "no values of header there"),
        (
            "java",
            replace(HOT, param=Param(source="host"), items=(("a", 1.0),)),
            "no thresholds of their own at a gateway",
        ),
        (
            "java",
            replace(HOT, param=Param(source="client-ip", match="prefix", pattern="10.")),
            "a prefix limits every value there",
        ),
        ("java", replace(NAMES, names=("a,b",)), "a comma or a blank, which ends it there"),
        ("go", NAMES, "callers have no names there"),
    ],
)
def test_what_cannot_be_said_there_is_left_out_and_told(dialect, rule, words):
    """A rule that means something else would be worse than none."""
    found = exported(dialect, rule)
    (told,) = found.said
    assert str(told).startswith("FlowControl/x, s on f: left out: ")
    assert words in str(told)
    assert sum(map(len, found.arrays.values())) == 0


POLICIES = """\
apiVersion: policy.opensergo.io/v1alpha1
kind: ConcurrencyLimit
metadata: {name: everybody}
spec: {selector: {routes: [{name: /a}]}, config: {maxConcurrency: 3}}
---
apiVersion: policy.opensergo.io/v1alpha1
kind: ConcurrencyLimit
metadata: {name: some}
spec: {selector: {workloads: [{labels: {app: orders, tier: web}}]}, config: {maxConcurrency: 2}}
"""


def test_files_of_an_app_hold_what_its_instances_enforce(say: Say, namespace, tmp_path):
    """A type without rules is an empty array: what was there before is gone."""
    words = ("sentinel", "import", *(path for path in FILES if path.stem.startswith("java")))
    done = say(*words, "--app", APP, "-n", namespace, "-o", "apply")
    assert (done.status, done.err) == (0, "")
    (tmp_path / "authority.json").write_text("of before")
    out = ("sentinel", "export", "--dialect", "java", "--app", APP, "-n", namespace, "-o")
    assert say(*out, tmp_path).status == 0
    written = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    for path in FILES:
        dialect, _, name = path.stem.partition("-")
        if dialect == "java":
            assert len(written[name]) == len(in_file(path)), name
    assert json.loads(say(*out, "json").out) == written
    go = say("sentinel", "export", "--dialect", "go", "--app", "nobody", "-n", namespace)
    assert json.loads(go.out) == {"flow": [], "circuitbreaker": [], "hotspot": [], "isolation": []}


def test_without_an_app_there_is_a_directory_for_each(say: Say, namespace, tmp_path):
    """Rules for all of a namespace are in each, and those for some instances are told."""
    say("apply", "-f", "-", "-n", namespace, stdin=POLICIES.encode())
    rules = json.dumps([{"resource": "f", "count": 5, "limitApp": "default"}]).encode()
    say("sentinel", "import", "-", "--app", "pay", "-n", namespace, "-o", "apply", stdin=rules)
    out = ("sentinel", "export", "--dialect", "java", "-n", namespace, "-o")
    done = say(*out, tmp_path / "all")
    assert done.status == 1
    assert done.err == (
        "ConcurrencyLimit/some: left out: is for some instances, by their labels: a process has "
        "its file there\n"
    )
    found = {
        (path.parent.name, rule["resource"])
        for path in (tmp_path / "all").glob("*/flow.json")
        for rule in json.loads(path.read_text())
    }
    assert found == {("orders", "/a"), ("pay", "/a"), ("pay", "f")}
    assert set(json.loads(say(*out, "json").out)) == {"orders", "pay"}


def test_a_namespace_that_only_observes_is_told(say: Say, namespace, server):
    """What is written would reject there what nobody rejects here."""
    metadata = {"name": namespace, "labels": {"fairlead.io/governance": "observe"}}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    ControlPlane(server.url).call("POST", "/api/v1/namespaces", body)
    out = ("sentinel", "export", "--dialect", "go", "--app", "a", "-n", namespace)
    for _ in range(100):
        done = say(*out)
        if done.err:
            break
    assert done.err == (
        f"warning: namespace {namespace}: governance is observe: nothing rejects here, and all "
        "that is written does there\n"
    )
    assert (done.status, json.loads(done.out)["flow"]) == (0, [])
