"""Rules about calls that come in, in the words of an Envoy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fairlead.control.limits import extensions, unsaid
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Throttle, Window
from fairlead.policy.overload import ADAPTIVE, BBR, OverloadProtection
from fairlead.policy.rule import SIMULATE, Rule, Selection
from fairlead.policy.snapshot import Snapshot
from fairlead.protocols.xds.listeners import extension

NAMES: dict[str, Any] = {"rule": "FlowControl/a", "strategy": "RateLimitStrategy/a"}
ROUTE: dict[str, Any] = {**NAMES, "resource": "GET:/orders/{id}"}


def rate(threshold: float = 10, window_ms: int = 1000, **more: Any) -> RateLimit:
    """Return a limit of a route."""
    windows = (Window(threshold=threshold, window_ms=window_ms),)
    return RateLimit(**{**ROUTE, "windows": windows, **more})


def content(*rules: Rule, governance: str = "on", overload: Any = None) -> list[dict[str, Any]]:
    """Return what both filters are told."""
    snapshot = Snapshot(flow=FlowRules.of(rules), governance=governance, overload=overload)
    for one in extensions(snapshot):
        extension(one)  # it is a message that Envoy knows
    return [json.loads(one.content) for one in extensions(snapshot)]


@pytest.mark.parametrize(
    ("rule", "bucket"),
    [
        (rate(), (10, 10, "1.000000000s")),
        (rate(0.5), (1, 1, "2.000000000s")),
        (rate(2.5), (3, 2, "0.800000000s")),
        (rate(1000, 10), (1000, 5000, "0.050000000s")),
        (Throttle(**ROUTE, threshold=5, window_ms=1000, queue_ms=0), (1, 5, "1.000000000s")),
        (
            Throttle(**ROUTE, threshold=5, window_ms=1000, queue_ms=0, burst=20),
            (20, 5, "1.000000000s"),
        ),
    ],
)
def test_a_limit_is_a_bucket_that_fills_as_fast(rule, bucket):
    """Tokens are whole, and it is filled every 50 milliseconds at most."""
    rates, _ = content(rule)
    (found,) = (one["token_bucket"] for one in rates["descriptors"])

    assert (found["max_tokens"], found["tokens_per_fill"], found["fill_interval"]) == bucket


def test_a_resource_is_told_by_its_path_and_method():
    rates, _ = content(rate(resource="GET:/a.b/{id}/c"))
    (action,) = (one["actions"][0]["header_value_match"] for one in rates["rate_limits"])
    path, method = action["headers"]

    assert path["string_match"]["safe_regex"]["regex"] == r"/a\.b/[^/]+/c(?:\?.*)?"
    assert method["string_match"] == {"exact": "GET"}


def test_each_window_of_a_limit_has_a_bucket():
    windows = (Window(threshold=1, window_ms=1000), Window(threshold=9, window_ms=60_000))
    rates, _ = content(rate(windows=windows), rate(resource="/x"))

    assert [one["entries"][0]["key"] for one in rates["descriptors"]] == [
        "limit 0",
        "limit 1",
        "limit 2",
    ]


def test_rules_with_answers_of_their_own_get_the_usual_one():
    """An Envoy has one for all."""
    teapot = Fallback(status=418, headers=())
    assert content(rate(fallback=teapot))[0]["status"] == {"code": 418}
    assert content(rate(fallback=teapot), rate())[0]["status"] == {"code": 429}


@pytest.mark.parametrize(("governance", "share"), [("on", 100), ("observe", 0), ("off", None)])
def test_the_switch_of_the_namespace_holds(governance, share):
    rates, concurrency = content(rate(), governance=governance, overload=protection())

    assert rates.get("filter_enforced", {}).get("default_value", {}).get("numerator") == share
    assert concurrency["enabled"]["default_value"] is (governance == "on")


def protection(kind: str = ADAPTIVE) -> OverloadProtection:
    """Return a protection from overload."""
    return OverloadProtection(**NAMES, kind=kind)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (rate(), ""),
        (rate(resource="call:items"), None),
        (rate(resource="sql:shop"), None),
        (rate(resource="GET:/.*", regex=True), "which resources there are"),
        (rate(resource="404"), "which resources there are"),
        (rate(mode=SIMULATE), "simulates"),
        (rate(selection=Selection(callers=("cart",))), "callers"),
        (rate(related="/b"), "of the resource itself"),
        (rate(0), "greater than 0"),
        (Throttle(**ROUTE, threshold=5, window_ms=1000, queue_ms=10), "no queue"),
        (ConcurrencyLimit(**ROUTE, most=5), "no ConcurrencyLimit"),
    ],
)
def test_what_it_does_not_do_is_told_and_not_done(rule, why):
    """What is about calls that go out is another matter."""
    told = [reason for _, reason in unsaid(Snapshot(flow=FlowRules.of([rule])))]

    assert told == ([] if why is None else told[:1])
    assert why is None or why in told[0]
    assert ("rate_limits" in content(rule)[0]) is (why == "")


def test_only_adaptive_protection_is_an_envoys():
    (told,) = (why for _, why in unsaid(Snapshot(overload=protection(BBR))))

    assert "ADAPTIVE" in told
    assert content(overload=protection(BBR))[1]["enabled"]["default_value"] is False
