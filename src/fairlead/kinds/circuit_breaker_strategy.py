"""CircuitBreakerStrategy: give a resource up for a while when too many requests are bad.

OpenSergo, 2022. Its `errorConditions` have four shapes in as many places; any map is read, what is
not understood is said in status, and `conditions` are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from fairlead.kinds.authoring import Maker
from fairlead.kinds.error_condition import problem
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.mode import MODE
from fairlead.kinds.quantity import Duration, Percentage, Wait, duration_ms, ratio
from fairlead.kinds.spec import Spec, described
from fairlead.kinds.strategy import StrategySpec, in_spec, required
from fairlead.kinds.violation import Loc, Violation, refusal
from fairlead.policy.flow_rules import MOST_BUCKETS
from fairlead.policy.limit import MOST_THRESHOLD

SLOW, ERRORS, COUNT = "SlowRequestRatio", "ErrorRequestRatio", "ErrorRequestCount"

MOST_CONDITIONS = 64

Positive = Annotated[int, Field(ge=1, le=MOST_THRESHOLD)]


def _conditions(value: Any) -> Any:
    if not isinstance(value, dict):
        raise refusal(f"must be a map, got {described(value)}")
    return value


class SlowConditions(Spec):
    """What is slow."""

    max_allowed_rt: Wait = Field(
        alias="maxAllowedRt", description="A request is slow that takes longer, as in 350ms."
    )


class CircuitBreakerStrategySpec(StrategySpec):
    """Reject the requests of a target for a while after too many bad ones."""

    strategy: Literal["SlowRequestRatio", "ErrorRequestRatio", "ErrorRequestCount"] = Field(
        description="What is bad, and how it is measured: SlowRequestRatio, ErrorRequestRatio, or "
        "ErrorRequestCount, which is our extension."
    )
    trigger_ratio: Percentage | None = Field(
        default=None,
        alias="triggerRatio",
        description="It opens when this share of the requests of a window is bad, as in '45%'; at "
        "0% one bad request opens it. Not for ErrorRequestCount.",
    )
    trigger_count: Positive | None = Field(
        default=None,
        alias="triggerCount",
        description="It opens at so many errors in a window: for ErrorRequestCount.",
    )
    exclusive: bool = Field(
        default=False,
        description="It opens above triggerRatio, as in Sentinel for Java, and not at it: a slow "
        "ratio of 100% opens it all the same. Our extension.",
    )
    duration: Duration = Field(alias="statDuration", description="Length of the window, as in 20s.")
    recovery: Duration = Field(
        alias="recoveryTimeout",
        description="How long it stays open before requests are tried, as in 8s.",
    )
    min_requests: Positive = Field(
        alias="minRequestAmount",
        description="Requests of a window below which it stays closed.",
    )
    slow: SlowConditions | None = Field(
        default=None,
        alias="slowConditions",
        description="What is slow: for SlowRequestRatio.",
    )
    errors: (
        Annotated[
            dict[str, Any],
            BeforeValidator(_conditions),
            WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        ]
        | None
    ) = Field(
        default=None,
        alias="errorConditions",
        description="What is an error; what is usual for the protocol if left out. `conditions` "
        "is a list, our extension: a status 503 or 5xx, grpc:UNAVAILABLE, timeout, connect, or "
        "the class of an exception. `errorType` and `representation` are one of these.",
    )
    buckets: Annotated[int, Field(ge=1, le=MOST_BUCKETS)] | None = Field(
        default=None,
        description="Parts of the window that grow old together; 10 if left out. Our extension.",
    )
    probes: Positive = Field(
        default=1,
        description="Good requests in a row that close it again. Our extension.",
    )
    steps: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1,
        alias="recoverySteps",
        description="It recovers in so many steps: in step k of n, k/n of the requests pass until "
        "`probes` of them were good. Our extension.",
    )
    lease: Duration | None = Field(
        default=None,
        alias="probeLease",
        description="A request that is tried and has not ended by then counts as lost, and "
        "another one is tried. The longer of recoveryTimeout and a minute if left out. Our "
        "extension.",
    )

    @property
    def threshold(self) -> float:
        """The ratio from 0 to 1, or the number of errors."""
        if self.strategy == COUNT:
            return float(self.trigger_count or 0)
        return ratio(self.trigger_ratio or "0%")

    @property
    def window_ms(self) -> int:
        """Length of the window in milliseconds."""
        return duration_ms(self.duration) or 0

    @property
    def slow_ms(self) -> float:
        """What a request may take, in milliseconds; 0 where that is not asked."""
        asked = self.slow is not None and self.strategy == SLOW
        return float(duration_ms(self.slow.max_allowed_rt) or 0) if asked and self.slow else 0.0


def violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that each strategy has what it measures by, and conditions are such."""
    strategy = raw.get("strategy")
    if strategy in (SLOW, ERRORS):
        yield from required(raw, loc, "triggerRatio", "a share of the requests, like '45%'")
    if strategy == COUNT:
        yield from required(raw, loc, "triggerCount", "how many errors open it")
        if raw.get("triggerRatio") is not None:
            message = f"{COUNT} counts: write triggerCount instead"
            yield Violation(loc=(*loc, "triggerRatio"), message=message)
        if raw.get("exclusive"):
            message = "is about a ratio: write a triggerCount that is one higher instead"
            yield Violation(loc=(*loc, "exclusive"), message=message)
    elif raw.get("triggerCount") is not None and strategy in (SLOW, ERRORS):
        message = f"{strategy} measures a share: write triggerRatio instead"
        yield Violation(loc=(*loc, "triggerCount"), message=message)
    if strategy == SLOW:
        yield from required(raw, loc, "slowConditions", "{maxAllowedRt: 350ms}, or the like")
    yield from _condition_violations(raw, (*loc, "errorConditions"))


def _condition_violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    found = child(raw, "errorConditions").get("conditions")
    at: Loc = (*loc, "conditions")
    if found is not None and not isinstance(found, list):
        yield Violation(loc=at, message=f"must be a list, got {described(found)}")
    elif found is not None and len(found) > MOST_CONDITIONS:
        message = f"needs at most {MOST_CONDITIONS}, has {len(found)}"
        yield Violation(loc=at, message=message)
    elif found is not None:
        for position, item in enumerate(found):
            if (wrong := problem(str(item))) is not None:
                yield Violation(loc=(*at, position), message=wrong)


def _opens(plain: Plain, now: datetime) -> str:
    del now
    spec = child(plain, "spec")
    slow = child(spec, "slowConditions").get("maxAllowedRt")
    much = spec.get("triggerRatio") or spec.get("triggerCount")
    bad = f"slower than {slow}" if spec.get("strategy") == SLOW else "errors"
    return f"{much} {bad} in {spec.get('statDuration')}"


KIND: Kind[CircuitBreakerStrategySpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="CircuitBreakerStrategy",
    plural="circuitbreakerstrategies",
    singular="circuitbreakerstrategy",
    short_names=("cbs",),
    spec=CircuitBreakerStrategySpec,
    rules=in_spec(violations),
    columns=(
        NAME,
        Column(name="Opens", description="At what it opens.", cell=_opens),
        MODE,
        LIVE,
        AGE,
    ),
)

CircuitBreakerStrategy = Maker(KIND)
"""Makes one in Python; fields in snake case."""
