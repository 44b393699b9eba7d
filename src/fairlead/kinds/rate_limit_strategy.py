"""RateLimitStrategy: at most so many requests in a window. OpenSergo, 2022.

Two spellings of the window are read: the definition's `statDurationSeconds` and the articles'
`statDuration`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from fairlead.kinds.admission import authored
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, Resource, child, text_at
from fairlead.kinds.quantity import Duration, Threshold, duration_ms
from fairlead.kinds.spec import Spec
from fairlead.kinds.violation import Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE

LOCAL = "Local"

_WINDOWS = ("statDurationSeconds", "statDuration")


class RateLimitStrategySpec(Spec):
    """At most `threshold` requests of each target in any window of this length."""

    metric_type: Literal["RequestAmount"] = Field(
        alias="metricType", description="What is counted: RequestAmount."
    )
    limit_mode: Literal["Local", "Global", "GlobalToLocal"] = Field(
        alias="limitMode",
        description="Local counts in each process. Global and GlobalToLocal are accepted and not "
        "enforced yet: status says so.",
    )
    threshold: Threshold = Field(description="Requests that a window may hold.")
    seconds: Annotated[int, Field(ge=1, le=31_622_400)] | None = Field(
        default=None, alias="statDurationSeconds", description="Length of the window in seconds."
    )
    duration: Duration | None = Field(
        default=None,
        alias="statDuration",
        description="The same with a unit, as in 1s; instead of statDurationSeconds.",
    )

    @property
    def window_ms(self) -> int:
        """Length of the window in milliseconds."""
        if self.seconds is not None:
            return self.seconds * 1000
        return duration_ms(self.duration or "") or 0


def violations(plain: Plain) -> Iterator[Violation]:
    """Check that the length of the window is said once."""
    said = [name for name in _WINDOWS if child(plain, "spec").get(name) is not None]
    if not said:
        message = "required: how many seconds a window is long"
        yield Violation(loc=("spec", _WINDOWS[0]), message=message)
    elif len(said) > 1:
        message = "says the same as statDurationSeconds: remove one"
        yield Violation(loc=("spec", _WINDOWS[1]), message=message)


def _limit(plain: Plain, now: datetime) -> str:
    del now
    spec = child(plain, "spec")
    seconds = spec.get(_WINDOWS[0])
    return f"{spec.get('threshold')} in {spec.get(_WINDOWS[1]) or f'{seconds}s'}"


KIND: Kind[RateLimitStrategySpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="RateLimitStrategy",
    plural="ratelimitstrategies",
    singular="ratelimitstrategy",
    short_names=("rls",),
    spec=RateLimitStrategySpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Limit", description="Requests in a window.", cell=_limit),
        Column(
            name="Mode",
            description="Where they are counted.",
            cell=lambda plain, _: text_at(plain, "spec", "limitMode"),
        ),
        LIVE,
        AGE,
    ),
)


def RateLimitStrategy(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    metric_type: str = "RequestAmount",
    limit_mode: str = LOCAL,
    threshold: float,
    stat_duration_seconds: int,
) -> Resource[RateLimitStrategySpec]:
    """Return the strategy, equal to the same one from YAML. Raises InvalidResource."""
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    spec = {
        "metricType": metric_type,
        "limitMode": limit_mode,
        "threshold": threshold,
        "statDurationSeconds": stat_duration_seconds,
    }
    return authored(KIND, metadata, spec)
