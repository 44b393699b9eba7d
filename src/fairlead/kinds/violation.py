"""What is wrong with an object, said to its author: where, what, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

Loc: TypeAlias = tuple[str | int, ...]
"""Path of a field: keys and list positions from the root of the object."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


def path_text(loc: Loc) -> str:
    """Spell a path the way its author thinks of it: ``spec.match[0].value``.

    A key with other characters stands in brackets: ``metadata.labels[example.com/team]``.
    """
    text = ""
    for part in loc:
        if isinstance(part, int) or not _PLAIN_KEY.fullmatch(part):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One fault at one field. `source` and `line` (from 1) are empty where no text was seen."""

    loc: Loc = ()
    message: str
    source: str = ""
    line: int = 0

    @property
    def path(self) -> str:
        """Path of the field, ``""`` for the object itself."""
        return path_text(self.loc)

    def __str__(self) -> str:
        place = ":".join(part for part in (self.source, str(self.line or "")) if part)
        return ": ".join(part for part in (place, self.path, self.message) if part)


class InvalidResource(Exception):
    """The author's fault: an object that breaks the rules of its kind. Carries every violation."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("\n".join(str(violation) for violation in self.violations))


def refusal(message: str) -> PydanticCustomError:
    """Return the error a validator raises to have `message` reported as it stands."""
    return PydanticCustomError("violation", "{message}", {"message": message})


def refusals(found: Iterable[tuple[Loc, str]]) -> ValidationError:
    """Return the error that reports several messages, each at its path below the field."""
    details = (
        InitErrorDetails(type=refusal(message), loc=loc, input=None) for loc, message in found
    )
    return ValidationError.from_exception_data("violations", list(details))
