"""The shared cases hold, against each form of the gate."""

from __future__ import annotations

import pytest

from tests.conformance.case import Case, read
from tests.conformance.forms import forms
from tests.conformance.verdict import SKIPPED, judge


@pytest.mark.parametrize("form", forms())
@pytest.mark.parametrize("case", read(), ids=lambda case: case.id)
def test_the_engine_does_what_a_case_says(case: Case, form: str):
    """Each is derived from a test or the code of the project that it names."""
    verdict = judge(case, form)
    if verdict.result == SKIPPED:
        pytest.skip(verdict.reason)
    assert verdict.reason == ""
