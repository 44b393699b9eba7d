"""Where data planes come in to ask for xDS, in the clear on this machine, and with TLS."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from fairlead.control.settings import Settings
from fairlead.control.tls import Certificate, Certificates, authorities
from fairlead.protocols.xds.server import Door

PLAIN, TLS = "port", "tlsPort"
"""What the ports are called where they are told."""


def doors(settings: Settings, certificates: Certificates | None) -> Iterator[tuple[str, Door]]:
    """Yield the doors that are to be open, with the names of their ports.

    Raises CertificateUnusable where the authorities of clients cannot be read.
    """
    if settings.xds is not None:
        yield PLAIN, Door(_address(*settings.xds))
    if settings.xds_tls is not None and certificates is not None:
        path = settings.xds_client_ca
        trusted = authorities(path) if path is not None else None
        yield TLS, Door(_address(*settings.xds_tls), _credentials(certificates, trusted))


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _credentials(certificates: Certificates, trusted: bytes | None) -> grpc.ServerCredentials:
    """Return what gRPC shows at each handshake: the certificate in force."""
    shown = certificates.current

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal shown
        if shown is certificates.current:
            return None
        shown = certificates.current
        return _shown(shown, trusted)

    return grpc.dynamic_ssl_server_credentials(
        _shown(shown, trusted), renewed, require_client_authentication=trusted is not None
    )


def _shown(certificate: Certificate, trusted: bytes | None) -> grpc.ServerCertificateConfiguration:
    pair = (certificate.key, certificate.chain)
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=trusted)
