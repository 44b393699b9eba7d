"""Gateway (Gateway API): where requests come in: ports, hosts, and whose routes are attached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from fairlead.kinds import names
from fairlead.kinds.authoring import Maker
from fairlead.kinds.gateway_api import (
    ALSO,
    GATEWAY,
    GROUP,
    VERSION,
    Group,
    Hostname,
    KindName,
    LocalReference,
    Many,
    ObjectName,
    Port,
    SecretReference,
    SectionName,
    Written,
    items,
    word,
)
from fairlead.kinds.kind import AGE, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.networking import Later, later
from fairlead.kinds.spec import checked
from fairlead.kinds.violation import Loc, Violation

HTTP, HTTPS, TLS, TCP, UDP = "HTTP", "HTTPS", "TLS", "TCP", "UDP"
TERMINATE, PASSTHROUGH = "Terminate", "Passthrough"
SAME, ALL, SELECTOR, NONE = "Same", "All", "Selector", "None"
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")

_Key = Annotated[str, checked(names.qualified_key)]
_Value = Annotated[str, checked(names.label_value)]


class Requirement(Written):
    """A test of a label."""

    key: _Key = Field(description="Its key.")
    operator: Annotated[str, word(*OPERATORS)] = Field(description=f"{', '.join(OPERATORS)}.")
    values: Many[_Value] | None = Field(default=None, description="With In and NotIn.")


class LabelSelector(Written):
    """Labels that all have to be there."""

    match_labels: dict[_Key, _Value] | None = Field(default=None, description="Equal.")
    match_expressions: Many[Requirement] | None = Field(default=None, description="Tests.")


class RouteNamespaces(Written):
    """Namespaces whose routes may be attached."""

    from_: Annotated[str, word(SAME, ALL, SELECTOR)] = Field(
        default=SAME, alias="from", description="Same, All or Selector."
    )
    selector: LabelSelector | None = Field(
        default=None,
        description="By their labels.",
    )


class RouteGroupKind(Written):
    """A kind of routes."""

    group: Group = Field(default=GROUP, description="Its group.")
    kind: KindName = Field(description="HTTPRoute or GRPCRoute.")


class AllowedRoutes(Written):
    """Routes that may be attached."""

    namespaces: RouteNamespaces | None = Field(default=None, description="Whose; Same.")
    kinds: Many[RouteGroupKind] | None = Field(
        default=None, max_length=8, description="Kinds; those of the protocol if left out."
    )


class ListenerTls(Written):
    """How a listener speaks TLS."""

    mode: Annotated[str, word(TERMINATE, PASSTHROUGH)] = Field(
        default=TERMINATE, description="Terminate or Passthrough."
    )
    certificate_refs: Many[SecretReference] | None = Field(
        default=None, max_length=64, description="Certificates. No Secrets are kept here."
    )
    options: dict[str, str] | None = Field(
        default=None, max_length=16, description="Of implementations; none is known here."
    )
    frontend_validation: Later = later("Certificates of clients.")


class Listener(Written):
    """A port, and the hosts of it that this is about."""

    name: SectionName = Field(description="Its name.")
    hostname: Hostname | None = Field(default=None, description="Host; any if left out.")
    port: Port = Field(description="Port.")
    protocol: str = Field(min_length=1, max_length=255, description="HTTP or HTTPS are served.")
    tls: ListenerTls | None = Field(default=None, description="With HTTPS and TLS.")
    allowed_routes: AllowedRoutes | None = Field(default=None, description="Whose routes.")


class GatewayAddress(Written):
    """An address."""

    type: str = Field(default="IPAddress", max_length=253, description="IPAddress or Hostname.")
    value: str | None = Field(default=None, max_length=253, description="The address.")


class Infrastructure(Written):
    """What is made for a Gateway; nothing is made here."""

    labels: dict[str, str] | None = Field(default=None, max_length=8, description="Labels.")
    annotations: dict[str, str] | None = Field(default=None, max_length=8, description="Notes.")
    parameters_ref: LocalReference | None = Field(default=None, description="Parameters.")


class KubernetesGatewaySpec(Written):
    """Where requests come in."""

    gateway_class_name: ObjectName = Field(description="Its class; every one is served here.")
    listeners: Many[Listener] = Field(min_length=1, max_length=64, description="Listeners.")
    addresses: Many[GatewayAddress] | None = Field(
        default=None, max_length=16, description="Where it is asked to be. Not honoured."
    )
    infrastructure: Infrastructure | None = Field(default=None, description="Not honoured.")
    allowed_listeners: Later = later("Who may add listeners.")
    tls: Later = later("Certificates of clients and for backends.")
    default_scope: Later = later("Whether routes without parents are attached.")
    backend_tls: Later = later("Old form of tls.backend.")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    found = list(items(child(plain, "spec").get("listeners"), ("spec", "listeners")))
    named: set[Any] = set()
    placed: set[Any] = set()
    for loc, one in found:
        if text_at(one, "name") in named:
            yield Violation(loc=(*loc, "name"), message="is the name of two listeners")
        key = (one.get("port"), one.get("protocol"), one.get("hostname"))
        if all(part is None or isinstance(part, str | int) for part in key):
            if key in placed:
                message = "has port, protocol and hostname of a listener before it"
                yield Violation(loc=loc, message=message)
            placed.add(key)
        named.add(text_at(one, "name"))
        yield from _tls(one, loc)


def _tls(one: Plain, loc: Loc) -> Iterator[Violation]:
    protocol, tls = one.get("protocol"), child(one, "tls")
    mode = tls.get("mode", TERMINATE)
    if protocol in (HTTP, TCP, UDP) and one.get("tls") is not None:
        yield Violation(loc=(*loc, "tls"), message=f"must not be set with protocol {protocol}")
    if protocol in (TCP, UDP) and one.get("hostname"):
        message = f"must not be set with protocol {protocol}"
        yield Violation(loc=(*loc, "hostname"), message=message)
    if protocol == HTTPS and mode == PASSTHROUGH:
        yield Violation(loc=(*loc, "tls", "mode"), message="must be Terminate with protocol HTTPS")
    if protocol == TLS and "mode" not in tls:
        yield Violation(loc=(*loc, "tls", "mode"), message="required with protocol TLS")
    bare = not (tls.get("certificateRefs") or tls.get("options"))
    if one.get("tls") is not None and mode == TERMINATE and bare:
        message = "or options is required where TLS ends here"
        yield Violation(loc=(*loc, "tls", "certificateRefs"), message=message)


def _class(plain: Plain, now: datetime) -> str:
    del now
    return text_at(plain, "spec", "gatewayClassName")


def _programmed(plain: Plain, now: datetime) -> str:
    del now
    found = child(plain, "status").get("conditions")
    for one in found if isinstance(found, list) else ():
        if child(one).get("type") == "Programmed":
            return str(one.get("status"))
    return ""


KIND: Kind[KubernetesGatewaySpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind=GATEWAY,
    shared=True,
    plural="gateways",
    singular="gateway",
    short_names=("gtw",),
    spec=KubernetesGatewaySpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Class", description="Its class.", cell=_class),
        Column(name="Programmed", description="Whether a gateway serves it.", cell=_programmed),
        AGE,
    ),
)

KubernetesGateway = Maker(KIND)
"""Makes one in Python; fields in snake case."""
