"""VirtualWorkloads: subsets of an app, each with the balancer that its group names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fairlead.compiler.istio.instances import Instances
from fairlead.compiler.labels import pairs
from fairlead.compiler.part import Calling, Part
from fairlead.compiler.router_rule import subset_of
from fairlead.kinds import Resource
from fairlead.kinds.networking import waiting
from fairlead.kinds.virtual_workload import POLICIES
from fairlead.kinds.virtual_workloads import VirtualWorkloadsSpec
from fairlead.policy.balance import Balance, Cluster


def compile_virtual_workloads(resource: Resource[VirtualWorkloadsSpec]) -> Part:
    """Return what a VirtualWorkloads compiles to."""
    return Part(
        resource=resource,
        calling=Calling(
            destination=True,
            hosts=(resource.spec.app,),
            exported=(),
            instances=tuple(_groups(resource)),
        ),
        not_honoured=tuple(
            f"{path}: not enforced in this version" for path in waiting(resource.spec)
        ),
    )


def _groups(resource: Resource[VirtualWorkloadsSpec]) -> Iterator[Instances]:
    rule = f"{resource.kind.kind}/{resource.name}"
    for one in resource.spec.virtual_workload:
        algorithm = POLICIES[(one.loadbalance or "roundRobin").lower()]
        cluster = Cluster(
            subset=subset_of(resource.name, one.name),
            rule=rule,
            balance=Balance(algorithm=algorithm),
        )
        yield replace(Instances(cluster=cluster), labels=pairs(one.selector))
