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
from fairlead.policy.rule import Rule
from tests.flow.virtual import World, pool

INTERPRETED, COMPILED = "interpreted", "compiled"
SHARED = ", shared"

_current = ContextVar("form", default=INTERPRETED)


def forms() -> tuple[str, ...]:
    """Return the forms there are; FAIRLEAD_PURE leaves the interpreted one."""
    pure = bool(os.environ.get("FAIRLEAD_PURE")) or isinstance(compiled(), str)
    alone = (INTERPRETED,) if pure else (INTERPRETED, COMPILED)
    return (*alone, *(f"{form}{SHARED}" for form in alone))


def use(form: str) -> None:
    """Make the worlds that follow of gates of this form."""
    _current.set(form)


def world(*rules: Rule, at: float, **options: Any) -> World:
    """Return gates with `rules` at the time `at`, in ms."""
    form = _current.get()
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
