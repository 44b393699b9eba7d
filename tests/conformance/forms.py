"""The forms of the gate: each case is tried against each that this process can have.

Both also with what is counted in memory that workers share, of whom there is one.
"""

from __future__ import annotations

import os
import tempfile
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from fairlead.flow.form import compiled
from fairlead.flow.hot import Hot
from fairlead.flow.shape import WarmUpShape
from fairlead.policy import flow_rules
from fairlead.policy.limit import HotLimit, WarmUp
from fairlead.policy.rule import Rule
from tests.conformance import go_form
from tests.flow.virtual import World, pool

INTERPRETED, COMPILED, GO = "interpreted", "compiled", "Go"
SHARED = ", shared"

_current = ContextVar("form", default=INTERPRETED)


def forms() -> tuple[str, ...]:
    """Return the forms there are: FAIRLEAD_PURE leaves the interpreted one, FORM=Go that of Go."""
    if only := os.environ.get("FORM"):
        return (only,)
    pure = bool(os.environ.get("FAIRLEAD_PURE")) or isinstance(compiled(), str)
    alone = (INTERPRETED,) if pure else (INTERPRETED, COMPILED)
    go = () if pure or go_form.missing() else (GO,)
    return (*alone, *(f"{form}{SHARED}" for form in alone), *go)


def use(form: str) -> None:
    """Make the worlds that follow of gates of this form."""
    _current.set(form)


def is_go() -> bool:
    """Tell whether what follows is asked of the Go agent."""
    return _current.get() == GO


def values(rule: HotLimit) -> Any:
    """Return what a rule keeps of values (flow.hot.Hot)."""
    return go_form.GoHot(rule) if is_go() else Hot(rule)


def warming(threshold: float, window_ms: int, warm_up: WarmUp) -> Any:
    """Return a threshold that rises (flow.shape.WarmUpShape)."""
    made = go_form.GoShape if is_go() else WarmUpShape
    return made(threshold, window_ms, warm_up)


def problem(rule: Rule) -> str | None:
    """Return why a rule cannot be enforced (policy.flow_rules.problem)."""
    return go_form.problem(rule) if is_go() else flow_rules.problem(rule)


def world(*rules: Rule, at: float, **options: Any) -> World:
    """Return gates with `rules` at the time `at`, in ms."""
    form = _current.get()
    if form == GO:
        return go_form.GoWorld(*rules, at=at, **options)
    pure = form.removesuffix(SHARED) == INTERPRETED
    if not form.endswith(SHARED):
        made = World(*rules, at=at, pure=pure, **options)
    else:
        with tempfile.TemporaryDirectory() as folder:  # what is mapped stays
            made = World(*rules, at=at, pure=pure, pool=pool(Path(folder)), **options)
            assert made.gates.pool is not None
            made.gates.pool.open()
    assert bool(made.gates.interpreted) == pure
    return made
