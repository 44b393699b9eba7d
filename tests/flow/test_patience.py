"""A call that waits for an endpoint tries again, by the latest rules, as long as it says."""

from __future__ import annotations

import pytest

from fairlead.flow.call import Call, Fault, Outcome
from fairlead.flow.patience import LONGEST_PAUSE, Patience
from fairlead.flow.steps import Send, Steps, Wait, send

REFUSED = Outcome(error=ConnectionError(), fault=Fault.REFUSED)


def waiting(*left: float) -> tuple[Call, Steps]:
    """Return a call that says these times, one after the other, and its steps."""
    call, times = Call("b", "POST", ""), iter(left)
    call.waits = lambda: next(times)
    patience = Patience()
    steps = patience.flow(call)
    patience.latest = send  # as an engine does when it applies a snapshot
    return call, steps


def ended(steps: Steps, answer: Outcome) -> Outcome:
    """Give `steps` what ends them; return what comes of it."""
    with pytest.raises(StopIteration) as done:
        steps.send(answer)
    outcome: Outcome = done.value.value
    return outcome


def test_a_call_that_does_not_wait_is_tried_once() -> None:
    """Most do not."""
    steps = Patience().flow(Call("b", "POST", ""))
    assert isinstance(next(steps), Send)
    assert ended(steps, REFUSED) is REFUSED


def test_a_call_waits_longer_each_time_until_somebody_accepts_it() -> None:
    """Nothing was sent, so that nothing is sent twice."""
    _, steps = waiting(*[60.0] * 8)
    answered = Outcome("here")
    pauses = []
    next(steps)
    for _ in range(8):
        pause = steps.send(REFUSED)
        assert isinstance(pause, Wait)
        pauses.append(pause.seconds)
        assert isinstance(steps.send(None), Send)
    assert ended(steps, answered) is answered
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


def test_a_call_whose_time_is_over_is_not_tried_again() -> None:
    """The last pause is no longer than what is left."""
    _, steps = waiting(0.01, 0.0)
    next(steps)
    pause = steps.send(REFUSED)
    assert isinstance(pause, Wait)
    assert pause.seconds == 0.01
    next(steps)
    assert ended(steps, REFUSED) is REFUSED


def test_an_error_of_a_call_that_was_sent_ends_it() -> None:
    """The other side may have begun to serve it."""
    _, steps = waiting(60.0)
    next(steps)
    failed = Outcome(error=OSError())
    assert ended(steps, failed) is failed
