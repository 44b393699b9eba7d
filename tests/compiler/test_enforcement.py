"""What authors of rules about the flow of calls are told, and where their rules are in force."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.compiler import Instance, World
from fairlead.kinds import (
    ConcurrencyLimitStrategy,
    FaultToleranceRule,
    FlowControl,
    HttpRequestFallbackAction,
    RateLimit,
    RateLimitStrategy,
)

STRICTNESS = ("on", "simulate", "off")


def instance(app: str = "a", number: int = 1, **more: Any) -> Instance:
    """Return an instance."""
    return Instance(namespace="default", app=app, address=f"{app}:{number}", **more)


def control(name: str = "r", app: str = "a", targets=("/x",), **limit: Any):
    """Return a FlowControl with one rate limit."""
    spec = {"threshold": 5, "statDuration": "1s", **limit}
    return FlowControl(
        name=name, labels={"app": app}, targets=targets, strategies=[{"rateLimit": spec}]
    )


def condition(world: World, kind: str = "Enforced", name: str = "r") -> tuple[str, str, str]:
    """Return status, reason and message of a condition."""
    return next(
        (found.status, found.reason, found.message)
        for found in world.findings()
        if (found.type, found.name) == (kind, name)
    )


@pytest.mark.parametrize("own", STRICTNESS)
@pytest.mark.parametrize("strategys", STRICTNESS)
def test_of_two_modes_the_one_that_enforces_less_counts(own, strategys):
    """Whoever switches one off must not look for the other."""
    strategy = RateLimitStrategy(name="s", threshold=1, stat_duration="1s", mode=strategys)
    rule = FaultToleranceRule(
        name="r", labels={"app": "a"}, targets=["/x"], strategies=["s"], mode=own
    )
    world = World.of([strategy, rule], [instance()], 1)
    least = max(own, strategys, key=STRICTNESS.index)
    found = [one.mode for one in world.snapshot("default", "a").flow]
    assert found == ([] if least == "off" else [least])
    expected = {"on": ("True", "PerHost"), "off": ("False", "Off")}
    assert condition(world)[:2] == expected.get(least, ("False", "Simulated"))


def test_a_rule_of_an_app_without_instances_is_not_said_to_be_enforced():
    """Also where callers know the app: nobody is there who would count."""
    world = World.of([control()], [instance("b")], 1, [("default", "a")])
    assert condition(world) == (
        "Unknown",
        "TargetNotSeen",
        "app a has no instance that would enforce it",
    )
    unknown = World.of([control()], [instance("b")], 1)
    assert condition(unknown, "TargetNotSeen")[1] == "NoInstanceReported"


@pytest.mark.parametrize(
    ("instances", "reason", "message"),
    [
        ((False,), "PerHost", "scope: host: the workers of an app on one host count together"),
        ((True, True), "PerProcess", "scope: process (its instances are programs in Go): each"),
        ((True, False), "PerProcess", "; but of programs in Go each worker process counts"),
    ],
)
def test_a_program_in_go_is_not_said_to_count_with_others(instances, reason, message):
    """Also where some instances of an app are in Python: the weaker word is the true one."""
    there = [instance(number=at, alone=one) for at, one in enumerate(instances)]
    found = condition(World.of([control()], there, 1))
    assert found[:2] == ("True", reason)
    assert message in found[2]


def test_a_target_that_no_instance_has_is_not_enforced_and_one_that_some_have_is():
    """Releases differ: one that has it is enough, one that does not know its routes is no word."""
    rule = control(targets=["/x", "/y"])
    vain: dict[str, Any] = {"unmatched": (("/x", "/xs"),)}
    world = World.of([rule], [instance(**vain), instance(number=2, **vain)], 1)
    status, reason, message = condition(world)
    assert (status, reason) == ("False", "TargetNotSeen")
    assert message.startswith("app a has not /x, did you mean /xs?; the rest is enforced, scope:")
    has = World.of([rule], [instance(**vain), instance(number=2, unmatched=())], 1)
    assert condition(has)[0] == "True"
    may = World.of([rule], [instance(**vain), instance(number=2)], 1)
    assert condition(may)[0] == "False"


def test_a_statement_to_a_database_that_no_instance_has_is_told_of():
    """Agents tell the database, and rules name statements of it."""
    rule = control(targets=["sql:shopp:SELECT 1", "sql:shop"])
    vain: dict[str, Any] = {"unmatched": (("sql:shopp", "sql:shop"),)}
    world = World.of([rule], [instance(**vain), instance(number=2, **vain)], 1)
    said = "app a has not sql:shopp:SELECT 1, did you mean sql:shop:SELECT 1?"
    assert condition(world, "TargetNotSeen") == ("True", "NoSuchResource", said)
    status, reason, message = condition(world)
    assert (status, reason) == ("False", "TargetNotSeen")
    assert message.startswith(f"{said}; the rest is enforced")
    pattern = [{"targetResourceName": "sql:shopp:SELECT .*", "regex": True}]
    assert condition(World.of([control(targets=pattern)], [instance(**vain)], 1))[0] == "True"


def test_a_call_of_an_app_whose_name_is_misspelt_is_told_of():
    """What is like no app may be a host outside, whose calls are governed too."""
    rule = control(targets=["call:stok", "call:stock.shop", "call:mail", "call:api.example.com"])
    others = [Instance(namespace="shop", app="stock", address="s:1"), instance("stock")]
    world = World.of([rule], [instance(), *others], 1)
    assert condition(world, "TargetNotSeen")[2] == (
        "app a has not call:stok, did you mean call:stock?"
    )


@pytest.mark.parametrize(
    ("target", "source", "true"),
    [
        ("GET:/x", "argument", False),
        ("GET:/x", "grpc", False),
        ("GET:/x", "sql", False),
        ("call:stock", "argument", False),
        ("tax", "argument", True),
        ("tax", "grpc", False),
        ("/shop.Cart/Pay", "grpc", True),
        ("call:stock:/shop.Stock/Take", "grpc", True),
        ("sql:shop", "sql", True),
        ("GET:/x", "header", True),
    ],
)
def test_a_limit_on_a_part_that_no_call_has_is_not_said_to_be_enforced(target, source, true):
    """It would pass every call, and look as if it held them."""
    limit = {"param": {"source": source, "name": "a"}, "threshold": 1}
    rule = FlowControl(
        name="r", labels={"app": "a"}, targets=[target], strategies=[{"hotParameter": limit}]
    )
    status, reason, message = condition(World.of([rule], [instance()], 1))
    assert (status, reason) == (("True", "PerProcess") if true else ("False", "StrategyUnusable"))
    assert true or message == (
        f"strategies[0].hotParameter: no call of {target} has a part {source}: it limits nothing"
    )


def test_live_counts_the_apps_that_a_rule_and_what_it_names_are_for():
    """Twelve other apps of a namespace do not enforce it, and never will."""
    strategy = RateLimitStrategy(name="s", threshold=1, stat_duration="1s")
    unused = ConcurrencyLimitStrategy(name="u", max_concurrency=1)
    answer = HttpRequestFallbackAction(name="f", status=429)
    rules = [
        FaultToleranceRule(
            name=app,
            labels={"app": app},
            targets=["/x"],
            strategies=["s"],
            fallback_action="f" if app == "a" else None,
        )
        for app in ("a", "b")
    ]
    labelled = RateLimit(
        name="l",
        selector={"workloads": [{"labels": {"zone": "north"}}]},
        limit=1,
        interval="1s",
    )
    everywhere = RateLimit(name="e", limit=1, interval="1s")
    north = instance("c", labels=(("zone", "north"),))
    world = World.of(
        [strategy, unused, answer, *rules, labelled, everywhere],
        [instance("a"), instance("b"), north],
        1,
    )
    assert world.apps("FaultToleranceRule", "default", "a") == frozenset({"a"})
    assert world.apps("RateLimitStrategy", "default", "s") == frozenset({"a", "b"})
    assert world.apps("HttpRequestFallbackAction", "default", "f") == frozenset({"a"})
    assert world.apps("ConcurrencyLimitStrategy", "default", "u") == frozenset()
    assert world.apps("RateLimit", "default", "l") == frozenset({"c"})
    assert world.apps("RateLimit", "default", "e") is None
    assert world.apps("TrafficLane", "default", "none") is None


def test_both_of_two_thresholds_hold_and_both_authors_hear_which_is_stricter():
    """The looser one is no fault, but whoever reads it alone expects too much to pass."""
    world = World.of([control("loose", threshold=10), control("tight", threshold=2)], [], 1)
    found = world.snapshot("default", "a").flow.rate_limits
    assert [one.windows[0].threshold for one in found] == [10, 2]
    assert condition(world, "Overlaps", "loose")[2] == (
        "on /x, FlowControl/tight with strategies[0].rateLimit (2 in 1 s) is stricter than "
        "strategies[0].rateLimit (10 in 1 s): all hold"
    )
    assert condition(world, "Overlaps", "tight")[2] == (
        "on /x, strategies[0].rateLimit (2 in 1 s) is stricter than "
        "FlowControl/loose with strategies[0].rateLimit (10 in 1 s): all hold"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"statDuration": "1m"},
        {"callers": ["web"]},
        {"relatedResource": "/z"},
        {"mode": "simulate"},
        {"mode": "off"},
    ],
)
def test_rules_that_count_different_things_do_not_overlap(other):
    """Ten a second and a hundred a minute are one plan."""
    world = World.of([control("r"), control("q", **other)], [instance()], 1)
    assert [found.type for found in world.findings() if found.type == "Overlaps"] == []


def test_a_hundred_thousand_rules_are_bounded_and_what_comes_first_by_name_holds():
    """They would be in the snapshot of every instance: authors are told, and apps go on."""
    limits = [{"rateLimit": {"threshold": n + 1, "statDuration": f"{n + 1}s"}} for n in range(64)]
    rules = [
        FlowControl(
            name=f"r{n:02}",
            labels={"app": "a"},
            targets=[f"/{n}/{m}" for m in range(128)],
            strategies=limits,
        )
        for n in range(13)
    ]
    world = World.of(rules, [instance()], 1)
    snapshot = world.snapshot("default", "a")
    snapshot.check()
    assert len(rules) * 128 * 64 > 100_000
    assert len(snapshot.flow.rate_limits) == 128 * 64
    verdicts = [condition(world, name=rule.name)[:2] for rule in rules]
    assert verdicts == [("True", "PerProcess"), *[("False", "TooMuch")] * 12]


@pytest.mark.parametrize(("limits", "reason"), [(60, "PerHost"), (61, "PerProcess")])
def test_what_workers_cannot_share_for_what_stands_beside_it_says_so(limits, reason):
    """Whichever of two rules their authors look at."""
    own = [{"rateLimit": {"threshold": n + 1, "statDuration": f"{n + 1}s"}} for n in range(limits)]
    rules = [
        FlowControl(name="r", labels={"app": "a"}, targets=["/x"], strategies=own[:30]),
        FlowControl(name="s", labels={"app": "a"}, targets=["/x", "/y"], strategies=own[30:]),
        FlowControl(name="t", labels={"app": "b"}, targets=["/x"], strategies=own[:1]),
    ]
    world = World.of(rules, [instance(), instance("b")], 1)
    assert [condition(world, name=name)[1] for name in "rst"] == [reason, reason, "PerHost"]
    assert ("more than 60 limits" in condition(world)[2]) == (reason == "PerProcess")
