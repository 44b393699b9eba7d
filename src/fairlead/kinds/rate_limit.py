"""RateLimit: at most so many requests in an interval, and so many at once. OpenSergo, 2023."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from fairlead.kinds.admission import authored
from fairlead.kinds.envelope import LOCAL, Envelope, Scope, policy_kind
from fairlead.kinds.kind import Column, Plain, Resource
from fairlead.kinds.protojson import UInt, WholeMilliseconds, value
from fairlead.kinds.spec import Spec
from fairlead.policy.rule import ENFORCE
from fairlead.policy.workload import DEFAULT_NAMESPACE


class RateLimitConfig(Spec):
    """How many requests pass."""

    scope: Scope = Field(
        default=LOCAL,
        description="LOCAL counts on each host. GLOBAL and GLOBAL_TO_LOCAL are accepted and not "
        "enforced yet: status says so.",
    )
    limit: UInt = Field(description="Requests that an interval may hold.")
    burst: UInt | None = Field(
        default=None,
        description="Requests that may pass at once: a bucket of this size that `limit` permits an "
        "interval fill. Left out or 0: no interval holds more than `limit`.",
    )
    interval: WholeMilliseconds = Field(description="Length of the interval, as 1s or 0.5s.")


class RateLimitSpec(Envelope):
    """At most `limit` requests of each route in an interval."""

    config: RateLimitConfig = Field(description="How many requests pass.")


def _limit(plain: Plain, now: datetime) -> str:
    del now
    config = value(plain, "spec", "config")
    burst = value(config, "burst")
    more = f", {burst} at once" if burst not in (None, 0, "0") else ""
    return f"{value(config, 'limit')} in {value(config, 'interval')}{more}"


KIND = policy_kind(
    "RateLimit",
    "ratelimits",
    "rl",
    RateLimitSpec,
    (Column(name="Limit", description="Requests in an interval.", cell=_limit),),
)


def RateLimit(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    selector: Mapping[str, Any] | None = None,
    limit: int,
    interval: str,
    burst: int | None = None,
    scope: str = LOCAL,
    action: Mapping[str, Any] | None = None,
    mode: str = ENFORCE,
) -> Resource[RateLimitSpec]:
    """Return the policy, equal to the same one from YAML. Raises InvalidResource."""
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    config = {"scope": scope, "limit": limit, "burst": burst, "interval": interval}
    spec = {"selector": selector, "config": config, "action": action, "mode": mode}
    return authored(KIND, metadata, spec)
