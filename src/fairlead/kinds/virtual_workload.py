"""VirtualWorkload (OpenSergo): the instances of a host by subset, as Istio's DestinationRule.

The specification names it and gives no schema: `host`, `subsets` and `trafficPolicy` are those of
Istio, and `type` and `loadBalancePolicy` those of Sentinel 2's model of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.destination_rule import MOST_SUBSETS, DestinationRuleSpec, TrafficPolicy
from fairlead.kinds.destination_rule import Subset as IstioSubset
from fairlead.kinds.destination_rule import violations as rules_of_istio
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Violation

POLICIES = {
    "random": "RANDOM",
    "roundrobin": "ROUND_ROBIN",
    "round_robin": "ROUND_ROBIN",
    "leastrequest": "LEAST_REQUEST",
    "least_request": "LEAST_REQUEST",
}
"""Balancers by how they are written, in lower case."""
WRITTEN = ("random", "roundRobin", "leastRequest")


class WorkloadPolicy(TrafficPolicy):
    """How instances are called."""

    load_balance_policy: str | None = Field(
        default=None, max_length=64, description="random, roundRobin or leastRequest."
    )


class WorkloadSubset(IstioSubset):
    """Instances with the same labels."""

    traffic_policy: WorkloadPolicy | None = Field(
        default=None, description="What is different for it."
    )


class VirtualWorkloadSpec(DestinationRuleSpec):
    """How the instances of a host are called."""

    type: str | None = Field(
        default=None, max_length=64, description="What the instances are, for people: deployment."
    )
    traffic_policy: WorkloadPolicy | None = Field(default=None, description="How it is called.")
    subsets: Annotated[tuple[WorkloadSubset, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST_SUBSETS, description="Parts of its instances."
    )


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    yield from rules_of_istio(plain)
    policy = child(plain, "spec", "trafficPolicy")
    written = policy.get("loadBalancePolicy")
    loc = ("spec", "trafficPolicy", "loadBalancePolicy")
    if isinstance(written, str) and written.lower() not in POLICIES:
        yield Violation(loc=loc, message=choose("policy", written, WRITTEN))
    if written is not None and policy.get("loadBalancer") is not None:
        yield Violation(loc=loc, message="not beside loadBalancer")


KIND: Kind[VirtualWorkloadSpec] = Kind(
    group="traffic.opensergo.io",
    version="v1alpha1",
    kind="VirtualWorkload",
    plural="virtualworkloads",
    singular="virtualworkload",
    short_names=("vw",),
    spec=VirtualWorkloadSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(
            name="Host",
            description="Whose instances it is about.",
            cell=lambda plain, _: text_at(plain, "spec", "host"),
        ),
        ENFORCED,
        LIVE,
        AGE,
    ),
)

VirtualWorkload = Maker(KIND)
"""Makes one in Python; fields in snake case."""
