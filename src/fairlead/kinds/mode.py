"""Whether one rule is in force: ``mode: off | simulate | on``.

YAML 1.1 reads a bare ``on`` and ``off`` as booleans, and so does what kubectl sends.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from fairlead.kinds.kind import Column, Plain, child
from fairlead.kinds.spec import described
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import refusal
from fairlead.policy.rule import ENFORCE, OFF, SIMULATE

MODES = (OFF, SIMULATE, ENFORCE)


def mode_text(value: Any) -> Any:
    """Return the mode that `value` spells, or `value` where it spells none."""
    return {True: ENFORCE, False: OFF}[value] if isinstance(value, bool) else value


def _mode(value: Any) -> str:
    mode = mode_text(value)
    if not isinstance(mode, str):
        raise refusal(f"must be one of {', '.join(MODES)}, got {described(value)}")
    if mode not in MODES:
        raise refusal(choose("mode", mode, MODES))
    return mode


Mode: TypeAlias = Annotated[
    str,
    BeforeValidator(_mode),
    WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True}),
]
"""One of MODES; a boolean is what YAML makes of a bare ``on`` or ``off``."""

DESCRIPTION = (
    "on rejects; simulate counts what it would reject and rejects nothing; off has no effect. on "
    "if left out."
)


def mode_of(plain: Plain) -> str:
    """Return the mode that an object is written with, for a table."""
    return str(mode_text(child(plain, "spec").get("mode", ENFORCE)))


MODE = Column(
    name="Mode", description="Whether it is in force.", cell=lambda plain, _: mode_of(plain)
)
