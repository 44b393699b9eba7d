"""The certificate that the server shows, from files that are checked before they are believed.

A pair of files is tried out on itself, in memory: a client that trusts nothing but this certificate
has to accept it. That finds a key of another certificate, one that has expired or is not for
servers, and tells which names it is for.
"""

from __future__ import annotations

import logging
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGEST = 1 << 20
"""Bytes of a file that can be a certificate chain or a key."""

LOOK_AGAIN = 5.0
"""Seconds between looks whether the files have changed."""

log = logging.getLogger(__name__)


class CertificateUnusable(Exception):
    """The operator's fault: files that no server can be run with. The message names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where the certificate, with its chain, and its key are, both PEM."""

    certificate: Path
    key: Path

    def signature(self) -> tuple[tuple[int, int, int], ...]:
        """Return what changes with the files. Raises OSError."""
        found = (self.certificate.stat(), self.key.stat())
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that works."""

    context: ssl.SSLContext
    chain: bytes
    key: bytes = field(repr=False)
    names: frozenset[str]
    """Names and addresses it is for, lower case; ``*.example.org`` is for one label."""

    def is_for(self, host: str) -> bool:
        """Say whether `host`, without its port, is one of its names."""
        host = host.lower().rstrip(".")
        return host in self.names or "*." + host.partition(".")[2] in self.names


def load(files: Files) -> Certificate:
    """Return the certificate in `files`. Raises CertificateUnusable."""
    chain, key = _checked(files.certificate), _checked(files.key, secret=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except _Locked as error:
        raise CertificateUnusable(
            f"{files.key}: is locked by a password; give one that is not"
        ) from (error)
    except ssl.SSLError as error:
        raise CertificateUnusable(_why(files, error)) from error
    return Certificate(context=context, chain=chain, key=key, names=_names(context, files))


def authorities(path: Path) -> bytes:
    """Return the authorities in a PEM file. Raises CertificateUnusable."""
    text = _checked(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise CertificateUnusable(f"{path}: holds no certificates that can be read") from error
    return text


class Certificates:
    """The certificate in force, read again when its files change."""

    def __init__(self, files: Files) -> None:
        """Load the files. Raises CertificateUnusable."""
        self._files = files
        self.current = load(files)
        self._seen = files.signature()

    def is_ours(self, host: str) -> bool:
        """Say whether the certificate in force is for `host`."""
        return self.current.is_for(host)

    def refresh(self) -> None:
        """Take up changed files; those that do not work leave the old certificate in force."""
        try:
            seen = self._files.signature()
            if seen == self._seen:
                return
            self._seen = seen
            self.current = load(self._files)
            log.warning("the certificate in %s was read again", self._files.certificate)
        except (CertificateUnusable, OSError) as error:
            log.error("%s; what was read before stays in force", error)  # noqa: TRY400


class _Locked(Exception):
    pass


def _no_password() -> bytes:
    raise _Locked


def _checked(path: Path, *, secret: bool = False) -> bytes:
    """Return the content of a PEM file that can be one. Raises CertificateUnusable."""
    try:
        found = path.stat()
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise CertificateUnusable(f"{path}: {error.strerror or error}") from error
    if len(text) > LARGEST:
        raise CertificateUnusable(f"{path}: is larger than {LARGEST} bytes")
    if secret and stat.S_IMODE(found.st_mode) & 0o007:
        raise CertificateUnusable(f"{path}: everybody may read this key: chmod 600")
    mark, what = (b"PRIVATE KEY-----", "key") if secret else (b"-----BEGIN CERT", "certificate")
    if mark not in text:
        raise CertificateUnusable(f"{path}: holds no {what} in PEM form")
    return text


def _why(files: Files, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{files.key}: is not the key of the certificate in {files.certificate}"
    return f"{files.certificate}, {files.key}: cannot be used: {error.reason or error}"


def _names(context: ssl.SSLContext, files: Files) -> frozenset[str]:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        client.load_verify_locations(files.certificate)
        found = _shaken(client, context)
    except ssl.SSLCertVerificationError as error:
        raise CertificateUnusable(f"{files.certificate}: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise CertificateUnusable(f"{files.certificate}: {error.reason or error}") from error
    names = found.get("subjectAltName", ())
    return frozenset(str(name).lower() for kind, name in names if kind in ("DNS", "IP Address"))


def _shaken(client: ssl.SSLContext, server: ssl.SSLContext) -> dict[str, Any]:
    """Let two ends shake hands in memory; return what the client saw of the certificate."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server)
    far = server.wrap_bio(to_server, to_client, server_side=True)
    # Either end goes as far as it can with what the other has said; four turns are enough.
    for _ in range(8):
        if all([_done(near.do_handshake), _done(far.do_handshake)]):
            break
    return near.getpeercert() or {}


def _done(shake: Callable[[], None]) -> bool:
    try:
        shake()
    except ssl.SSLWantReadError:
        return False
    return True
