"""AdaptiveOverloadProtectionStrategy: reject what an instance has no strength for. OpenSergo, 2022.

It is read and stored, and not enforced yet: status says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.mode import MODE
from fairlead.kinds.names import printable
from fairlead.kinds.quantity import Percentage
from fairlead.kinds.spec import checked
from fairlead.kinds.strategy import StrategySpec, in_spec
from fairlead.kinds.violation import Loc, Violation

CPU = "CpuPercentage"


def _threshold(value: Any) -> Any:
    return f"{value}%" if type(value) is int else value


class AdaptiveOverloadProtectionStrategySpec(StrategySpec):
    """Protect each instance as a whole. Accepted, and not enforced yet."""

    metric_type: Annotated[str, Field(min_length=1, max_length=253), checked(printable)] = Field(
        alias="metricType", description="What is measured: CpuPercentage."
    )
    trigger_threshold: Annotated[
        Percentage, BeforeValidator(_threshold), WithJsonSchema({"type": "string"})
    ] = Field(alias="triggerThreshold", description="Where it begins to reject, as in '70%'.")
    adaptive_strategy: Literal["NONE", "BBR", "PID"] = Field(
        default="NONE",
        alias="adaptiveStrategy",
        description="How it decides what to reject: NONE, BBR (for CpuPercentage) or PID.",
    )


def violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that BBR is asked of the processor."""
    if raw.get("adaptiveStrategy") == "BBR" and raw.get("metricType") not in (CPU, None):
        message = f"BBR is for {CPU}, not for {raw.get('metricType')}"
        yield Violation(loc=(*loc, "adaptiveStrategy"), message=message)


def _trigger(plain: Plain, now: datetime) -> str:
    del now
    spec = child(plain, "spec")
    return f"{spec.get('metricType')} {spec.get('triggerThreshold')}"


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
        LIVE,
        AGE,
    ),
)

AdaptiveOverloadProtectionStrategy = Maker(KIND)
"""Makes one in Python; fields in snake case."""
