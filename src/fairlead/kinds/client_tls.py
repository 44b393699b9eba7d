"""How a DestinationRule says that connections are encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from fairlead.kinds.kind import Plain
from fairlead.kinds.networking import Istio, Later, later
from fairlead.kinds.violation import Loc, Violation

NONE = ("DISABLE", "ISTIO_MUTUAL")
"""Modes of TLS that encrypt nothing here: there is nobody who issues certificates."""

FILES = ("clientCertificate", "privateKey", "caCertificates")
Path: TypeAlias = Annotated[str, Field(max_length=4096)] | None


class ClientTls(Istio):
    """How connections are encrypted. Files are the data plane's."""

    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] = Field(
        default="DISABLE", description="SIMPLE, MUTUAL, or DISABLE for none."
    )
    client_certificate: Path = Field(default=None, description="Path of one's own certificate.")
    private_key: Path = Field(default=None, description="Path of its key.")
    ca_certificates: Path = Field(
        default=None, description="Path of those that the server is checked by; the system's."
    )
    subject_alt_names: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, max_length=64, description="Names, of which the server has one; the host's."
    )
    sni: str | None = Field(default=None, max_length=255, description="Name that is asked for.")
    insecure_skip_verify: bool | None = Field(
        default=None, description="Whether any certificate will do."
    )
    credential_name: Later = later("A Secret that holds the files; no Secrets are kept here.")
    ca_crl: Later = later("Certificates that are withdrawn.")


def unencryptable(tls: Plain, loc: Loc) -> Iterator[Violation]:
    """Check what types cannot say."""
    for name in FILES:
        path = tls.get(name)
        if isinstance(path, str) and not path.startswith("/"):
            yield Violation(loc=(*loc, name), message=f"must be a path from /, got {path[:80]!r}")
    certificate, key = tls.get("clientCertificate"), tls.get("privateKey")
    if bool(certificate) != bool(key):
        yield Violation(loc=loc, message="needs both of clientCertificate and privateKey")
    elif tls.get("mode") == "MUTUAL" and not certificate and not tls.get("credentialName"):
        yield Violation(loc=loc, message="MUTUAL needs clientCertificate and privateKey")
