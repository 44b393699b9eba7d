"""VirtualWorkload: subsets as in a DestinationRule, and a balancer in Sentinel's words."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.compiler.virtual_workload import compile_virtual_workload
from fairlead.kinds import VirtualWorkload, kind_named, parse
from fairlead.kinds.virtual_workload import KIND
from tests.kinds.objects import said

SUBSETS = [{"name": "v8", "labels": {"version": "v8"}}, {"name": "v9", "labels": {"version": "v9"}}]


def made(**policy: Any) -> dict[str, Any]:
    return {
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "VirtualWorkload",
        "metadata": {"name": "cart"},
        "spec": {
            "host": "cart",
            "type": "deployment",
            "subsets": SUBSETS,
            "trafficPolicy": policy,
        },
    }


def test_one_in_python_equals_one_from_yaml():
    assert parse(made(loadBalancePolicy="random")) == VirtualWorkload(
        name="cart",
        host="cart",
        type="deployment",
        subsets=SUBSETS,
        traffic_policy={"loadBalancePolicy": "random"},
    )
    assert kind_named("vw") is KIND


@pytest.mark.parametrize(
    ("policy", "algorithm"),
    [
        ({"loadBalancePolicy": "random"}, "RANDOM"),
        ({"loadBalancePolicy": "roundRobin"}, "ROUND_ROBIN"),
        ({"loadBalancer": {"simple": "ROUND_ROBIN"}}, "ROUND_ROBIN"),
        ({}, "LEAST_REQUEST"),
    ],
)
def test_an_instance_is_chosen_as_it_says(policy, algorithm):
    calling = compile_virtual_workload(parse(made(**policy))).calling
    assert calling is not None
    assert [one.cluster.balance.algorithm for one in calling.instances] == [algorithm] * 3
    assert [one.cluster.subset for one in calling.instances] == ["", "v8", "v9"]


def test_what_cannot_be_meant_is_refused_with_its_path():
    path = "spec.trafficPolicy.loadBalancePolicy"
    assert "random" in said(made(loadBalancePolicy="randm"))[path]
    assert "not beside" in said(made(loadBalancePolicy="random", loadBalancer={}))[path]
