"""The base of every spec, and the types of fields that several kinds share.

Types refuse; they do not repair. The one change they make is to text: an integer becomes the text
it is compared as (contract 11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from fairlead.kinds import names
from fairlead.kinds.violation import refusal
from fairlead.policy.workload import BASE, lane_name

INT64 = 1 << 63


class Spec(BaseModel):
    """A part of an object as its author writes it. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    elsewhere: ClassVar[Mapping[str, str]] = {}
    """Fields that authors look for here, each with where it stands."""


def match_text(value: Any) -> str:
    """Return the text that `value` is compared as, or raise.

    Strings and integers only: other tools re-spell the rest before anybody here sees it, kubectl
    sends ``1.10`` as ``1.1`` and an integer beyond 64 bits as ``1e+20``.
    """
    if isinstance(value, str):
        problem = names.printable(value)
        if problem:
            raise refusal(problem)
        return value
    if type(value) is int and -INT64 <= value < INT64:
        return str(value)
    if isinstance(value, dict | list | tuple):
        raise refusal(f"must be a string or an integer, got {described(value)}")
    raise refusal(f"{described(value)} is neither a string nor an integer: quote the value")


def described(value: Any) -> str:
    """Name the type of a value as an author of YAML would, with the value where it is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int):
        return "an integer beyond 64 bits" if abs(value) >= INT64 else f"the integer {value}"
    if isinstance(value, float):
        return f"the number {value!r}"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, dict):
        return "a map"
    return "a list" if isinstance(value, list | tuple) else type(value).__name__


def checked(check: Callable[[str], str | None]) -> AfterValidator:
    """Return a validator that refuses the text that `check` finds a problem with."""

    def validate(text: str) -> str:
        problem = check(text)
        if problem:
            raise refusal(problem)
        return text

    return AfterValidator(validate)


def lane_problem(text: str) -> str | None:
    """Say why `text` names no lane other than base, or return None."""
    lane = lane_name(text)
    if lane == BASE:
        return f"{text!r} means base: name a lane that traffic can be put on"
    if lane is None:
        return names.label_value(text) or f"{text!r} can name no lane"
    return None


INT_OR_STRING = {"x-kubernetes-int-or-string": True}

MatchText: TypeAlias = Annotated[str, BeforeValidator(match_text), WithJsonSchema(INT_OR_STRING)]
"""Text to compare with; an integer is compared as its decimal text."""

Lane: TypeAlias = Annotated[str, checked(lane_problem)]
"""Name of a lane other than base."""

Labels: TypeAlias = dict[
    Annotated[str, checked(names.qualified_key)], Annotated[str, checked(names.label_value)]
]
"""Labels: keys and values of Kubernetes' syntax."""

Token: TypeAlias = Annotated[str, checked(names.token)]
"""Name of a header, or of anything else with the syntax of one."""
