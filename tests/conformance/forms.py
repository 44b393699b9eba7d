"""The two forms of the gate: each case is tried against each that this process can have."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import Any

from fairlead.flow.form import compiled
from fairlead.policy.rule import Rule
from tests.flow.virtual import World

INTERPRETED, COMPILED = "interpreted", "compiled"

_current = ContextVar("form", default=INTERPRETED)


def forms() -> tuple[str, ...]:
    """Return the forms there are; FAIRLEAD_PURE leaves the interpreted one."""
    pure = bool(os.environ.get("FAIRLEAD_PURE")) or isinstance(compiled(), str)
    return (INTERPRETED,) if pure else (INTERPRETED, COMPILED)


def use(form: str) -> None:
    """Make the worlds that follow of gates of this form."""
    _current.set(form)


def world(*rules: Rule, at: float, **options: Any) -> World:
    """Return gates with `rules` at the time `at`, in ms."""
    made = World(*rules, at=at, pure=_current.get() == INTERPRETED, **options)
    assert bool(made.gates.interpreted) == (_current.get() == INTERPRETED)
    return made
