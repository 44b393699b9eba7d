"""RouterRule: the older specification's example loads; what cannot be meant is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.compiler.router_rule import compile_router_rule
from fairlead.kinds import RouterRule, kind_named, parse
from fairlead.kinds.router_rule import KIND
from tests.kinds.objects import said

HTTP = [
    {
        "name": "h1",
        "rule": {
            "match": {"headers": {"X-Ab": {"exact": "b"}}},
            "targets": [
                {"workloads": "search-wl", "name": "b", "weight": 15},
                {"workloads": "search-wl", "name": "base", "weight": 85},
            ],
        },
        "target": {"workloads": "search-wl", "name": "base"},
    }
]


TARGET = {"workloads": "w", "name": "b"}


def made(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "RouterRule",
        "metadata": {"name": "rr-search"},
        "spec": {"selector": {"app": "search"}, **spec},
    }


def test_one_in_python_equals_one_from_yaml():
    made_here = RouterRule(name="rr-search", selector={"app": "search"}, http=HTTP)
    assert parse(made(http=HTTP)) == made_here
    assert kind_named("rr") is KIND


@pytest.mark.parametrize(
    ("spec", "path", "text"),
    [
        ({"selector": {"version": "v1"}}, "spec.selector", "names one app"),
        ({"selector": {"app": {"prefix": "a"}}}, "spec.selector.app", "name of an app"),
        (
            {"http": [{"rule": {"match": {"uri": {"regex": "("}}, "targets": []}}]},
            "spec.http[0].rule.match.uri.regex",
            "regular expression",
        ),
        (
            {"http": [{"rule": {"match": {"uri": {"exact": "/", "prefix": "/"}}, "targets": []}}]},
            "spec.http[0].rule.match.uri",
            "exactly one",
        ),
        (
            {"rpc": [{"rule": {"targets": [{**TARGET, "weight": 0}, {**TARGET, "weight": 0}]}}]},
            "spec.rpc[0].rule.targets",
            "add up to 0",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(spec, path, text):
    assert text in said(made(**spec))[path]


def test_what_nobody_does_is_named():
    """And matches nothing, rather than everything."""
    match = {"methods": [{"methodName": "Find", "args": [{"index": "0", "value": {"exact": "a"}}]}]}
    labels = {"sourceLabels": {"tier": {"prefix": "a"}}}
    rule = made(
        rpc=[{"rule": {"match": match, "targets": [{"workloads": "w", "name": "b"}]}}],
        http=[{"rule": {"match": labels, "targets": [{"workloads": "w", "name": "b"}]}}],
        redis=[{}],
    )
    part = compile_router_rule(parse(rule))
    assert sorted(one.partition(":")[0] for one in part.not_honoured) == [
        "http[0].rule.match.sourceLabels",
        "redis",
        "rpc[0].rule.match.methods[0].args",
    ]
    assert part.calling is not None
    first, second, _ = (way.route.match for way in part.calling.ways)
    for match_made in (first, second):
        assert "x-fairlead-nobody" in {header.name for header in match_made.headers}
