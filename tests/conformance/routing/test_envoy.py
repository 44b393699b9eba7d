"""What the cases expect is what Envoy does."""

from __future__ import annotations

import pytest

from tests.conformance.routing.corpus import Case, Group
from tests.conformance.routing.envoy.judge import Judge
from tests.conformance.routing.outcome import differences
from tests.conformance.routing.trying import honoured


@pytest.mark.parametrize(("group", "case"), honoured("envoy"))
def test_envoy_does_what_a_case_says(envoy: Judge, group: Group, case: Case):
    """Envoy is the judge: a case that it does not agree with is wrong."""
    assert differences(case, envoy.ask(group, case)) == []
