"""The answer that a rule names or describes, in all the spellings there are.

A name (the documents), a map of name and kind (the protocol), or the action itself: as in an
HttpRequestFallbackAction, or as in a policy of policy.opensergo.io.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from fairlead.kinds.envelope import FallbackAction, action_violations
from fairlead.kinds.http_request_fallback_action import (
    HttpRequestFallbackActionSpec,
    answer_violations,
)
from fairlead.kinds.names import object_name
from fairlead.kinds.spec import described
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Loc, Violation, refusal

FALLBACKS = ("HttpRequestFallbackAction",)

_NAMED = {"name", "kind"}


Choice: TypeAlias = str | HttpRequestFallbackActionSpec | FallbackAction


def _fallback(value: Any) -> Choice:
    if isinstance(value, dict) and _inline(value):
        return HttpRequestFallbackActionSpec.model_validate(value)
    if isinstance(value, dict) and "http" in value:
        return FallbackAction.model_validate(value)
    if isinstance(value, dict):
        if unknown := value.keys() - _NAMED:
            raise refusal(
                f"unknown field {min(map(str, unknown))}; allowed: name, kind, or behavior and "
                "behaviorDesc"
            )
        kind = value.get("kind", FALLBACKS[0])
        if kind not in FALLBACKS:
            raise refusal(choose("kind", str(kind), FALLBACKS))
        value = value.get("name")
    if not isinstance(value, str):
        raise refusal(f"must name an HttpRequestFallbackAction, got {described(value)}")
    problem = object_name(value)
    if problem:
        raise refusal(problem)
    return value


def _inline(value: dict[Any, Any]) -> bool:
    return "behavior" in value or "behaviorDesc" in value


FallbackChoice: TypeAlias = Annotated[
    Choice,
    BeforeValidator(_fallback),
    WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True}),
]
"""The name of an answer, or the answer."""


def violations(raw: Any, loc: Loc) -> Iterator[Violation]:
    """Check what was typed for an answer that stands in a rule, at `loc`."""
    if isinstance(raw, dict) and _inline(raw):
        yield from answer_violations(raw, loc)
    elif isinstance(raw, dict):
        yield from action_violations(raw, loc)
