"""ConcurrencyLimitStrategy: at most so many requests at a time. OpenSergo, 2022."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.mode import MODE
from fairlead.kinds.quantity import Amount
from fairlead.kinds.strategy import LOCAL, SelectiveSpec, in_spec, selection_violations


class ConcurrencyLimitStrategySpec(SelectiveSpec):
    """At most `maxConcurrency` requests of each target at a time, of threads and tasks alike."""

    most: Amount = Field(
        alias="maxConcurrency",
        description="Requests that are served at a time; 0 closes the resource.",
    )
    limit_mode: Literal["Local", "Global"] = Field(
        default=LOCAL,
        alias="limitMode",
        description="Local counts on each host, and is meant if left out. Global is accepted "
        "and not enforced yet: status says so.",
    )


def _limit(plain: Plain, now: datetime) -> str:
    del now
    return f"{child(plain, 'spec').get('maxConcurrency')} at a time"


KIND: Kind[ConcurrencyLimitStrategySpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="ConcurrencyLimitStrategy",
    plural="concurrencylimitstrategies",
    singular="concurrencylimitstrategy",
    short_names=("cls",),
    spec=ConcurrencyLimitStrategySpec,
    rules=in_spec(selection_violations),
    columns=(
        NAME,
        Column(name="Limit", description="Requests at a time.", cell=_limit),
        MODE,
        LIVE,
        AGE,
    ),
)

ConcurrencyLimitStrategy = Maker(KIND)
"""Makes one in Python; fields in snake case."""
