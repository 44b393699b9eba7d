"""Gateway (Istio): ports where requests come in, and the hosts that are meant there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.gateway_api import GATEWAY
from fairlead.kinds.kind import AGE, ENFORCED, NAME, Column, Kind, Plain, child
from fairlead.kinds.networking import ALSO, GROUP, VERSION, Istio, Later, later
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Loc, Violation

PLAIN = ("HTTP", "HTTP2", "GRPC", "GRPC-WEB")
HTTPS = "HTTPS"
PROTOCOLS = (*PLAIN, HTTPS, "TLS", "TCP", "MONGO", "REDIS", "MYSQL", "UDP")
SIMPLE, MUTUAL = "SIMPLE", "MUTUAL"
MODES = ("PASSTHROUGH", SIMPLE, MUTUAL, "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL")
MOST_SERVERS, MOST_HOSTS = 64, 256


class ServerPort(Istio):
    """A port."""

    number: int = Field(ge=1, le=65535, description="Its number.")
    protocol: str = Field(
        min_length=1, max_length=32, description="HTTP, HTTP2, GRPC, HTTPS; no other is served."
    )
    name: str | None = Field(default=None, max_length=253, description="Its name, for people.")
    target_port: Later = later("Another port where it listens.")


class ServerTls(Istio):
    """How requests are encrypted."""

    https_redirect: bool | None = Field(
        default=None, description="Whether requests without encryption are sent to https."
    )
    mode: str | None = Field(default=None, description="SIMPLE or MUTUAL; others are not served.")
    server_certificate: str | None = Field(
        default=None, max_length=4096, description="Path of the certificate, at the gateway."
    )
    private_key: str | None = Field(
        default=None, max_length=4096, description="Path of its key, at the gateway."
    )
    ca_certificates: str | None = Field(
        default=None, max_length=4096, description="Path of those that clients are checked by."
    )
    credential_name: Later = later("A Secret that holds them; no Secrets are kept here.")
    credential_names: Later = later("Secrets that hold them.")
    ca_cert_credential_name: Later = later("A Secret that holds those of clients.")
    subject_alt_names: Later = later("Names that clients have.")
    verify_certificate_spki: Later = later("Keys that clients have.")
    verify_certificate_hash: Later = later("Certificates that clients have.")
    min_protocol_version: Later = later("Oldest version of TLS.")
    max_protocol_version: Later = later("Newest version of TLS.")
    cipher_suites: Later = later("Ciphers.")
    tls_certificates: Later = later("Several certificates.")
    ca_crl: Later = later("Certificates that are withdrawn.")


class Server(Istio):
    """What is served on a port."""

    port: ServerPort = Field(description="The port.")
    hosts: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        min_length=1,
        max_length=MOST_HOSTS,
        description="Hosts, also *.example.com and *; NAMESPACE/HOST is for the objects of one.",
    )
    tls: ServerTls | None = Field(default=None, description="Encryption.")
    name: str | None = Field(default=None, max_length=253, description="Its name, for people.")
    bind: Later = later("Address where it listens.")
    default_endpoint: Later = later("Where requests go without a rule.")


class IstioGatewaySpec(Istio):
    """Ports where requests come in."""

    servers: Annotated[tuple[Server, ...], Field(strict=False)] = Field(
        min_length=1, max_length=MOST_SERVERS, description="What is served."
    )
    selector: dict[str, str] | None = Field(
        default=None,
        description="Labels of the data planes that serve it, app among them; that of its name "
        "serves it too.",
    )


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    servers = child(plain, "spec").get("servers")
    for place, one in enumerate(servers if isinstance(servers, list) else ()):
        if isinstance(one, dict):
            yield from _server(one, ("spec", "servers", place))


def _server(one: Plain, loc: Loc) -> Iterator[Violation]:
    port, tls = child(one, "port"), child(one, "tls")
    protocol, mode = port.get("protocol"), tls.get("mode")
    if isinstance(protocol, str) and protocol.upper() not in PROTOCOLS:
        message = choose("protocol", protocol, PROTOCOLS)
        yield Violation(loc=(*loc, "port", "protocol"), message=message)
    if isinstance(mode, str) and mode not in MODES:
        yield Violation(loc=(*loc, "tls", "mode"), message=choose("mode", mode, MODES))
    if protocol in (HTTPS, "TLS") and "tls" not in one:
        yield Violation(loc=(*loc, "tls"), message=f"required with protocol {protocol}")
    if protocol == HTTPS and tls.get("httpsRedirect"):
        message = "is for requests without encryption: protocol HTTP"
        yield Violation(loc=(*loc, "tls", "httpsRedirect"), message=message)
    if protocol == HTTPS and mode in (SIMPLE, MUTUAL) and not tls.get("credentialName"):
        for name in ("serverCertificate", "privateKey"):
            if not tls.get(name) and not tls.get("credentialNames"):
                message = "required where no credentialName stands"
                yield Violation(loc=(*loc, "tls", name), message=message)
    hosts = one.get("hosts")
    for at, host in enumerate(hosts if isinstance(hosts, list) else ()):
        if isinstance(host, str) and (found := _host(host)):
            yield Violation(loc=(*loc, "hosts", at), message=found)


def _host(text: str) -> str | None:
    name = text.rpartition("/")[2]
    if not name or text.count("/") > 1:
        return "must be a host, or NAMESPACE/HOST"
    if "*" in name and name != "*" and (not name.startswith("*.") or "*" in name[1:]):
        return "a wildcard is the whole first label: *.example.com"
    return None


def _ports(plain: Plain, now: datetime) -> str:
    del now
    servers = child(plain, "spec").get("servers")
    found = [child(one, "port").get("number") for one in servers or () if isinstance(one, dict)]
    return ",".join(str(number) for number in dict.fromkeys(found))


KIND: Kind[IstioGatewaySpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind=GATEWAY,
    shared=True,
    plural="gateways",
    singular="gateway",
    short_names=("gw",),
    spec=IstioGatewaySpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Ports", description="Where requests come in.", cell=_ports),
        ENFORCED,
        AGE,
    ),
)

IstioGateway = Maker(KIND)
"""Makes one in Python; fields in snake case."""
