"""ServiceEntry (Istio): hosts that are no app's, and where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_network
from typing import Any, Literal

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.gateway_api import Many, items
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.networking import ALSO, GROUP, VERSION, Istio, Later, later
from fairlead.kinds.spec import Labels
from fairlead.kinds.violation import Loc, Violation
from fairlead.kinds.workload_entry import (
    PORT_NAME,
    UNIX,
    PortNumber,
    WorkloadEntrySpec,
    endpoint_violations,
    is_host,
)

NONE, STATIC, DNS, DNS_ROUND_ROBIN = "NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN"
INTERNAL = "MESH_INTERNAL"
MOST_HOSTS, MOST_PORTS, MOST_ENDPOINTS = 256, 128, 10_000
PROTOCOLS = (
    *("HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "TCP", "TLS", "REDIS", "MYSQL"),
    "UDP",
)
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Port(Istio):
    """A port that callers call."""

    number: PortNumber = Field(description="Its number.")
    name: str = Field(min_length=1, max_length=63, description="Its name.")
    protocol: str | None = Field(
        default=None,
        max_length=16,
        description="HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, or of a database.",
    )
    target_port: PortNumber | None = Field(
        default=None, description="Port of instances; that of callers if left out."
    )


class WorkloadSelector(Istio):
    """Instances, by what they carry."""

    labels: Labels | None = Field(default=None, description="All of these.")


class ServiceEntrySpec(Istio):
    """Hosts, and where they are."""

    hosts: Many[str] = Field(
        min_length=1, max_length=MOST_HOSTS, description="Names as callers write them; or *.NAME."
    )
    addresses: Many[str] | None = Field(
        default=None, max_length=MOST_HOSTS, description="Addresses that stand for them."
    )
    ports: Many[Port] | None = Field(
        default=None, max_length=MOST_PORTS, description="Ports that callers call."
    )
    location: Literal["MESH_EXTERNAL", "MESH_INTERNAL"] | None = Field(
        default=None, description="Whether who serves is of the mesh; not if left out."
    )
    resolution: Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN"] | None = Field(
        default=None,
        description="Where instances come from: the address that was called (NONE), a list "
        "(STATIC), or a look-up (DNS, DNS_ROUND_ROBIN). NONE if left out.",
    )
    endpoints: Many[WorkloadEntrySpec] | None = Field(
        default=None, max_length=MOST_ENDPOINTS, description="The list."
    )
    workload_selector: WorkloadSelector | None = Field(
        default=None, description="WorkloadEntries and instances of the namespace, for the list."
    )
    export_to: Many[str] | None = Field(
        default=None, max_length=1024, description='Namespaces that call: "." its own, "*" all.'
    )
    subject_alt_names: Later = later("Names that certificates of instances have.")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    spec = child(plain, "spec")
    resolution = spec.get("resolution") or NONE
    yield from _hosts(spec, str(resolution))
    yield from _addresses(spec.get("addresses"))
    yield from _ports(spec, str(resolution))
    yield from _endpoints(spec, str(resolution))
    yield from exported(spec.get("exportTo"), ("spec", "exportTo"))


def exported(names: Any, loc: Loc) -> Iterator[Violation]:
    """Check the namespaces that an object is for."""
    listed = names if isinstance(names, list) else ()
    for place, name in enumerate(listed):
        if not isinstance(name, str):
            continue
        if name not in (".", "*", "~") and not _NAMESPACE.fullmatch(name):
            message = f'{name!r} is no namespace, "." or "*"'
            yield Violation(loc=(*loc, place), message=message)
        if name in ("*", "~") and len(listed) > 1:
            message = f"{name} stands alone: it leaves nothing for the others to say"
            yield Violation(loc=(*loc, place), message=message)


def _hosts(spec: Plain, resolution: str) -> Iterator[Violation]:
    hosts = spec.get("hosts")
    seen: set[str] = set()
    for place, host in enumerate(hosts if isinstance(hosts, list) else ()):
        loc: Loc = ("spec", "hosts", place)
        if not isinstance(host, str):
            continue
        if host == "*":
            yield Violation(loc=loc, message="* is every host there is: as *.example.com")
        elif not is_host(host.removeprefix("*.")):
            yield Violation(loc=loc, message=f"{host!r} is no host: as a.example.com, *.a.com")
        elif host.startswith("*") and resolution.startswith(DNS) and not spec.get("endpoints"):
            message = f"{host} cannot be looked up: list endpoints, or take resolution NONE"
            yield Violation(loc=loc, message=message)
        if host.lower() in seen:
            yield Violation(loc=loc, message=f"{host} is listed twice")
        seen.add(host.lower())


def _addresses(addresses: Any) -> Iterator[Violation]:
    for place, address in enumerate(addresses if isinstance(addresses, list) else ()):
        try:
            if isinstance(address, str):
                ip_network(address, strict=False)
        except ValueError:
            message = f"{address!r} is no IP address, and none with a length as 10.0.0.0/8"
            yield Violation(loc=("spec", "addresses", place), message=message)


def _ports(spec: Plain, resolution: str) -> Iterator[Violation]:
    names: set[str] = set()
    numbers: set[int] = set()
    for place, (loc, port) in enumerate(items(spec.get("ports"), ("spec", "ports"))):
        del place
        name, number = port.get("name"), port.get("number")
        if isinstance(name, str):
            if not PORT_NAME.fullmatch(name):
                message = f"{name!r} is no name of a port: lower case letters, digits and -"
                yield Violation(loc=(*loc, "name"), message=message)
            if name in names:
                yield Violation(loc=(*loc, "name"), message=f"{name} is an earlier port's name")
            names.add(name)
        if isinstance(number, int):
            if number in numbers:
                yield Violation(loc=(*loc, "number"), message=f"{number} is an earlier port's")
            numbers.add(number)
        protocol = port.get("protocol")
        if isinstance(protocol, str) and protocol and protocol.upper() not in PROTOCOLS:
            message = f"{protocol!r} is no protocol: one of {', '.join(PROTOCOLS)}"
            yield Violation(loc=(*loc, "protocol"), message=message)
        target = port.get("targetPort")
        if resolution == NONE and target is not None and target != number:
            message = "resolution NONE keeps the port that was called: leave it out"
            yield Violation(loc=(*loc, "targetPort"), message=message)


def _endpoints(spec: Plain, resolution: str) -> Iterator[Violation]:
    at: Loc = ("spec", "endpoints")
    found = list(items(spec.get("endpoints"), at))
    if found and spec.get("workloadSelector"):
        message = "has endpoints and workloadSelector: choose one"
        yield Violation(loc=("spec", "workloadSelector"), message=message)
    if found and resolution == NONE:
        message = "resolution NONE calls the address that was called: take STATIC or DNS"
        yield Violation(loc=at, message=message)
    if len(found) > 1 and resolution == DNS_ROUND_ROBIN:
        yield Violation(loc=at, message="DNS_ROUND_ROBIN looks up one name: list one, or take DNS")
    ports = [port for _, port in items(spec.get("ports"), ())]
    names = {text_at(port, "name") for port in ports}
    for loc, one in found:
        yield from endpoint_violations(one, loc)
        address = one.get("address")
        if isinstance(address, str) and address.startswith(UNIX):
            if len(ports) > 1 or resolution != STATIC:
                message = "a Unix socket takes resolution STATIC and one port"
                yield Violation(loc=(*loc, "address"), message=message)
        elif isinstance(address, str) and is_host(address) and resolution == STATIC:
            message = f"{address} is a name: resolution STATIC takes IP addresses, DNS looks it up"
            yield Violation(loc=(*loc, "address"), message=message)
        for name in child(one, "ports"):
            if name not in names:
                message = f"{name} is no port of this ServiceEntry: it has {_listed(names)}"
                yield Violation(loc=(*loc, "ports", name), message=message)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _shown(plain: Plain, now: datetime) -> str:
    del now
    found = child(plain, "spec").get("hosts")
    return ",".join(map(str, found)) if isinstance(found, list) else "-"


KIND: Kind[ServiceEntrySpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind="ServiceEntry",
    plural="serviceentries",
    singular="serviceentry",
    short_names=("se",),
    spec=ServiceEntrySpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Hosts", description="Names that are called.", cell=_shown),
        Column(
            name="Location",
            description="Whether it is of the mesh.",
            cell=lambda plain, _: text_at(plain, "spec", "location") or "MESH_EXTERNAL",
        ),
        Column(
            name="Resolution",
            description="Where instances come from.",
            cell=lambda plain, _: text_at(plain, "spec", "resolution") or NONE,
        ),
        ENFORCED,
        LIVE,
        AGE,
    ),
)

ServiceEntry = Maker(KIND)
"""Makes one in Python; fields in snake case."""
