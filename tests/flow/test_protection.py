"""The gate of a process: rules that come and go, priorities, exceptions, and who is inside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fairlead.flow.engine import Engine
from fairlead.flow.overload.protection import PASSES, Load, Protection
from fairlead.policy.governance import OBSERVE, OFF
from fairlead.policy.overload import ADAPTIVE, BBR, KRATOS_BBR, PID, PLAIN, Priority
from fairlead.policy.overload import OverloadProtection as Rule
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot

RULE = Rule(rule="AdaptiveOverloadProtectionStrategy/x", strategy="spec", threshold=0.8)
BUSY = Load(cpu=1.0)


def nothing(name):
    return None


def protection(**changes):
    """Return one with a rule, in a process that has been busy for ten seconds."""
    made = Protection()
    made.apply(replace(RULE, **changes))
    for step in range(100):
        made.sample(step / 10, BUSY)
    return made


def enter(made, path="/orders", header=nothing, now=10.0):
    return made.enter(now, path, header, 0.0)


def test_a_busy_process_rejects_with_the_rule_and_a_reason_of_its_own():
    """A caller, and whoever reads its log, has to know that it was the instance's strength."""
    made = protection()
    assert enter(made) is None
    refused = enter(made).refused
    assert (refused.rule.rule, refused.reason) == (RULE.rule, "overload")
    assert (refused.body, refused.fallback.status) == ("too busy: instance", 429)
    assert (made.inside, made.passed, made.rejected) == (1, 1, 1)
    made.leave(10.0, 11.0)
    assert made.inside == 0


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/livez/", "/readyz/db", "/grpc.health.v1.Health/Check", "/own/x"],
)
def test_health_checks_and_exceptions_are_never_rejected(path):
    """An orchestrator that gets no answer kills the instance, and the others have its load too."""
    made = protection(exceptions=("/own/*",))
    enter(made)
    assert enter(made, path) is PASSES
    assert made.inside == 1


def test_what_only_simulates_counts_and_rejects_nothing():
    """A rule is tried before it is trusted."""
    made = protection(mode="simulate")
    enter(made)
    verdict = enter(made)
    assert verdict.refused is None
    assert verdict.simulated.reason == "overload"
    assert (made.simulated, made.rejected, made.inside) == (1, 0, 1)


def test_low_priority_goes_first_and_high_priority_last():
    """What nobody waits for is not to take the place of a purchase."""
    low, high = (
        Priority(level="low", header="x-use", values=("batch",)),
        Priority(level="high", paths=("/pay",)),
    )
    made = protection(kind=BBR, priorities=(low, high))
    for step in range(100):
        made._strategy.ended(9.9 + step / 1000, 0.1)  # 200 a second, 0.1 s each: room for 20

    def admitted(path, header=nothing):
        number = 0
        while enter(made, path, header) is None:
            number += 1
        return number

    assert admitted("/orders", {"x-use": "batch"}.get) == 11  # ten, and who asks
    assert admitted("/orders") == 5
    assert admitted("/pay") == 5


@pytest.mark.parametrize("load", [Load(memory=0.97), Load(descriptors=0.97)])
def test_low_priority_is_not_served_where_memory_or_descriptors_run_out(load):
    """Both are nobody's to wait for: what is served is what matters."""
    made = protection(priorities=(Priority(level="low", paths=("/reports/*",)),))
    made.sample(20.0, load)
    for step in range(100):
        made.sample(20 + step / 10, load)
    assert enter(made, "/reports/x").refused is not None
    assert enter(made, "/orders") is None


@pytest.mark.parametrize("kind", [PLAIN, BBR, KRATOS_BBR, PID, ADAPTIVE])
def test_every_strategy_can_be_had(kind):
    """What can be written can be enforced."""
    made = protection(kind=kind)
    results = [enter(made, now=10 + step / 1000) for step in range(200)]
    assert results[0] is None or kind == PID
    assert made.rejected == sum(one is not None for one in results)


def test_a_request_of_the_parent_is_nobodys_in_a_forked_process():
    """A worker would count one that never ends there."""
    made = protection()
    enter(made)
    made.begin_again(12.0)
    made.leave(10.0, 13.0)
    assert made.inside == 0


def test_an_engine_puts_a_rule_in_force_and_takes_it_away():
    """Gates of resources have nothing to do with it: where nobody asks them, nobody does still."""
    engine = Engine(clock=lambda: 1.0, dice=lambda: 0.5)
    told = []
    engine.overload.changed = lambda: told.append(engine.overload.on)
    engine.apply(Snapshot(overload=RULE))
    assert (engine.overload.on, engine.gates.idle) == (True, True)
    engine.apply(Snapshot(overload=RULE, governance=OBSERVE))
    assert engine.overload.rule == replace(RULE, mode="simulate")
    engine.apply(Snapshot(overload=RULE, governance=OFF))
    assert not engine.overload.on
    assert told == [True, False]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "x"},
        {"measure": "x"},
        {"measure": "memory", "kind": BBR},
        {"threshold": 0.0},
        {"threshold": float("nan")},
        {"mode": "off"},
        {"exceptions": ("/x" * 1000,)},
        {"priorities": (Priority(level="middle"),)},
    ],
)
def test_a_rule_that_cannot_be_enforced_is_refused(change):
    """An agent that took it would reject everybody, or nobody."""
    with pytest.raises(InvalidSnapshot, match="overload: "):
        Snapshot(overload=replace(RULE, **change)).check()


@pytest.mark.parametrize("kind", [PLAIN, BBR, KRATOS_BBR, PID, ADAPTIVE])
def test_who_sees_nothing_any_more_rejects_nobody(kind):
    """A fault of the sampler is not to be an outage; a rule that comes anew begins anew."""
    made = protection(kind=kind)
    made.blind()
    assert all(made.enter(20.0, "/orders", nothing, 5.0) is None for _ in range(2000))
    made.apply(replace(made.rule, threshold=0.7))
    assert all(made.enter(20.0, "/orders", nothing, 5.0) is None for _ in range(2000))
    made.begin(1.0)
    for step in range(600):
        made.sample(30 + step / 10, BUSY)
    assert [made.enter(90.0, "/orders", nothing, 0.0) for _ in range(2000)][-1] is not None
