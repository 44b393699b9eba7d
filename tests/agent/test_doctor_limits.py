"""`fairlead doctor` on limits: what is counted in a process, and what no route is called."""

from __future__ import annotations

from dataclasses import replace

from fairlead.policy.encode import seal
from fairlead.policy.limit import RateLimit
from tests.agent.program import SERVE, STAY, await_registered
from tests.agent.test_doctor import doctor
from tests.agent.wire import snapshot


def test_limits_are_told_with_their_scope_and_those_that_name_no_route_are_wrong(launch, wire):
    """Whoever sees more requests pass than a rule allows looks here."""
    limits = tuple(
        RateLimit(
            rule="FaultToleranceRule/greet",
            strategy="RateLimitStrategy/s",
            resource=resource,
            threshold=2.0,
            window_ms=1500,
        )
        for resource in ("/greet1a", "GET:/greet1b")
    )
    wire.publish(seal(replace(snapshot(3), rate_limits=limits)))
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
