"""localityLbSetting: what Istio takes is taken, and what it refuses is refused with its path."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.kinds import DestinationRule, InvalidResource, parse

AT = "spec.trafficPolicy.loadBalancer.localityLbSetting"


def made(**setting: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "reviews"},
        "spec": {
            "host": "reviews",
            "trafficPolicy": {
                "outlierDetection": {},
                "loadBalancer": {"localityLbSetting": setting},
            },
        },
    }


def to(source: str = "eu/a/*", **_: Any) -> dict[str, Any]:
    return {"from": source, "to": {"eu/a/*": 80, "eu/b/*": 20}}


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"enabled": False},
        {"distribute": [to(), to("eu/b/*"), {"from": "us", "to": {"*": 100}}]},
        {"distribute": [{"from": "*", "to": {"eu/a/r1": 1, "eu/a/r2": 99}}]},
        {"failover": [{"from": "eu", "to": "us"}, {"from": "us", "to": "eu"}]},
        {"failoverPriority": ["topology.istio.io/network", "topology.kubernetes.io/region=eu"]},
        {"failoverPriority": ["version"], "failover": [{"from": "eu", "to": "us"}]},
    ],
)
def test_what_istio_takes_is_taken(setting):
    """Unchanged files load."""
    spec = parse(made(**setting)).spec
    found = spec.traffic_policy.load_balancer.locality_lb_setting
    assert found.enabled is (None if "enabled" not in setting else False)


def test_one_in_python():
    """`from` is a word of Python's: it is written as in YAML."""
    setting = {"failover": [{"from": "eu", "to": "us"}]}
    policy = {"outlierDetection": {}, "loadBalancer": {"localityLbSetting": setting}}
    made_here = DestinationRule(name="reviews", host="reviews", traffic_policy=policy)
    assert made_here == parse(made(**setting))


@pytest.mark.parametrize(
    ("setting", "path", "words"),
    [
        (
            {"distribute": [{"from": "eu", "to": {"eu": 80, "us": 10}}]},
            "distribute[0].to",
            "adds up to 90, and has to be 100",
        ),
        (
            {"distribute": [{"from": "eu", "to": {"eu": 0, "us": 100}}]},
            "distribute[0].to.eu",
            "at least 1",
        ),
        ({"distribute": [{"from": "eu", "to": {}}]}, "distribute[0].to", "at least 1"),
        ({"distribute": [to("eu/a"), to("eu")]}, "distribute[1].from", "which comes before"),
        ({"distribute": [to("*"), to("us")]}, "distribute[1].from", "places of '*'"),
        (
            {"distribute": [{"from": "eu", "to": {"eu/*": 50, "eu/b": 50}}]},
            "distribute[0].to[eu/b]",
            "which comes before",
        ),
        ({"distribute": [to("*/a")]}, "distribute[0].from", "not the whole of its end"),
        ({"distribute": [to("eu/a*")]}, "distribute[0].from", "not the whole of its end"),
        ({"distribute": [to("eu//r1")]}, "distribute[0].from", "is no place"),
        ({"distribute": [to("a/b/c/d")]}, "distribute[0].from", "is no place"),
        (
            {"distribute": [to()], "failover": [{"from": "eu", "to": "us"}]},
            "",
            "has distribute and failover: choose one",
        ),
        (
            {"distribute": [to()], "failoverPriority": ["version"]},
            "",
            "has distribute and failoverPriority: choose one",
        ),
        ({"failover": [{"from": "eu", "to": "eu"}]}, "failover[0].to", "is where it fails"),
        ({"failover": [{"from": "eu/a", "to": "us"}]}, "failover[0].from", "is no region"),
        ({"failover": [{"from": "*", "to": "us"}]}, "failover[0].from", "is no region"),
        (
            {"failover": [{"from": "eu", "to": "us"}, {"from": "eu", "to": "ap"}]},
            "failover[1].from",
            "earlier one's region",
        ),
        ({"failoverPriority": ["=v1"]}, "failoverPriority[0]", "names no label"),
        ({"failoverPriority": ["a", "a=1"]}, "failoverPriority[1]", "earlier one's label"),
        (
            {
                "failoverPriority": ["topology.kubernetes.io/region"],
                "failover": [{"from": "eu", "to": "us"}],
            },
            "failoverPriority[0]",
            "choose one",
        ),
        ({"distribut": []}, "distribut", "distribute"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(setting, path, words):
    """It decides who gets calls."""
    with pytest.raises(InvalidResource) as caught:
        parse(made(**setting))
    said = str(caught.value)
    assert f"{AT}.{path}".rstrip(".") in said
    assert words in said
