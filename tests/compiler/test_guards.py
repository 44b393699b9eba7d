"""What rules of one app may come to together: a snapshot that is too long is refused as a whole."""

from __future__ import annotations

from fairlead.compiler import Instance, World
from fairlead.compiler.guards import MOST_BYTES, MOST_RULES
from fairlead.kinds import FaultToleranceRule, HttpRequestFallbackAction, RateLimitStrategy
from fairlead.policy.encode import canonical, to_plain

INSTANCES = [Instance(namespace="default", app=app, address=f"{app}:80") for app in ("a", "other")]


def strategies(number: int):
    return [
        RateLimitStrategy(name=f"s{n}", threshold=1, stat_duration_seconds=n + 1)
        for n in range(number)
    ]


def rule(name: str, number: int, app: str = "a", fallback: str | None = None):
    return FaultToleranceRule(
        name=name,
        labels={"app": app},
        targets=[f"/{name}/{n}" for n in range(256)],
        strategies=[f"s{n}" for n in range(number)],
        fallback_action=fallback,
    )


def verdicts(world: World) -> dict[str, tuple[str, str]]:
    return {
        one.name: (one.status, one.reason) for one in world.findings() if one.type == "Enforced"
    }


def test_rules_beyond_the_most_are_not_enforced_and_those_before_stay():
    """In order of names, and each app for itself."""
    rules = [rule("b", 38), rule("c", 2), rule("d", 1), rule("e", 38, app="other")]
    world = World.of([*strategies(38), *rules], INSTANCES, 1)
    found = verdicts(world)
    assert [found[name] for name in "bcde"] == [
        ("True", "PerHost"),
        ("False", "TooMuch"),
        ("True", "PerHost"),
        ("True", "PerHost"),
    ]
    assert len(world.snapshot("default", "a").flow.rate_limits) == 39 * 256 <= MOST_RULES


def test_answers_are_counted_as_they_are_sent():
    """Each limit carries its own: a long one for many resources would fill every instance."""
    long = HttpRequestFallbackAction(name="long", status=429, body="\u00e9" * 30_000)
    rules = [rule("b", 1, fallback="long"), rule("c", 1)]
    world = World.of([*strategies(1), long, *rules], INSTANCES, 1)
    found = verdicts(world)
    assert (found["b"], found["c"]) == (("False", "TooMuch"), ("True", "PerHost"))
    assert len(canonical(to_plain(world.snapshot("default", "a")))) < MOST_BYTES


def test_a_misspelt_strategy_or_answer_is_told_of_with_the_one_that_may_be_meant():
    """Its rule enforces nothing meanwhile, and names are long."""
    busy = HttpRequestFallbackAction(name="slow-down", status=429, body="busy")
    one = RateLimitStrategy(name="one-a-second", threshold=1, stat_duration_seconds=1)
    wrong = FaultToleranceRule(
        name="r",
        labels={"app": "a"},
        targets=["/x"],
        strategies=["one-a-secnd"],
        fallback_action="slowdown",
    )
    world = World.of([one, busy, wrong], INSTANCES, 1)
    said = {found.type: found.message for found in world.findings() if found.name == "r"}
    assert "has no strategy one-a-secnd, did you mean one-a-second?" in said["Enforced"]
    assert "slowdown, did you mean slow-down?; until it has" in said["FallbackUnusable"]
