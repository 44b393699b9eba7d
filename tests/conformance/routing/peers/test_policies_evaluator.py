"""Policies, compiled, are decided by our evaluator as the cases say."""

from __future__ import annotations

import pytest

from tests.conformance.routing.corpus import Case
from tests.conformance.routing.outcome import differences
from tests.conformance.routing.peers.corpus import FEATURES, Policies, policies
from tests.conformance.routing.peers.evaluator import Evaluator
from tests.conformance.routing.runners import declared
from tests.conformance.routing.trying import holds, honoured

EVALUATOR = Evaluator()
KNOWN = declared(FEATURES)


@pytest.mark.parametrize(("group", "case"), honoured("evaluator", policies(), KNOWN))
def test_policies_are_decided_as_a_case_says(group: Policies, case: Case):
    assert differences(case, EVALUATOR.ask(group, case)) == []


@pytest.mark.parametrize("feature", sorted(KNOWN["evaluator"].lacks))
def test_what_is_declared_missing_is_missing(feature: str):
    assert not holds(EVALUATOR.ask, feature, policies())
