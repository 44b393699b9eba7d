"""Certificates for tests, made by openssl as docs/access.md says it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A certificate that signed itself, and its key."""

    certificate: Path
    key: Path

    @property
    def options(self) -> dict[str, str]:
        """What `serve` is told."""
        return {"tls_cert": str(self.certificate), "tls_key": str(self.key)}


def certificate(
    directory: Path, names: str = "DNS:localhost,IP:127.0.0.1", *, more: tuple[str, ...] = ()
) -> Pair:
    """Make a certificate for `names` in `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    pair = Pair(directory / "tls.pem", directory / "tls.key")
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subprocess.run(
        [
            *words.split(),
            *("-subj", "/CN=fairlead", "-addext", f"subjectAltName={names}"),
            *("-keyout", str(pair.key), "-out", str(pair.certificate), *more),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    pair.key.chmod(0o600)
    return pair
