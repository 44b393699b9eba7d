"""The cases as parameters of a runner's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest

from tests.conformance.routing.corpus import Case, groups
from tests.conformance.routing.outcome import Outcome, differences
from tests.conformance.routing.runners import Declared, Refused, declared


def honoured(
    name: str, every: Iterable[Any] | None = None, known: Mapping[str, Declared] | None = None
) -> list[Any]:
    """Return the cases that have to hold; a single one that is declared not to has to fail."""
    runner = (declared() if known is None else known)[name]
    return [
        pytest.param(
            group,
            case,
            id=case.id,
            marks=[pytest.mark.xfail(reason=runner.limits[case.id], strict=True)]
            if case.id in runner.limits
            else [],
        )
        for group in (groups() if every is None else every)
        if not runner.lacks.keys() & set(group.needs)
        for case in group.cases
    ]


def holds(
    ask: Callable[[Any, Case], Sequence[Outcome]], feature: str, every: Iterable[Any] | None = None
) -> bool:
    """Tell whether all cases of a feature hold."""
    try:
        return not any(
            differences(case, ask(group, case))
            for group in (groups() if every is None else every)
            if feature in group.needs
            for case in group.cases
        )
    except Refused:
        return False
