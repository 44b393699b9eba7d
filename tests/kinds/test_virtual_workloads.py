"""VirtualWorkloads: the older specification's example loads; groups are subsets of an app."""

from __future__ import annotations

from typing import Any

from fairlead.compiler import Instance, World
from fairlead.kinds import VirtualWorkloads, kind_named, parse
from fairlead.kinds.virtual_workloads import KIND
from tests.kinds.objects import said

GROUPS = [
    {
        "name": "b",
        "target": "search",
        "type": "deployment",
        "selector": {"tag": "b"},
        "loadbalance": "random",
    },
    {"name": "base", "target": "search", "type": "deployment", "selector": {"tag": "_base"}},
]


def made(groups: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "VirtualWorkloads",
        "metadata": {"name": "search-wl"},
        "spec": {"selector": {"app": "search"}, "virtualWorkload": groups},
    }


def test_one_in_python_equals_one_from_yaml():
    made_here = VirtualWorkloads(
        name="search-wl", selector={"app": "search"}, virtual_workload=GROUPS
    )
    assert parse(made(GROUPS)) == made_here
    assert kind_named("vws") is KIND
    assert kind_named("virtualworkloadses") is KIND


def test_what_cannot_be_meant_is_refused_with_its_path():
    found = said(made([GROUPS[0], {**GROUPS[0], "loadbalance": "rnadom"}]))
    assert "twice" in found["spec.virtualWorkload[0].name"]
    assert "random" in found["spec.virtualWorkload[1].loadbalance"]


def test_base_is_who_has_no_such_label():
    instances = [
        Instance(namespace="default", app="search", address="h:1", labels=(("tag", "b"),)),
        Instance(namespace="default", app="search", address="h:2"),
    ]
    world = World.of([parse(made(GROUPS))], instances, 1)
    calls = world.snapshot("default", "front").calls
    assert calls is not None
    clusters = {one.subset: one for one in calls.callees[0].clusters}
    assert clusters["search-wl.b"].addresses == ("h:1",)
    assert clusters["search-wl.base"].addresses == ("h:2",)
    assert clusters["search-wl.b"].balance.algorithm == "RANDOM"
