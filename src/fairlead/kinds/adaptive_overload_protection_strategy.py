"""AdaptiveOverloadProtectionStrategy: reject what an instance has no strength for. OpenSergo, 2022.

It protects each process as a whole, so that it needs no targets: the label `app` says whose. Which
requests are never rejected, or before others, and the last two strategies are our extension.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema

from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.mode import MODE
from fairlead.kinds.names import printable
from fairlead.kinds.quantity import Percentage, ratio
from fairlead.kinds.spec import Spec, checked
from fairlead.kinds.strategy import StrategySpec, in_spec, required
from fairlead.kinds.violation import Loc, Violation
from fairlead.policy.overload import LONGEST, MOST

CPU, MEMORY = "CpuPercentage", "MemoryPercentage"
NONE: Final = "NONE"
ADAPTIVE: Final = "ADAPTIVE"


def _threshold(value: Any) -> Any:
    return f"{value}%" if type(value) is int else value


def _path(text: str) -> str | None:
    if not text.startswith("/"):
        return "a path begins with /, as it is asked for: /reports/daily, or /reports/* for many"
    if "*" in text[:-1]:
        return "a * stands at the end only, for whatever follows"
    return printable(text)


Path: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST), checked(_path)]
"""A path as it is asked for, a method of gRPC, or what many begin with and ``*``."""

Paths: TypeAlias = Annotated[tuple[Path, ...], Field(strict=False, max_length=MOST)]

Value: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST), checked(printable)]

Values: TypeAlias = Annotated[tuple[Value, ...], Field(strict=False, min_length=1, max_length=MOST)]


class PrioritySpec(Spec):
    """Requests that are rejected before others, or after them."""

    level: Literal["high", "low"] = Field(
        description="low is rejected first, and as memory or descriptors run out; high last."
    )
    paths: Annotated[Paths, Field(min_length=1)] | None = Field(
        default=None,
        description="Paths as they are asked for, or what they begin with and *: /reports/*.",
    )
    header: Annotated[str, Field(min_length=1, max_length=256), checked(printable)] | None = Field(
        default=None, description="Name of a header that the request has."
    )
    values: (
        Annotated[tuple[Value, ...], Field(strict=False, min_length=1, max_length=MOST)] | None
    ) = Field(default=None, description="Values of the header, one of which it has.")


class AdaptiveOverloadProtectionStrategySpec(StrategySpec):
    """Protect each process of an app as a whole."""

    metric_type: Annotated[str, Field(min_length=1, max_length=253), checked(printable)] = Field(
        default=CPU,
        alias="metricType",
        description="What is measured: CpuPercentage, or MemoryPercentage with NONE.",
    )
    trigger_threshold: (
        Annotated[Percentage, BeforeValidator(_threshold), WithJsonSchema({"type": "string"})]
        | None
    ) = Field(
        default=None,
        alias="triggerThreshold",
        description="Where it begins to reject, as in '70%' of what the process and its container "
        "may use. ADAPTIVE needs none.",
    )
    adaptive_strategy: Literal["NONE", "BBR", "KRATOS_BBR", "PID", "ADAPTIVE"] = Field(
        default=NONE,
        alias="adaptiveStrategy",
        description="How it decides what to reject: NONE, all but one at a time; BBR, as Sentinel "
        "does, and KRATOS_BBR, as Kratos, what is more than was done at best; PID, by a rate that "
        "follows; ADAPTIVE, our own, by response times and queues, without a threshold.",
    )
    exceptions: Paths = Field(
        default=(),
        description="Paths that are never rejected, beside /health, /healthz, /livez and /readyz "
        "with what is below them, /metrics and health checks of gRPC.",
    )
    priorities: Annotated[tuple[PrioritySpec, ...], Field(strict=False, max_length=MOST)] = Field(
        default=(),
        description="Requests that matter less or more than others; the first that a request "
        "meets counts.",
    )


def violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that a strategy has what it needs, and is asked of what it is for."""
    strategy, threshold = raw.get("adaptiveStrategy", NONE), raw.get("triggerThreshold")
    if strategy != ADAPTIVE:
        yield from required(raw, loc, "triggerThreshold", "where it begins to reject, as in '80%'")
    if threshold in (0, "0%"):
        message = "at 0% it would reject from the first request on: write more"
        yield Violation(loc=(*loc, "triggerThreshold"), message=message)
    if strategy != NONE and raw.get("metricType") not in (CPU, None):
        message = f"{strategy} is for {CPU}, not for {raw.get('metricType')}"
        yield Violation(loc=(*loc, "adaptiveStrategy"), message=message)
    found = raw.get("priorities")
    for position, one in enumerate(found if isinstance(found, list) else ()):
        at = (*loc, "priorities", position)
        if child(one).get("paths") is None and child(one).get("header") is None:
            yield Violation(loc=at, message="means every request: write paths, header or both")
        if child(one).get("values") is not None and child(one).get("header") is None:
            yield Violation(loc=(*at, "header"), message="required: values are those of a header")


def share(threshold: str | None) -> float:
    """Return the share that a threshold spells, or where a strategy begins that needs none."""
    return ratio(threshold) if threshold is not None else 0.8


def _trigger(plain: Plain, now: datetime) -> str:
    del now
    spec = child(plain, "spec")
    if spec.get("adaptiveStrategy") == ADAPTIVE:
        return ADAPTIVE
    return f"{spec.get('metricType', CPU)} {spec.get('triggerThreshold')}"


KIND: Kind[AdaptiveOverloadProtectionStrategySpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="AdaptiveOverloadProtectionStrategy",
    plural="adaptiveoverloadprotectionstrategies",
    singular="adaptiveoverloadprotectionstrategy",
    short_names=("aops",),
    spec=AdaptiveOverloadProtectionStrategySpec,
    rules=in_spec(violations),
    columns=(
        NAME,
        Column(name="Trigger", description="Where it begins to reject.", cell=_trigger),
        MODE,
        ENFORCED,
        LIVE,
        AGE,
    ),
)

AdaptiveOverloadProtectionStrategy = Maker(KIND)
"""Makes one in Python; fields in snake case."""
