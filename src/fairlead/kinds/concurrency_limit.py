"""ConcurrencyLimit: at most so many requests at a time. OpenSergo, 2023."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from fairlead.kinds.admission import authored
from fairlead.kinds.envelope import LOCAL, Envelope, Scope, policy_kind
from fairlead.kinds.kind import Column, Resource
from fairlead.kinds.protojson import UInt, field, value
from fairlead.kinds.spec import Spec
from fairlead.policy.rule import ENFORCE
from fairlead.policy.workload import DEFAULT_NAMESPACE


class ConcurrencyLimitConfig(Spec):
    """How many requests are served at a time."""

    scope: Scope = Field(
        default=LOCAL,
        description="LOCAL counts on each host. GLOBAL and GLOBAL_TO_LOCAL are accepted and not "
        "enforced yet: status says so.",
    )
    max_concurrency: UInt = field("maxConcurrency", "Requests at a time.")


class ConcurrencyLimitSpec(Envelope):
    """At most `maxConcurrency` requests of each route at a time."""

    config: ConcurrencyLimitConfig = Field(description="How many requests are served at a time.")


KIND = policy_kind(
    "ConcurrencyLimit",
    "concurrencylimits",
    "cl",
    ConcurrencyLimitSpec,
    (
        Column(
            name="Limit",
            description="Requests at a time.",
            cell=lambda plain, _: str(value(plain, "spec", "config", "maxConcurrency")),
        ),
    ),
)


def ConcurrencyLimit(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    selector: Mapping[str, Any] | None = None,
    max_concurrency: int,
    scope: str = LOCAL,
    action: Mapping[str, Any] | None = None,
    mode: str = ENFORCE,
) -> Resource[ConcurrencyLimitSpec]:
    """Return the policy, equal to the same one from YAML. Raises InvalidResource."""
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    config = {"scope": scope, "maxConcurrency": max_concurrency}
    spec = {"selector": selector, "config": config, "action": action, "mode": mode}
    return authored(KIND, metadata, spec)
