"""ServiceEntry: hosts that are no app's, and where they are."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from fairlead.compiler.istio.hosted import CALLED, LISTED, LOOKED_UP, Entry, Member, Port
from fairlead.compiler.labels import pairs
from fairlead.compiler.part import Part
from fairlead.compiler.workload_entry import member, unreachable
from fairlead.kinds import Resource
from fairlead.kinds.networking import waiting
from fairlead.kinds.service_entry import (
    DNS_ROUND_ROBIN,
    INTERNAL,
    NONE,
    STATIC,
    ServiceEntrySpec,
)
from fairlead.kinds.service_entry import Port as Written

HTTP = {"HTTP": False, "HTTP2": True, "GRPC": True, "GRPC-WEB": False}
"""Protocols of calls that data planes decide about, and whether they are HTTP/2."""
AGENTS = 80
"""Port at which agents choose among instances (contract 6)."""


def compile_service_entry(resource: Resource[ServiceEntrySpec]) -> Part:
    """Return what a ServiceEntry compiles to; `hosts.py` finds its instances."""
    spec = resource.spec
    ports = tuple(_port(one) for one in spec.ports or () if _protocol(one) in HTTP)
    resolution = spec.resolution or NONE
    source = {NONE: CALLED, STATIC: LISTED}.get(resolution, LOOKED_UP)
    chosen = spec.workload_selector
    entry = Entry(
        hosts=tuple(dict.fromkeys(host.lower().rstrip(".") for host in spec.hosts)),
        addresses=tuple(_single(spec.addresses or ())),
        ports=ports or ((Port(number=AGENTS, name="http"),) if not spec.ports else ()),
        source=source,
        one_name=resolution == DNS_ROUND_ROBIN,
        members=tuple(_members(spec)) if source != CALLED else (),
        selector=pairs(chosen.labels or {}) if chosen is not None else None,
        external=spec.location != INTERNAL,
        exported=spec.export_to or (),
    )
    return Part(resource=resource, outer=entry, not_honoured=tuple(_left_out(spec, entry)))


def _protocol(port: Written) -> str:
    """Return what is spoken; of none, what the name says before a dash, as Istio does."""
    return (port.protocol or port.name.partition("-")[0]).upper() or "TCP"


def _port(port: Written) -> Port:
    return Port(
        number=port.number,
        name=port.name,
        grpc=HTTP[_protocol(port)],
        target=port.target_port or 0,
    )


def _members(spec: ServiceEntrySpec) -> Iterator[Member]:
    for one in spec.endpoints or ():
        if (found := member(one)) is not None:
            yield found
    if not spec.endpoints and spec.workload_selector is None and spec.resolution != STATIC:
        yield from (Member(address=host.lower().rstrip(".")) for host in spec.hosts)


def _single(addresses: tuple[str, ...]) -> Iterator[str]:
    for one in addresses:
        network = ip_network(one, strict=False)
        if network.num_addresses == 1:
            yield str(network.network_address)


def _left_out(spec: ServiceEntrySpec, entry: Entry) -> Iterator[str]:
    yield from (f"{path}: not enforced in this version" for path in waiting(spec))
    for place, port in enumerate(spec.ports or ()):
        if _protocol(port) not in HTTP:
            what = f"ports[{place}].protocol: {_protocol(port)}"
            yield f"{what}: only calls of HTTP are decided about: others pass by, as they are"
    for place, one in enumerate(spec.endpoints or ()):
        yield from unreachable(one, f"endpoints[{place}].")
    for place, address in enumerate(spec.addresses or ()):
        if ip_network(address, strict=False).num_addresses > 1:
            what = f"addresses[{place}]: {address}"
            yield f"{what}: calls are told apart by their host, which is one address at most"
    yield from _not_by_agents(entry)


def _not_by_agents(entry: Entry) -> Iterator[str]:
    """Yield what data planes of xDS do and agents do not."""
    if entry.source != LISTED:
        yield "resolution: agents choose among instances of STATIC; they leave the rest to DNS"
        return
    for host in entry.hosts:
        if host.startswith("*"):
            yield f"hosts: {host}: agents choose for whole names; they leave this to DNS"
    for port in entry.ports:
        if port.number != AGENTS:
            yield f"ports: {port.number}: agents choose for port 80; they leave this to DNS"
    if len({one.weight for one in entry.members}) > 1:
        yield "endpoints.weight: agents call instances in turn; data planes of xDS by weight"
