"""Sidecar (Istio): which hosts the data plane of a workload knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.gateway_api import Many, items
from fairlead.kinds.kind import AGE, ENFORCED, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.networking import ALSO, GROUP, VERSION, Istio, Later, later
from fairlead.kinds.service_entry import WorkloadSelector
from fairlead.kinds.violation import Loc, Violation
from fairlead.kinds.workload_entry import PortNumber, is_host

REGISTRY_ONLY = "REGISTRY_ONLY"
MOST_LISTENERS, MOST_HOSTS = 256, 10_000
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?|[*.~]")
_ENDPOINT = re.compile(r"(127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):([0-9]{1,5})|unix://[/@].+")


class SidecarPort(Istio):
    """A port."""

    number: int = Field(ge=0, le=65535, description="Its number.")
    protocol: str | None = Field(default=None, description="What is spoken at it.")
    name: str | None = Field(default=None, description="Its name.")
    target_port: PortNumber | None = Field(default=None, description="Not used.")


class IngressListener(Istio):
    """Where calls come in."""

    port: SidecarPort = Field(description="Port of callers.")
    bind: str | None = Field(default=None, description="Address that it listens on.")
    capture_mode: str | None = Field(default=None, description="How calls get there.")
    default_endpoint: str | None = Field(default=None, description="Where the application is.")
    tls: Later = later("Encryption.")
    connection_pool: Later = later("Limits of connections.")


class EgressListener(Istio):
    """Hosts that are called."""

    port: SidecarPort | None = Field(default=None, description="Port at which they are called.")
    bind: str | None = Field(default=None, description="Address at which they are called.")
    capture_mode: str | None = Field(default=None, description="How calls get there.")
    hosts: Many[str] = Field(
        min_length=1,
        max_length=MOST_HOSTS,
        description='NAMESPACE/HOST; namespace: "." its own, "*" any; host: *, *.NAME or a name; '
        '"~/*" is no host.',
    )


class OutboundTrafficPolicy(Istio):
    """What is done with calls of hosts that nobody knows."""

    mode: Literal["ALLOW_ANY", "REGISTRY_ONLY"] | None = Field(
        default=None, description="They are looked up, or refused with 502; ALLOW_ANY if left out."
    )
    egress_proxy: Later = later("Who is called instead.")


class SidecarSpec(Istio):
    """What the data planes of workloads know."""

    workload_selector: WorkloadSelector | None = Field(
        default=None, description="Whose; every workload's of the namespace if left out."
    )
    ingress: Many[IngressListener] | None = Field(
        default=None, max_length=MOST_LISTENERS, description="Where calls come in."
    )
    egress: Many[EgressListener] | None = Field(
        default=None, max_length=MOST_LISTENERS, description="Hosts that are called."
    )
    outbound_traffic_policy: OutboundTrafficPolicy | None = Field(
        default=None, description="What is done with calls of hosts that nobody knows."
    )
    inbound_connection_pool: Later = later("Limits of connections.")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    spec = child(plain, "spec")
    selects = child(spec, "workloadSelector").get("labels")
    if "workloadSelector" in spec and spec["workloadSelector"] is not None and not selects:
        message = "selects nobody: name labels, or leave it out for all of the namespace"
        yield Violation(loc=("spec", "workloadSelector", "labels"), message=message)
    egress = list(items(spec.get("egress"), ("spec", "egress")))
    for place, (loc, one) in enumerate(egress):
        yield from _hosts(one.get("hosts"), (*loc, "hosts"))
        if "port" not in one and place < len(egress) - 1:
            message = "a listener without a port takes all others: it stands last"
            yield Violation(loc=(*loc, "port"), message=message)
    yield from _ingress(spec)


def _hosts(hosts: Any, loc: Loc) -> Iterator[Violation]:
    for place, text in enumerate(hosts if isinstance(hosts, list) else ()):
        if not isinstance(text, str):
            continue
        namespace, slash, host = text.partition("/")
        at = (*loc, place)
        if not slash or not _NAMESPACE.fullmatch(namespace):
            message = f"{text!r} is no NAMESPACE/HOST: as shop/*, ./orders.shop.svc.cluster.local"
            yield Violation(loc=at, message=message)
        elif namespace == "~" and host != "*":
            yield Violation(loc=at, message=f"{text!r}: ~ is no namespace at all, as in ~/*")
        elif host != "*" and not is_host(host.removeprefix("*.")):
            yield Violation(loc=at, message=f"{text!r}: {host!r} is no host")


def _ingress(spec: Plain) -> Iterator[Violation]:
    numbers: set[int] = set()
    for loc, one in items(spec.get("ingress"), ("spec", "ingress")):
        number = child(one, "port").get("number")
        if isinstance(number, int):
            if number in numbers:
                message = f"{number} is the port of an earlier listener"
                yield Violation(loc=(*loc, "port", "number"), message=message)
            numbers.add(number)
        endpoint = one.get("defaultEndpoint")
        if isinstance(endpoint, str) and endpoint and not _ENDPOINT.fullmatch(endpoint):
            message = f"{endpoint!r} is not on this machine: as 127.0.0.1:8080, unix:///PATH"
            yield Violation(loc=(*loc, "defaultEndpoint"), message=message)


def _egress(plain: Plain, now: datetime) -> str:
    del now
    lists = (one.get("hosts") for _, one in items(child(plain, "spec").get("egress"), ()))
    found = [str(host) for one in lists if isinstance(one, list) for host in one]
    return ",".join(found) or "*/*"


def _selected(plain: Plain, now: datetime) -> str:
    del now
    labels = child(plain, "spec", "workloadSelector", "labels")
    return ",".join(f"{key}={value}" for key, value in labels.items()) or "all"


KIND: Kind[SidecarSpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind="Sidecar",
    plural="sidecars",
    singular="sidecar",
    spec=SidecarSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Workloads", description="Whose data planes.", cell=_selected),
        Column(name="Egress", description="Hosts that they know.", cell=_egress),
        Column(
            name="Others",
            priority=1,
            description="What is done with calls of other hosts.",
            cell=lambda plain, _: (
                text_at(plain, "spec", "outboundTrafficPolicy", "mode") or "ALLOW_ANY"
            ),
        ),
        ENFORCED,
        AGE,
    ),
)

Sidecar = Maker(KIND)
"""Makes one in Python; fields in snake case."""
