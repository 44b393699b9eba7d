"""What doctor and metrics say of calls that rules are about."""

from __future__ import annotations

from dataclasses import replace

from fairlead.agent.rules import calls_told, notes
from fairlead.cli.doctor.process import _call_facts
from fairlead.flow.call import Fault, Outcome
from fairlead.policy.balance import LEAST_REQUEST, Balance, Budget, Cluster, Outlier
from fairlead.policy.resilience import Injection, Retry
from fairlead.telemetry.counters import Counters
from fairlead.telemetry.names import (
    CALL_LATE,
    CALL_REPEATED,
    FAULT_INJECTED,
    INSTANCE_EJECTED,
    RETRY_REFUSED,
)
from tests.flow.lives import Life, Sender
from tests.flow.routes import call_route

ROUTE = call_route(
    rule="VirtualService/b http[0]", timeout=1.5, retry=Retry(attempts=2, on=("5xx",), per_try=0.5)
)
CLUSTER = Cluster(
    rule="DestinationRule/b",
    balance=Balance(algorithm=LEAST_REQUEST),
    outlier=Outlier(consecutive_5xx=2, most_ejected=50.0),
    budget=Budget(percent=0.0, least=1),
)


def test_what_happens_to_calls_is_counted_by_app():
    """An instance that is left out, and a budget that is spent, were seen by nobody."""
    life, counters = Life(("b1", ""), ("b2", ""), routes=[ROUTE], clusters=[CLUSTER]), Counters()
    life.engine.callees.note = notes(counters.count)
    for _ in range(30):
        life.call(lambda _: Outcome(status=503))
    found = counters.read()
    assert found[INSTANCE_EJECTED] == {"b": 1}
    assert found[CALL_REPEATED] == {"b": 10}
    assert found[RETRY_REFUSED]["b"] > 0

    def slow(_: object) -> Outcome:
        life.now += 2
        return Outcome(error=TimeoutError(), fault=Fault.TIMEOUT)

    life.call(slow)
    assert counters.read()[CALL_LATE] == {"b": 1}
    fault = Injection(status=503, abort_percent=100.0)
    life.apply(routes=[replace(ROUTE, injection=fault)])
    life.call(lambda _: Outcome(status=200), sender=Sender())
    assert counters.read()[FAULT_INJECTED] == {"b": 1}


def test_doctor_tells_the_rules_in_words_and_who_is_left_out():
    """By which rule, why, and until when."""
    life = Life(("b1", ""), ("b2", ""), routes=[ROUTE], clusters=[CLUSTER])
    for _ in range(6):
        life.call(lambda _: Outcome(status=500), "POST")
    out = next(one for one in calls_told(life.engine)[0]["left_out"])
    lines = list(_call_facts({"calls": calls_told(life.engine)}))
    cluster = (
        "DestinationRule/b: LEAST_REQUEST, the nearest first,"
        " leaves one out for 30 s after 2 failures in a row,"
        " 50% of them at most, repetitions 0% and 1 at least"
    )
    left_out = f"left out: {out['address']} (2 failures in a row, DestinationRule/b), back in 30 s"
    assert lines == [
        ("calling", "b.default: DestinationRule/b, VirtualService/b http[0]"),
        ("", "VirtualService/b http[0]: within 1.5 s, 2 repetitions for 5xx, each within 500 ms"),
        ("", cluster),
        ("", left_out),
    ]
