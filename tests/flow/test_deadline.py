"""How long a call may take, and what it says of it to whom it calls."""

from __future__ import annotations

from contextlib import suppress
from math import inf

import pytest

from fairlead.flow.call import Call, Fault, Inherited, Injected, Late, Outcome
from fairlead.flow.steps import Wait
from fairlead.policy.resilience import DEADLINE, Injection
from tests.flow.lives import RULE, Life, Sender, always, broken, retrying
from tests.flow.routes import call_route

HALF = call_route(rule=RULE, timeout=0.5)


def test_a_call_is_told_when_it_is_to_be_given_up():
    """The driver cannot be interrupted by a generator: it has to know beforehand."""
    life = Life(routes=[HALF])
    life.call(always())
    assert life.sent[0].until == 100.5
    assert life.marks[0][DEADLINE] == "500"


def test_without_a_timeout_nothing_is_said():
    """No rule, no header."""
    life = Life(routes=[call_route(rule=RULE)])
    life.call(always())
    assert life.sent[0].until is None
    assert life.marks == [{}]


@pytest.mark.parametrize(("above", "left"), [(0.2, "200"), (7.0, "500"), (inf, "500")])
def test_the_request_that_it_is_made_for_has_less_time_or_not(above, left):
    """Nobody waits for an answer longer than its caller does."""
    life = Life(routes=[HALF])
    life.call(always(), sender=Sender(Inherited(until=100.0 + above)))
    assert life.marks[0][DEADLINE] == left


def test_what_no_rule_is_about_passes_the_time_on():
    """Three hops, one rule: the last one knows, too."""
    life = Life()
    life.call(always(), host="other", sender=Sender(Inherited(until=101.0)))
    assert life.marks == [{DEADLINE: "1000"}]


def test_nothing_is_sent_when_the_time_is_over():
    """Work that nobody waits for keeps others waiting."""
    life = Life(routes=[HALF])
    outcome = life.call(always(), sender=Sender(Inherited(until=99.0)))
    assert isinstance(outcome.error, Late)
    assert outcome.fault is Fault.TIMEOUT
    assert life.sent == []


def test_the_next_endpoint_has_what_is_left():
    """A connection that took a second to be refused has used it up."""
    life = Life(routes=[HALF])

    def answer(call):
        life.now += 0.125
        return broken(Fault.REFUSED)(call)

    outcome = life.call(answer)
    assert [marks[DEADLINE] for marks in life.marks] == ["500", "375", "250"]
    assert outcome.fault is Fault.REFUSED


def test_attempts_share_the_time_of_their_call():
    """A caller that waits a second must not wait for three."""
    life = Life(routes=[retrying("5xx", timeout=0.5)])

    def answer(call):
        life.now += 0.3
        return Outcome(status=503)

    assert life.call(answer).status == 503
    assert len(life.sent) == 2


def test_a_delay_on_purpose_is_no_part_of_the_time():
    """As in Envoy, where the filter of faults comes before the router."""
    injection = Injection(delay=2.0, delay_percent=100.0)
    life = Life(routes=[call_route(rule=RULE, timeout=0.5, injection=injection)])
    assert life.call(always()).status == 200
    assert life.waits == [2.0]
    assert life.marks[0][DEADLINE] == "500"


def test_an_abort_on_purpose_reaches_nobody():
    """It is an answer, and it is not repeated."""
    retry = retrying("5xx").retry
    injection = Injection(status=503, abort_percent=50.0)
    life = Life(routes=[call_route(rule=RULE, retry=retry, injection=injection)])
    life.dice = iter([0.4, 0.6, *[0.9] * 20])
    seen = [life.call(always()).error for _ in range(2)]
    assert len(life.sent) == seen.count(None)
    assert [one.status for one in seen if isinstance(one, Injected)] == [503]


def test_a_share_of_nothing_is_nothing():
    """A percentage that is left out is 0 in Istio."""
    life = Life(routes=[call_route(rule=RULE, injection=Injection(delay=1.0, status=500))])
    assert life.call(always()).status == 200
    assert life.waits == []


def test_a_call_that_waits_for_an_instance_has_no_more_time():
    """The wait_for_ready of gRPC ends with the deadline, which its own clock knows."""
    life = Life(routes=[HALF])
    call = Call("b", "POST", "")
    call.sending, call.waits = Sender(), lambda: call.deadline - life.now
    steps = life.engine.plan.patient(call)
    effect = next(steps)
    with suppress(StopIteration):
        while True:
            if isinstance(effect, Wait):
                life.now += effect.seconds
                effect = steps.send(None)
            else:
                effect = steps.send(broken(Fault.REFUSED)(call))
    assert life.now >= 100.5
