"""Where the control plane answers xDS, and who asks: what all bootstraps have in common."""

from __future__ import annotations

import ipaddress
import platform
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairlead.agent.settings import Settings
from fairlead.cli.failure import ENVIRONMENT, USAGE, Failed
from fairlead.policy.locality import Place

PLAINTEXT, TLS = 15010, 15012
"""Ports of xDS: in the clear, for this machine only, and with TLS (contract, "Names")."""
SIDECAR, ROUTER = "sidecar", "router"
"""Kinds of node, as Istio's ids begin with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The control plane's door for data planes."""

    host: str
    port: int
    authority: str | None = None
    """File of the authorities that are believed; None where nothing is encrypted."""
    shown: tuple[str, str] | None = None
    """Files of the certificate that is shown, and its key; None where none is."""

    @property
    def address(self) -> str:
        """``host:port``, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says of it."""

    where: str | None = None
    tls: bool = False
    """Whether TLS is spoken on this machine too."""
    certificate: str = ""
    key: str = ""


def server(settings: Settings, asked: Asked) -> Server:
    """Return where xDS is answered: where it is said, else at the control plane's host.

    What is not on this machine is asked with TLS only: tables of routes say where everything is.
    Raises Failed where what is said is no address, or a file is not there.
    """
    told = asked.where
    host, port = _split(told) if told is not None else (_host(settings.control), None)
    shown = _shown(asked.certificate, asked.key)
    if _is_loopback(host) and not asked.tls and shown is None:
        return Server(host=host, port=port or PLAINTEXT)
    authority = _authorities(settings.ca_file)
    return Server(host=host, port=port or TLS, authority=authority, shown=shown)


def node(settings: Settings, kind: str, **metadata: str) -> dict[str, Any]:
    """Return the node of an app's data plane, in xDS's words, with what `metadata` says more."""
    name, namespace = settings.app or "client", settings.namespace
    labels = {"app": name, **dict(settings.labels)}
    if settings.lane is not None:
        labels["lane"] = settings.lane or "base"
    unit = "-".join(filter(None, (name, platform.node(), settings.address.rpartition(":")[2])))
    where = _address(settings.address)
    place = Place.read(settings.zone)._asdict() if settings.zone else {}
    plain: dict[str, Any] = {
        "id": f"{kind}~{where}~{unit}.{namespace}~{namespace}.svc.cluster.local",
        "cluster": name,
        "metadata": {"NAMESPACE": namespace, "LABELS": labels},
        # gRPC of Node refuses a node without it.
        "locality": {name: text for name, text in place.items() if text},
    }
    plain["metadata"] |= {name: text for name, text in metadata.items() if text}
    return plain


def access_log(settings: Settings) -> str:
    """Return the path of the file that an Envoy writes requests to, ``""`` for none."""
    return "/dev/stderr" if settings.access_log == "stderr" else settings.access_log


def _split(told: str) -> tuple[str, int | None]:
    host, colon, port = told.rpartition(":") if not told.endswith("]") else (told, "", "")
    if not colon:
        host, port = told, ""
    host = host.removeprefix("[").removesuffix("]")
    if not host or "/" in host or (colon and not (port.isdecimal() and 0 < int(port) < 65536)):
        raise Failed(f"--xds {told}: expected HOST or HOST:PORT, an IPv6 host in brackets", USAGE)
    return host, int(port) if port else None


def _host(url: str) -> str:
    return url.partition("://")[2].rpartition(":")[0].removeprefix("[").removesuffix("]")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(told: str) -> str:
    """Return the address of the node: Istio wants one, and knows no names there."""
    host = told.rpartition(":")[0].removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return "127.0.0.1"


def listening(told: str) -> str:
    """Return an address that a gateway takes requests at. Raises Failed where it is none."""
    if not told:
        return ""
    try:
        return str(ipaddress.ip_address(told.removeprefix("[").removesuffix("]")))
    except ValueError as error:
        raise Failed(f"--listen {told}: expected an address, as 0.0.0.0", USAGE) from error


def _shown(certificate: str, key: str) -> tuple[str, str] | None:
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise Failed("--xds-cert and --xds-key go together: name both PEM files", USAGE)
    for path in (certificate, key):
        if not Path(path).is_file():
            raise Failed(f"{path}: no such file", ENVIRONMENT)
    return str(Path(certificate).resolve()), str(Path(key).resolve())


def _authorities(told: str) -> str:
    path = told or ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    if not Path(path).is_file():
        raise Failed(
            f"{path}: no authorities there; FAIRLEAD_CA_FILE names the file of those that are "
            "believed",
            ENVIRONMENT,
        )
    return str(Path(path).resolve())
