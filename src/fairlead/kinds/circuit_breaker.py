"""CircuitBreaker: give a route up for a while when too many requests are bad. OpenSergo, 2023."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from fairlead.kinds.admission import authored
from fairlead.kinds.envelope import Envelope, policy_kind
from fairlead.kinds.error_condition import ErrorCondition
from fairlead.kinds.kind import Column, Plain, Resource
from fairlead.kinds.protojson import (
    Milliseconds,
    UInt,
    WholeMilliseconds,
    field,
    value,
    written_path,
)
from fairlead.kinds.spec import Spec
from fairlead.kinds.violation import Violation
from fairlead.policy.rule import ENFORCE
from fairlead.policy.workload import DEFAULT_NAMESPACE

BAD = ("slowRequest", "errorRequest")


class SlowRequest(Spec):
    """A request is bad that takes longer."""

    latency: Milliseconds = Field(description="The longest good response time, as 0.4s.")


class ErrorRequest(Spec):
    """A request is bad that fails."""

    conditions: Annotated[tuple[ErrorCondition, ...], Field(strict=False)] | None = Field(
        default=None,
        max_length=64,
        description="What is an error, any of these: a status 503 or 5xx, grpc:UNAVAILABLE, "
        "timeout, connect, or the class of an exception. What is usual for the protocol if left "
        "out.",
    )


class Recovery(Spec):
    """How it is tried again."""

    probe_count: UInt = field("probeCount", "Good requests that close it again; 1 if 0.", 0)


class CircuitBreakerConfig(Spec):
    """When it opens, and for how long."""

    slow_request: SlowRequest | None = field("slowRequest", "Slow requests are bad.", None)
    error_request: ErrorRequest | None = field("errorRequest", "Failed requests are bad.", None)
    abnormal_percent: Annotated[UInt, Field(ge=1, le=100)] = field(
        "abnormalPercent", "It opens when this share of an interval's requests is bad, 1 to 100."
    )
    interval: WholeMilliseconds = Field(description="Length of the interval, as 10s.")
    breaking_interval: WholeMilliseconds = field(
        "breakingInterval", "How long it stays open before a request is tried, as 6s."
    )
    min_requests: UInt = field(
        "minRequests", "Requests of an interval below which it stays closed; 1 if 0.", 0
    )
    recovery: Recovery | None = Field(default=None, description="How it is tried again.")


class CircuitBreakerSpec(Envelope):
    """Reject a route's requests for a while after too many bad ones."""

    config: CircuitBreakerConfig = Field(description="When it opens, and for how long.")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check that it is said what is bad, once."""
    config = value(plain, "spec", "config")
    found = [name for name in BAD if value(config, name) is not None]
    if config is not None and len(found) != 1:
        message = f"needs exactly one of {', '.join(BAD)}; has {' and '.join(found) or 'none'}"
        yield Violation(loc=written_path(plain, "spec", "config"), message=message)


def _opens(plain: Plain, now: datetime) -> str:
    del now
    config = value(plain, "spec", "config")
    slow = value(config, "slowRequest", "latency")
    bad = f"slower than {slow}" if slow is not None else "errors"
    return f"{value(config, 'abnormalPercent')}% {bad} in {value(config, 'interval')}"


KIND = policy_kind(
    "CircuitBreaker",
    "circuitbreakers",
    "cb",
    CircuitBreakerSpec,
    (Column(name="Opens", description="At what it opens.", cell=_opens),),
    (violations,),
)


def CircuitBreaker(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    selector: Mapping[str, Any] | None = None,
    config: Mapping[str, Any],
    action: Mapping[str, Any] | None = None,
    mode: str = ENFORCE,
) -> Resource[CircuitBreakerSpec]:
    """Return the policy, equal to the same one from YAML. Raises InvalidResource."""
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    spec = {"selector": selector, "config": config, "action": action, "mode": mode}
    return authored(KIND, metadata, spec)
