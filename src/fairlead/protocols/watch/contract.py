"""What an app promises to those who call it, as its processes tell the control plane.

A registration names contracts by their digests; the document itself goes to `CONTRACTS` once, when
the lease in the answer asks for it. It is JSON of sorted keys: an OpenAPI document, or services and
messages of gRPC in the form of `agent/descriptors.py`.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

CONTRACTS = "/fairlead/v1/contracts"

OPENAPI, GRPC = "openapi", "grpc"
SORTS = (OPENAPI, GRPC)

MOST_PACKED, MOST_PLAIN = 256 << 10, 8 << 20
"""Bytes of a document, as it is sent and as it is."""

MOST = 4
"""Contracts of one process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One version of a contract."""

    node: str
    namespace: str
    app: str
    sort: str
    digest: str
    packed: bytes
    """The document, compressed with zlib."""


def packed(document: Any) -> tuple[str, bytes]:
    """Return the digest of a document and its compressed text.

    Raises ValueError or TypeError where it is no JSON, or too large.
    """
    text = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    small = zlib.compress(text, 6)
    if len(text) > MOST_PLAIN or len(small) > MOST_PACKED:
        raise ValueError(f"a contract of {len(text)} bytes is too large to be told")
    return digest_of(text), small


def digest_of(text: bytes) -> str:
    """Return what names a version."""
    return sha256(text).hexdigest()[:32]


def unpacked(small: bytes) -> bytes:
    """Return the text of a compressed document. Raises ValueError."""
    reading = zlib.decompressobj()
    try:
        text = reading.decompress(small, MOST_PLAIN)
    except zlib.error as error:
        raise ValueError(f"it is not compressed with zlib: {error}") from error
    if not reading.eof:
        raise ValueError(f"it is larger than {MOST_PLAIN >> 20} MiB, or not whole")
    return text


def contract_body(contract: Contract) -> bytes:
    """Return the body that is sent to `CONTRACTS`."""
    names = ("node", "namespace", "app", "sort", "digest")
    plain = {name: getattr(contract, name) for name in names}
    plain["document"] = b64encode(contract.packed).decode()
    return json.dumps(plain, separators=(",", ":")).encode() + b"\n"
