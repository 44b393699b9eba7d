"""ThrottlingStrategy: requests one after the other, at even distances. OpenSergo, 2022."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.mode import MODE
from fairlead.kinds.quantity import Duration, Threshold, Wait, duration_ms
from fairlead.kinds.strategy import (
    SelectiveSpec,
    WarmUp,
    in_spec,
    milliseconds_at,
    required,
    selection_violations,
)
from fairlead.kinds.violation import Loc, Violation
from fairlead.policy.limit import MOST_THRESHOLD


class ThrottlingStrategySpec(SelectiveSpec):
    """Requests pass at even distances; those that come too early wait in a queue."""

    min_interval: Wait | None = Field(
        default=None,
        alias="minIntervalOfRequests",
        description="Smallest distance of two requests, as in 40ms. 0s paces nothing.",
    )
    threshold: Threshold | None = Field(
        default=None,
        description="Requests that a window of statDuration holds, one as far from the next as the "
        "other: instead of minIntervalOfRequests, for distances of no whole milliseconds. Our "
        "extension.",
    )
    duration: Duration | None = Field(
        default=None, alias="statDuration", description="Length of the window of threshold, as 1s."
    )
    burst: Annotated[int, Field(ge=1, le=MOST_THRESHOLD)] = Field(
        default=1,
        description="Requests that idle time saves up, and that may pass at once: a bucket of "
        "tokens. 1 if left out. Our extension.",
    )
    queue_timeout: Wait = Field(
        alias="queueTimeout",
        description="A request that would have to wait longer is rejected, as in 2s. 0s: nobody "
        "waits, and what is too early is rejected.",
    )
    warm_up: WarmUp | None = Field(
        default=None,
        alias="warmUp",
        description="Distances begin coldFactor times as long. Our extension.",
    )

    @property
    def pace(self) -> tuple[float, int]:
        """Requests, and the milliseconds that they take; no milliseconds where nothing is paced."""
        if self.threshold is not None:
            return float(self.threshold), duration_ms(self.duration or "") or 0
        return 1.0, duration_ms(self.min_interval or "") or 0

    @property
    def queue_ms(self) -> int:
        """Longest wait, in milliseconds."""
        return duration_ms(self.queue_timeout) or 0


def violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that the pace is said once, and that there is something to warm up."""
    yield from selection_violations(raw, loc)
    interval, threshold = raw.get("minIntervalOfRequests"), raw.get("threshold")
    if interval is not None and threshold is not None:
        message = "says the same as minIntervalOfRequests: remove one"
        yield Violation(loc=(*loc, "threshold"), message=message)
    elif threshold is not None:
        yield from required(raw, loc, "statDuration", "how long the window of threshold is")
    else:
        what = "the distance of two requests, like 40ms"
        yield from required(raw, loc, "minIntervalOfRequests", what)
    if raw.get("statDuration") is not None and threshold is None:
        message = "is the window of a threshold: write one, or remove it"
        yield Violation(loc=(*loc, "statDuration"), message=message)
    burst = raw.get("burst")
    if type(burst) is int and burst > 1 and raw.get("warmUp") is not None:
        yield Violation(loc=(*loc, "burst"), message="does not go with warmUp: remove one")
    if milliseconds_at(raw, "minIntervalOfRequests") == 0 and raw.get("warmUp") is not None:
        message = "there is nothing to warm up: minIntervalOfRequests is 0"
        yield Violation(loc=(*loc, "warmUp"), message=message)


def _pace(plain: Plain, now: datetime) -> str:
    del now
    spec = child(plain, "spec")
    pace = f"one each {spec.get('minIntervalOfRequests')}"
    if spec.get("threshold") is not None:
        pace = f"{spec['threshold']} in {spec.get('statDuration')}"
    return f"{pace}, queue {spec.get('queueTimeout')}"


KIND: Kind[ThrottlingStrategySpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="ThrottlingStrategy",
    plural="throttlingstrategies",
    singular="throttlingstrategy",
    short_names=("ts",),
    spec=ThrottlingStrategySpec,
    rules=in_spec(violations),
    columns=(
        NAME,
        Column(name="Pace", description="Distance of requests, longest wait.", cell=_pace),
        MODE,
        LIVE,
        AGE,
    ),
)

ThrottlingStrategy = Maker(KIND)
"""Makes one in Python; fields in snake case."""
