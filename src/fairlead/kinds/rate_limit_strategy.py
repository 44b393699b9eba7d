"""RateLimitStrategy: at most so many requests in a window. OpenSergo, 2022.

Two spellings of the window are read: the definition's `statDurationSeconds` and the articles'
`statDuration`. What Sentinel has besides are extensions of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.mode import MODE
from fairlead.kinds.quantity import Duration, Threshold, duration_ms
from fairlead.kinds.resource_name import ResourceName
from fairlead.kinds.spec import Spec
from fairlead.kinds.strategy import (
    LOCAL,
    SelectiveSpec,
    WarmUp,
    Window,
    in_spec,
    milliseconds_at,
    required,
    selection_violations,
)
from fairlead.kinds.violation import Loc, Violation
from fairlead.policy.flow_rules import MOST_BUCKETS

MOST_WINDOWS = 16

_LENGTHS = ("statDurationSeconds", "statDuration")

Bytes = Annotated[int, Field(ge=0, le=1 << 60)]


class MemoryAdaptive(Spec):
    """A threshold by the memory that the process has in use. Our extension."""

    low_threshold: Threshold = Field(
        alias="lowThreshold", description="Threshold up to lowBytes in use."
    )
    high_threshold: Threshold = Field(
        alias="highThreshold",
        description="Threshold from highBytes in use on; between the two it falls evenly.",
    )
    low_bytes: Bytes = Field(alias="lowBytes", description="Memory in use, in bytes.")
    high_bytes: Bytes = Field(alias="highBytes", description="Memory in use, in bytes.")


class RateLimitStrategySpec(SelectiveSpec):
    """At most `threshold` requests of each target in any window of this length."""

    metric_type: Literal["RequestAmount"] = Field(
        default="RequestAmount",
        alias="metricType",
        description="What is counted: RequestAmount, and nothing else if left out.",
    )
    limit_mode: Literal["Local", "Global", "GlobalToLocal"] = Field(
        default=LOCAL,
        alias="limitMode",
        description="Local counts on each host, and is meant if left out. Global and "
        "GlobalToLocal are accepted and not enforced yet: status says so.",
    )
    threshold: Threshold | None = Field(
        default=None, description="Requests that a window may hold."
    )
    seconds: Annotated[int, Field(ge=1, le=31_622_400)] | None = Field(
        default=None, alias="statDurationSeconds", description="Length of the window in seconds."
    )
    duration: Duration | None = Field(
        default=None,
        alias="statDuration",
        description="The same with a unit, as in 1s; instead of statDurationSeconds.",
    )
    windows: Annotated[tuple[Window, ...], Field(strict=False)] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_WINDOWS,
        description="More windows, all of which must have room: 10 in 1s and 100 in 1m. What is "
        "rejected uses up none of them. Our extension.",
    )
    buckets: Annotated[int, Field(ge=1, le=MOST_BUCKETS)] | None = Field(
        default=None,
        description="Count as Sentinel does, in so many aligned parts of each window: twice the "
        "threshold may pass around an edge. No window is ever over if left out. Our extension.",
    )
    warm_up: WarmUp | None = Field(
        default=None,
        alias="warmUp",
        description="Begin with a low threshold that rises while the resource is used. Our "
        "extension.",
    )
    memory: MemoryAdaptive | None = Field(
        default=None,
        alias="memoryAdaptive",
        description="A threshold by the memory in use, instead of threshold. Our extension.",
    )
    related: ResourceName | None = Field(
        default=None,
        alias="relatedResource",
        description="Count the requests of this resource instead of the target's own, which are "
        "rejected while it is busy. Our extension.",
    )

    @property
    def all_windows(self) -> tuple[tuple[float, int], ...]:
        """Threshold and length in milliseconds of every window."""
        own: tuple[tuple[float, int], ...] = ()
        length = self.seconds * 1000 if self.seconds else duration_ms(self.duration or "") or 0
        if length:
            scale = self.memory.low_threshold if self.memory else 0
            own = ((float(scale if self.threshold is None else self.threshold), length),)
        more = (
            (float(one.threshold), duration_ms(one.duration) or 0) for one in self.windows or ()
        )
        return (*own, *more)


def violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that each window is said once, and what does not go with another."""
    yield from selection_violations(raw, loc)
    said = [name for name in _LENGTHS if raw.get(name) is not None]
    several, memory = raw.get("windows"), raw.get("memoryAdaptive")
    if len(said) > 1:
        message = "says the same as statDurationSeconds: remove one"
        yield Violation(loc=(*loc, _LENGTHS[1]), message=message)
    wanted = several is None or bool(said) or raw.get("threshold") is not None
    if wanted and not said:
        yield from required(raw, loc, _LENGTHS[0], "how many seconds a window is long")
    if wanted and memory is None:
        yield from required(raw, loc, "threshold", "how many requests a window may hold")
    yield from _scaled(raw, loc, several, memory)
    yield from _windows(raw, loc, several)


def _scaled(raw: Plain, loc: Loc, several: Any, memory: Any) -> Iterator[Violation]:
    """Check what replaces or scales the threshold: of one window, in one way."""
    if memory is not None and raw.get("threshold") is not None:
        message = "memoryAdaptive says what it is: remove one"
        yield Violation(loc=(*loc, "threshold"), message=message)
    if memory is not None and raw.get("warmUp") is not None:
        message = "does not go with memoryAdaptive: remove one"
        yield Violation(loc=(*loc, "warmUp"), message=message)
    for field in ("warmUp", "memoryAdaptive"):
        if raw.get(field) is not None and several is not None:
            message = f"do not go with {field}, which is for one window: remove one"
            yield Violation(loc=(*loc, "windows"), message=message)
    low, high = (child(memory).get(name) for name in ("lowBytes", "highBytes"))
    if isinstance(low, int) and isinstance(high, int) and low >= high:
        message = f"is not above lowBytes, {low}: write more"
        yield Violation(loc=(*loc, "memoryAdaptive", "highBytes"), message=message)
    low, high = (child(memory).get(name) for name in ("lowThreshold", "highThreshold"))
    if isinstance(low, int | float) and isinstance(high, int | float) and low <= high:
        message = f"is not below lowThreshold, {low}: with more memory in use less passes"
        yield Violation(loc=(*loc, "memoryAdaptive", "highThreshold"), message=message)


def _windows(raw: Plain, loc: Loc, several: Any) -> Iterator[Violation]:
    """Check that windows differ, and that buckets divide them."""
    seconds = raw.get(_LENGTHS[0])
    own = seconds * 1000 if type(seconds) is int else milliseconds_at(raw, _LENGTHS[1])
    at: Loc = (*loc, _LENGTHS[0 if type(seconds) is int else 1])
    lengths = [(at, own)]
    for position, one in enumerate(several if isinstance(several, list) else ()):
        place = (*loc, "windows", position, "statDuration")
        lengths.append((place, milliseconds_at(one, "statDuration")))
    seen: set[int] = set()
    buckets = raw.get("buckets")
    for place, length in lengths:
        if length in seen:
            yield Violation(loc=place, message="is a length that another window has: remove one")
        if length and type(buckets) is int and buckets > 0 and length % buckets:
            message = f"do not divide the {length} ms of {place[-1]} evenly: write another number"
            yield Violation(loc=(*loc, "buckets"), message=message)
            return
        seen |= {length} if length else set()


def _limit(plain: Plain, now: datetime) -> str:
    del now
    spec = child(plain, "spec")
    seconds, windows = spec.get(_LENGTHS[0]), spec.get("windows")
    length = spec.get(_LENGTHS[1]) or (f"{seconds}s" if seconds else "")
    scale = child(spec, "memoryAdaptive")
    own = spec.get("threshold", f"{scale.get('lowThreshold')}-{scale.get('highThreshold')}")
    found = [f"{own} in {length}"] if length else []
    more = (child(one) for one in (windows if isinstance(windows, list) else ()))
    return ", ".join((*found, *(f"{m.get('threshold')} in {m.get('statDuration')}" for m in more)))


KIND: Kind[RateLimitStrategySpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="RateLimitStrategy",
    plural="ratelimitstrategies",
    singular="ratelimitstrategy",
    short_names=("rls",),
    spec=RateLimitStrategySpec,
    rules=in_spec(violations),
    columns=(
        NAME,
        Column(name="Limit", description="Requests in a window.", cell=_limit),
        Column(
            name="Counted",
            description="Where they are counted.",
            cell=lambda plain, _: text_at(plain, "spec", "limitMode") or LOCAL,
        ),
        MODE,
        LIVE,
        AGE,
    ),
)


RateLimitStrategy = Maker(KIND)
"""Makes one in Python; fields in snake case."""
