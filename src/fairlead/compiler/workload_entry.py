"""WorkloadEntry: an instance that ServiceEntries select."""

from __future__ import annotations

from fairlead.compiler.istio.hosted import Member
from fairlead.compiler.labels import pairs
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.networking import waiting
from fairlead.kinds.workload_entry import UNIX, WorkloadEntrySpec


def compile_workload_entry(resource: Resource[WorkloadEntrySpec]) -> Part:
    """Return what a WorkloadEntry compiles to; `hosts.py` finds who selects it."""
    spec = resource.spec
    return Part(
        resource=resource,
        member=member(spec),
        not_honoured=(
            *(f"{path}: not enforced in this version" for path in waiting(spec)),
            *unreachable(spec, ""),
        ),
    )


def member(spec: WorkloadEntrySpec) -> Member | None:
    """Return the instance; None of one without an address that can be called."""
    if not spec.address or spec.address.startswith(UNIX):
        return None
    region, zone, subzone = (*(spec.locality or "").split("/"), "", "")[:3]
    return Member(
        address=spec.address.rstrip("."),
        ports=tuple((spec.ports or {}).items()),
        labels=pairs(spec.labels or {}),
        locality=(region, zone, subzone),
        # Of several, one without a weight counts as much as one of weight 1 (Istio).
        weight=spec.weight or 1,
    )


def unreachable(spec: WorkloadEntrySpec, above: str) -> tuple[str, ...]:
    """Return what to say about an address that nobody calls."""
    if spec.address and spec.address.startswith(UNIX):
        return (f"{above}address: {spec.address}: nobody calls sockets of this kind: left out",)
    return () if spec.address else (f"{above}address: without one it is called by nobody",)
