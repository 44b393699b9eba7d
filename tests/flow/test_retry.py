"""What is sent again, for what, how soon, and how often."""

from __future__ import annotations

import pytest

from fairlead.flow.call import Fault, Inherited, Outcome
from fairlead.flow.retry import pause
from fairlead.policy.balance import Budget, Cluster
from fairlead.policy.resilience import ATTEMPT, RETRY, Retry
from tests.flow.lives import Life, Sender, always, broken, retrying

BROKEN = (Fault.RESET, Fault.DROPPED, Fault.TIMEOUT)


def test_a_call_is_sent_once_and_then_as_often_as_its_rule_says():
    """Attempts of a rule are repetitions, as in Istio: three requests reach the callee."""
    life = Life(routes=[retrying("5xx")])
    assert life.call(always(503)).status == 503
    assert len(life.sent) == 3
    assert life.last.attempts == 3


def test_what_ends_well_is_not_repeated():
    """The second answer is the caller's."""
    answers = iter((500, 200))
    life = Life(routes=[retrying("5xx")])
    assert life.call(lambda _: Outcome(status=next(answers))).status == 200
    assert len(life.sent) == 2


@pytest.mark.parametrize(
    ("on", "status", "sent"),
    [
        ("5xx", 500, 3),
        ("5xx", 599, 3),
        ("5xx", 404, 1),
        ("gateway-error", 500, 1),
        ("gateway-error", 502, 3),
        ("gateway-error", 504, 3),
        ("retriable-4xx", 409, 3),
        ("retriable-4xx", 429, 1),
        ("reset", 503, 1),
        ("connect-failure", 503, 1),
        ("retriable-status-codes", 418, 3),
        ("retriable-status-codes", 500, 1),
    ],
)
def test_an_answer_is_repeated_for_its_own_conditions(on, status, sent):
    """A reset is not a 503, and a 500 is no gateway's error."""
    life = Life(routes=[retrying(on, statuses=(418,))])
    life.call(always(status))
    assert len(life.sent) == sent


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize(
    ("on", "sent"),
    [("reset", 3), ("5xx", 3), ("gateway-error", 3), ("connect-failure", 1), ("retriable-4xx", 1)],
)
def test_no_answer_counts_as_a_reset(fault, on, sent):
    """Envoy takes it for one of the answers that it would have made of it."""
    life = Life(("b1", ""), routes=[retrying(on)])
    life.call(broken(fault))
    # Contract 13 sends an idempotent call once more by itself where a kept connection is dead.
    assert len(life.sent) == (sent if fault is not Fault.DROPPED else sent * 2)


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("on", ["reset", "5xx", "gateway-error"])
def test_what_was_sent_of_a_post_is_not_sent_again(fault, on):
    """An order that may have been taken must not be taken twice."""
    life = Life(routes=[retrying(on)])
    life.call(broken(fault), "POST")
    assert len(life.sent) == 1
    life.call(always(503), "POST")
    assert len(life.sent) == 2


def test_a_post_that_was_refused_is_sent_again():
    """Nothing of it has reached anybody."""
    life = Life(("b1", ""), routes=[retrying("connect-failure")])
    life.call(broken(Fault.REFUSED), "POST")
    assert len(life.sent) == 3


def test_a_rule_that_names_an_answer_repeats_a_post_for_it():
    """Its author knows that a 503 of this app means that nothing was done."""
    life = Life(routes=[retrying("retriable-status-codes", statuses=(503,))])
    life.call(always(503), "POST")
    assert len(life.sent) == 3


def test_a_rule_may_say_that_posts_are_safe():
    """Where the callee tells repetitions apart by a key."""
    life = Life(routes=[retrying("reset", "non-idempotent")])
    life.call(broken(), "POST")
    assert len(life.sent) == 3


@pytest.mark.parametrize(("code", "sent"), [(14, 3), (8, 3), (13, 1), (0, 1)])
def test_codes_of_grpc_are_named_one_by_one(code, sent):
    """What is named is repeated although every call of gRPC is a POST."""
    life = Life(routes=[retrying("unavailable", "resource-exhausted")])
    life.call(lambda _: Outcome(grpc=code, error=RuntimeError() if code else None), "POST")
    assert len(life.sent) == sent


def test_a_body_that_is_gone_is_not_sent_again():
    """A generator has been read; half of a body would be worse than an error."""
    life = Life(routes=[retrying("5xx")])
    life.call(always(503), sender=Sender(repeatable=False))
    assert len(life.sent) == 1
    life.call(broken(Fault.REFUSED), sender=Sender(repeatable=False))
    assert len(life.sent) > 2


def test_an_error_of_the_caller_is_not_repeated():
    """A body that cannot be encoded is not encoded better the second time."""
    life = Life(routes=[retrying("5xx", "reset")])
    life.call(broken(Fault.OTHER))
    assert len(life.sent) == 1


def test_another_instance_is_tried():
    """Who has just failed is the worst choice there is."""
    life = Life(routes=[retrying("5xx")])
    seen: list[str] = []

    def answer(call):
        seen.append(call.endpoint.address)
        return Outcome(status=503)

    life.call(answer)
    assert sorted(seen) == ["b1", "b2", "b3"]


def test_pauses_grow_and_are_a_part_of_their_length():
    """Callers that failed together do not come back together: 25 ms at first, as Envoy's."""
    rule = Retry(attempts=9)
    assert [pause(rule, attempt, 1.0) for attempt in (2, 3, 4, 5, 60)] == [
        0.025,
        pytest.approx(0.075),
        pytest.approx(0.175),
        0.25,
        0.25,
    ]
    assert pause(rule, 2, 0.0) == 0.0
    life = Life(routes=[retrying("5xx")])
    life.call(always(503))
    assert life.waits == [pytest.approx(0.0125), pytest.approx(0.0375)]


def test_an_attempt_has_a_time_of_its_own():
    """One slow instance must not use up the time of all."""
    life = Life(routes=[retrying("reset", per_try=0.3, timeout=1.0)])
    untils: list[float | None] = []

    def answer(call):
        untils.append(round(call.until - life.now, 3))
        life.now = call.until
        return broken(Fault.TIMEOUT)(call)

    life.call(answer)
    assert untils == [0.3, 0.3, pytest.approx(0.3, abs=0.06)]


def test_nothing_is_repeated_when_the_pause_would_outlast_the_call():
    """The caller gets the answer that there is instead of a timeout."""
    life = Life(routes=[retrying("5xx", timeout=0.01)])
    assert life.call(always(503)).status == 503
    assert len(life.sent) == 1


def test_attempts_are_counted_in_a_header():
    """So that a callee knows, as it does from Envoy."""
    life = Life(routes=[retrying("5xx")])
    life.call(always(503))
    assert [marks[ATTEMPT] for marks in life.marks] == ["1", "2", "3"]


@pytest.mark.parametrize("above", [Inherited(attempt=2), Inherited(attempt=1, spent=True)])
def test_what_is_repeated_above_is_not_repeated_here(above):
    """Four hops of three attempts would be eighty-one requests."""
    life = Life(routes=[retrying("5xx")])
    life.call(always(503), sender=Sender(above))
    assert len(life.sent) == 1
    assert life.marks[0][ATTEMPT] == str(above.attempt)
    assert (RETRY in life.marks[0]) == above.spent


def test_what_no_rule_is_about_carries_on_the_attempt():
    """A hop without a rule would hide from the next one that everything is repeated already."""
    life = Life()
    life.call(always(503), host="other", sender=Sender(Inherited(attempt=3, spent=True)))
    assert life.marks == [{ATTEMPT: "3", RETRY: "off"}]
    life.call(always(503), host="other")
    assert life.marks[-1] == {}


def test_who_has_spent_its_budget_says_so_for_a_while():
    """Of many hops only the first one goes on repeating."""
    cluster = Cluster(budget=Budget(percent=0.0, least=0))
    life = Life(routes=[retrying("5xx")], clusters=[cluster])
    life.call(always(503))
    assert len(life.sent) == 1
    life.call(always(503))
    assert life.marks[-1][RETRY] == "off"
    life.now += 1.5
    life.call(always(200))
    assert RETRY not in life.marks[-1]
