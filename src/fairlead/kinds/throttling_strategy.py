"""ThrottlingStrategy: requests one after the other, at even distances. OpenSergo, 2022."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.mode import MODE
from fairlead.kinds.quantity import Wait, duration_ms
from fairlead.kinds.strategy import (
    SelectiveSpec,
    WarmUp,
    in_spec,
    milliseconds_at,
    selection_violations,
)
from fairlead.kinds.violation import Loc, Violation


class ThrottlingStrategySpec(SelectiveSpec):
    """Requests pass at even distances; those that come too early wait in a queue."""

    min_interval: Wait = Field(
        alias="minIntervalOfRequests",
        description="Smallest distance of two requests, as in 40ms. 0s paces nothing.",
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
    def interval_ms(self) -> int:
        """Smallest distance of two requests, in milliseconds."""
        return duration_ms(self.min_interval) or 0

    @property
    def queue_ms(self) -> int:
        """Longest wait, in milliseconds."""
        return duration_ms(self.queue_timeout) or 0


def violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that there is something to warm up."""
    yield from selection_violations(raw, loc)
    if milliseconds_at(raw, "minIntervalOfRequests") == 0 and raw.get("warmUp") is not None:
        message = "there is nothing to warm up: minIntervalOfRequests is 0"
        yield Violation(loc=(*loc, "warmUp"), message=message)


def _pace(plain: Plain, now: datetime) -> str:
    del now
    spec = child(plain, "spec")
    return f"one each {spec.get('minIntervalOfRequests')}, queue {spec.get('queueTimeout')}"


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
