"""`fairlead doctor` on rules: what is counted in a process, and what no route is called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fairlead.agent.rules import MOST_RULES
from fairlead.cli.doctor.diagnosis import unmatched
from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.encode import seal
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Window
from tests.agent.program import SERVE, STAY, await_registered
from tests.agent.test_doctor import doctor
from tests.agent.wire import snapshot

WINDOW = Window(threshold=1.0, window_ms=1000)


def test_limits_are_told_with_their_scope_and_those_that_name_no_route_are_wrong(launch, wire):
    """Whoever sees more requests pass than a rule allows looks here."""
    limits = tuple(
        RateLimit(
            rule="FaultToleranceRule/greet",
            strategy="RateLimitStrategy/s",
            resource=resource,
            windows=(Window(threshold=2.0, window_ms=1500),),
        )
        for resource in ("/greet1a", "GET:/greet1b")
    )
    wire.publish(seal(replace(snapshot(3), flow=FlowRules(rate_limits=limits))))
    program = launch(
        "from flask import Flask\napp = Flask('shop')\napp.add_url_rule('/greet1a', view_func=id)\n"
        + SERVE
        + STAY
    )
    await_registered(wire, program.line())

    done = doctor(launch, str(program.pid))

    facts = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "rule /greet1a: 2 in 1.5 s, on this host (FaultToleranceRule/greet)" in facts
    assert done.returncode == 1
    assert "a rule guards GET:/greet1b, which the application has not" in done.stdout
    assert "did you mean GET:/greet1a?" in done.stdout
    assert wire.registrations[-1]["unmatched"] == {"GET:/greet1b": "GET:/greet1a"}


def test_many_limits_are_told_in_short_and_routes_that_fail_do_not_silence_doctor(launch, wire):
    """It is asked when something is wrong; ten thousand lines, or none, are no answer."""
    limits = tuple(
        RateLimit(
            rule="r",
            strategy="s",
            resource=f"/{n}",
            windows=(Window(threshold=1.0, window_ms=1000),),
        )
        for n in range(MOST_RULES + 50)
    )
    wire.publish(seal(replace(snapshot(3), flow=FlowRules(rate_limits=limits))))
    program = launch(
        "from flask import Flask\napp = Flask('shop')\napp.url_map.iter_rules = None\n"
        + SERVE
        + STAY
    )
    await_registered(wire, program.line())
    facts = [
        " ".join(line.split()) for line in doctor(launch, str(program.pid)).stdout.splitlines()
    ]
    assert sum(line.startswith("rule /") for line in facts) == MOST_RULES
    assert "rule and 50 more" in facts


CALLS = """
sys.stdin.readline()
gate = agent.engine.gates.gate("price")
first, second = gate.enter(), gate.enter()
first.exit(failed=True)
print(second.refused is not None, flush=True)
"""


def test_every_sort_of_rule_is_told_in_words_with_what_its_resource_has_seen(launch, wire):
    """Why is this call rejected, and how many wait: whoever asks has no dashboard at hand."""
    names: dict[str, Any] = {"rule": "FlowControl/prices", "resource": "price"}
    flow = FlowRules(
        rate_limits=(RateLimit(**names, strategy="strategies[0].rateLimit", windows=(WINDOW,)),),
        breakers=(
            CircuitBreaker(
                **names,
                strategy="strategies[1].circuitBreaker",
                strategy_kind="error-count",
                threshold=1.0,
                min_requests=1,
                window_ms=60_000,
                recovery_ms=60_000,
            ),
        ),
    )
    wire.publish(seal(replace(snapshot(3), flow=flow)))
    program = launch(SERVE + CALLS + STAY)
    await_registered(wire, program.line())
    program.process.stdin.write("\n")
    program.process.stdin.flush()
    assert program.line() == "True"

    done = doctor(launch, str(program.pid))

    facts = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "rule price: 1 in 1 s, on this host (FlowControl/prices)" in facts
    opens = "opens for 60 s at 1 errors of 1 or more calls in 60 s"
    assert f"rule price: {opens}, on this host (FlowControl/prices)" in facts
    seen = "calls price: 1 passed, 1 rejected, strategies[1].circuitBreaker open"
    assert seen in facts
    assert "a rule guards price, which the application has not" in done.stdout
    assert "→ correct the target of the rule: the name that fairlead.guard is given" in done.stdout


def test_a_function_that_a_guard_names_is_told_of_as_there(launch, wire):
    """And one that none names with the one that may be meant."""
    flow = FlowRules(
        concurrency_limits=tuple(
            ConcurrencyLimit(rule="r", strategy="s", resource=resource, most=3)
            for resource in ("reserve-stock", "reserve-stok")
        )
    )
    wire.publish(seal(replace(snapshot(3), flow=flow)))
    guarded = "import fairlead\nfairlead.guard('reserve-stock')(print)\n"
    program = launch(f"{guarded}{SERVE}{STAY}")
    await_registered(wire, program.line())
    assert wire.registrations[-1]["unmatched"] == {"reserve-stok": "reserve-stock"}


def test_a_database_is_there_once_it_was_connected_to_and_doctor_tells_of_another(
    launch, wire, tmp_path
):
    """Before any rule concerned it, and never with the statements that were sent."""
    flow = FlowRules(
        concurrency_limits=tuple(
            ConcurrencyLimit(rule="r", strategy="s", resource=resource, most=3)
            for resource in ("sql:shop", "sql:shopp:SELECT secret", "sql:shopp")
        )
    )
    wire.publish(seal(replace(snapshot(3), flow=flow)))
    connected = f"import sqlite3\nopened = sqlite3.connect({str(tmp_path / 'shop.db')!r})\n"
    program = launch(f"{connected}{SERVE}{STAY}")
    await_registered(wire, program.line())
    assert wire.registrations[-1]["unmatched"] == {"sql:shopp": "sql:shop"}

    done = doctor(launch, str(program.pid))

    assert "a rule guards sql:shopp, which the application has not, did you mean" in done.stdout
    assert "→ correct the target of the rule: sql: and the database's name" in done.stdout


@pytest.mark.parametrize(
    ("named", "meant", "python", "remedy"),
    [
        ("price", "", "3.11.2", "the name that fairlead.guard is given"),
        ("price", "", "go1.26.8", "a program in Go has no functions with names"),
        ("GET /users/{id}", "GET:/users/{id}", "go1.26.8", "METHOD:/template"),
    ],
)
def test_the_remedy_for_a_rule_in_vain_is_one_of_its_language(named, meant, python, remedy):
    (told,) = unmatched({"unmatched": {named: meant}, "python": python})
    assert remedy in told.remedy
