"""Calls that a rule answers itself."""

from __future__ import annotations

import pickle

from fairlead.flow.call import Answered
from fairlead.policy.balance import Cluster, Outlier
from fairlead.policy.resilience import Retry
from fairlead.policy.routing.action import Answer
from tests.flow.lives import RULE, Life, always
from tests.flow.routes import call_route


def test_what_a_rule_answers_is_nobodys_failure():
    """It is sent to nobody, not even when the answer is one that is repeated elsewhere."""
    retry = Retry(attempts=2, on=("5xx",))
    route = call_route(rule=RULE, retry=retry, answer=Answer(status=503, body="closed"))
    life = Life(routes=[route], clusters=[Cluster(outlier=Outlier(consecutive_5xx=1))])
    outcome = life.call(always())
    assert (outcome.status, life.sent) == (503, [])
    assert isinstance(outcome.error, Answered)
    copy = pickle.loads(pickle.dumps(outcome.error))
    assert (str(copy), copy.text, copy.status) == (str(outcome.error), "closed", 503)
