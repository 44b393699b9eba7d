"""VirtualWorkload: how the instances of a host are called, as a DestinationRule says it."""

from __future__ import annotations

from dataclasses import replace

from fairlead.compiler.destination_rule import compile_destination_rule
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.destination_rule import LoadBalancer
from fairlead.kinds.virtual_workload import POLICIES, VirtualWorkloadSpec, WorkloadPolicy


def compile_virtual_workload(resource: Resource[VirtualWorkloadSpec]) -> Part:
    """Return what a VirtualWorkload compiles to."""
    spec = resource.spec
    subsets = tuple(
        one.model_copy(update={"traffic_policy": _balanced(one.traffic_policy)})
        for one in spec.subsets or ()
    )
    known = {"traffic_policy": _balanced(spec.traffic_policy), "subsets": subsets or None}
    return compile_destination_rule(replace(resource, spec=spec.model_copy(update=known)))


def _balanced(policy: WorkloadPolicy | None) -> WorkloadPolicy | None:
    """Return `policy` with its balancer as Istio writes it."""
    if policy is None or policy.load_balance_policy is None:
        return policy
    simple = POLICIES[policy.load_balance_policy.lower()]
    balancer = LoadBalancer.model_construct(simple=simple)
    return policy.model_copy(update={"load_balancer": balancer})
