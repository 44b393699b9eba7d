"""Sidecar: which hosts the data planes of workloads know."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.istio.hosted import Egress
from fairlead.compiler.labels import pairs
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.networking import waiting
from fairlead.kinds.sidecar import REGISTRY_ONLY, SidecarSpec

NOBODY = "~"


def compile_sidecar(resource: Resource[SidecarSpec]) -> Part:
    """Return what a Sidecar compiles to; `hosts.py` finds whose it is."""
    spec = resource.spec
    written = [host for one in spec.egress or () for host in one.hosts]
    hosts = tuple(
        (namespace, name.lower())
        for namespace, _, name in (one.partition("/") for one in written)
        if namespace != NOBODY
    )
    policy, chosen = spec.outbound_traffic_policy, spec.workload_selector
    return Part(
        resource=resource,
        egress=Egress(
            selector=pairs(chosen.labels or {}) if chosen is not None else (),
            hosts=hosts if spec.egress is not None else None,
            registry_only=policy is not None and policy.mode == REGISTRY_ONLY,
        ),
        not_honoured=(
            *(f"{path}: not enforced in this version" for path in waiting(spec)),
            *_left_out(spec),
        ),
    )


def _left_out(spec: SidecarSpec) -> Iterator[str]:
    for place, one in enumerate(spec.egress or ()):
        path = f"egress[{place}]"
        if one.port is not None:
            yield f"{path}.port: hosts are called at whichever port: they count for all of them"
        if one.bind:
            yield f"{path}.bind: not enforced in this version"
        if one.capture_mode not in (None, "DEFAULT"):
            yield f"{path}.captureMode: not enforced in this version"
    for place in range(len(spec.ingress or ())):
        said = "a data plane takes calls where its bootstrap says: not enforced in this version"
        yield f"ingress[{place}]: {said}"
