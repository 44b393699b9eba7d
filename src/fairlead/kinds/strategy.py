"""What strategies have in common: whether they act, and whose calls they count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema

from fairlead.kinds.kind import Plain, Rule, child
from fairlead.kinds.mode import DESCRIPTION, Mode
from fairlead.kinds.names import printable
from fairlead.kinds.quantity import Duration, Threshold, duration_ms
from fairlead.kinds.resource_name import ResourceName
from fairlead.kinds.spec import Spec, checked, described
from fairlead.kinds.violation import Loc, Violation, refusal
from fairlead.policy.rule import ENFORCE

LOCAL: Final = "Local"

MOST_CALLERS = 256

MOST_COLD = 1_000_000

Check: TypeAlias = Callable[[Plain, Loc], Iterator[Violation]]
"""A check across fields of a strategy, wherever it stands: it is given what was typed, and where.
"""

Caller: TypeAlias = Annotated[str, Field(min_length=1, max_length=256), checked(printable)]
"""An app that calls, as it names itself: ``web``, and ``web.shop`` in another namespace."""

Callers: TypeAlias = Annotated[
    tuple[Caller, ...], Field(strict=False, min_length=1, max_length=MOST_CALLERS)
]

Others: TypeAlias = Annotated[tuple[Caller, ...], Field(strict=False, max_length=MOST_CALLERS)]


class StrategySpec(Spec):
    """A strategy."""

    mode: Mode = Field(default=ENFORCE, description=DESCRIPTION)


class SelectiveSpec(StrategySpec):
    """A strategy that may be for some calls of its resource only, which is our extension."""

    callers: Callers | None = Field(
        default=None,
        description="Only calls of these apps, as they name themselves: web, and web.shop for "
        "one of another namespace. All calls if left out.",
    )
    other_callers: Others | None = Field(
        default=None,
        alias="otherCallers",
        description="Only calls of apps that are none of these, instead of callers. A call "
        "without the name of its app is not among them; none are all others.",
    )
    per_caller: bool = Field(
        default=False,
        alias="perCaller",
        description="Count each calling app for itself.",
    )
    entrance: ResourceName | None = Field(
        default=None,
        description="Only calls that are made while the process serves this resource.",
    )


def _cold(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(f"must be a number, got {described(value)}")
    if not 1 < value <= MOST_COLD:  # NaN is among what no comparison holds of
        raise refusal(f"{value!r} is no cold factor: write a number above 1, at most {MOST_COLD}")
    return float(value)


ColdFactor: TypeAlias = Annotated[float, BeforeValidator(_cold), WithJsonSchema({"type": "number"})]
"""What a threshold is divided by while all is cold."""


class WarmUp(Spec):
    """A threshold that begins low and rises while the resource is used. Our extension."""

    period: Duration = Field(description="How long it takes to become warm, as in 10s.")
    cold_factor: ColdFactor = Field(
        default=3.0,
        alias="coldFactor",
        description="It begins at the threshold divided by this; 3 if left out.",
    )


class Window(Spec):
    """One window."""

    threshold: Threshold = Field(description="Requests that the window may hold.")
    duration: Duration = Field(alias="statDuration", description="Its length, as in 1m.")


def selection_violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that callers are chosen in one way."""
    if raw.get("callers") is not None and raw.get("otherCallers") is not None:
        message = "says who is left out, and callers who is meant: remove one"
        yield Violation(loc=(*loc, "otherCallers"), message=message)


def in_spec(*checks: Check) -> tuple[Rule, ...]:
    """Return `checks` as rules of a kind whose spec is the strategy."""
    return tuple(_in_spec(check) for check in checks)


def _in_spec(check: Check) -> Rule:
    return lambda plain: check(child(plain, "spec"), ("spec",))


def required(raw: Plain, loc: Loc, field: str, what: str) -> Iterator[Violation]:
    """Refuse a strategy without `field`, which only the rest of it makes a must."""
    if raw.get(field) is None:
        yield Violation(loc=(*loc, field), message=f"required: {what}")


def milliseconds_at(raw: Any, field: str) -> int | None:
    """Return the length of time that stands in `field`, None where none can be read."""
    value = child(raw).get(field)
    return duration_ms(value) if isinstance(value, str) else None
