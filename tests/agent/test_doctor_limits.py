"""`fairlead doctor` on limits: what is counted in a process, and what no route is called."""

from __future__ import annotations

from dataclasses import replace

from fairlead.agent.describe import MOST_RATES
from fairlead.policy.encode import seal
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import RateLimit, Window
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
    assert "limit /greet1a: 2 in 1.5 s, in this process (FaultToleranceRule/greet)" in facts
    assert done.returncode == 1
    assert "a rule limits GET:/greet1b, which the application has not" in done.stdout
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
        for n in range(MOST_RATES + 50)
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
    assert sum(line.startswith("limit /") for line in facts) == MOST_RATES
    assert "limit and 50 more" in facts
