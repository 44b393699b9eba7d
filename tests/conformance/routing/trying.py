"""The cases as parameters of a runner's tests."""

from __future__ import annotations

import pytest

from tests.conformance.routing.corpus import groups
from tests.conformance.routing.outcome import differences
from tests.conformance.routing.runners import Refused, Runner, declared


def honoured(name: str) -> list[object]:
    """Return the cases that have to hold; a single one that is declared not to has to fail."""
    runner = declared()[name]
    return [
        pytest.param(
            group,
            case,
            id=case.id,
            marks=[pytest.mark.xfail(reason=runner.limits[case.id], strict=True)]
            if case.id in runner.limits
            else [],
        )
        for group in groups()
        if not runner.lacks.keys() & set(group.needs)
        for case in group.cases
    ]


def holds(runner: Runner, feature: str) -> bool:
    """Tell whether all cases of a feature hold."""
    try:
        return not any(
            differences(case, runner.ask(group, case))
            for group in groups()
            if feature in group.needs
            for case in group.cases
        )
    except Refused:
        return False
