"""A token: ``fairlead_ID_SECRET``. The id finds its record, the secret proves it.

Only a hash of the secret is ever kept. A secret has 256 bits of chance, so that nothing is gained
by trying, and one round of SHA-256 is enough to keep whoever reads the hashes from using them.
"""

from __future__ import annotations

import re
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

PREFIX = "fairlead"
SECRET_BYTES = 32
ID_BYTES = 6

_TOKEN = re.compile(rf"{PREFIX}_([0-9a-f]{{{2 * ID_BYTES}}})_([A-Za-z0-9_-]{{43}})")
_NOBODY = sha256(b"").hexdigest()
"""What a secret is held against where its id is unknown, so that both refusals cost the same."""


class Parts(NamedTuple):
    """The two halves of a token's text."""

    id: str
    secret: str


def token_text(id: str, secret: str) -> str:
    """Return the text that is handed out, once."""
    return f"{PREFIX}_{id}_{secret}"


def parts_of(text: str) -> Parts | None:
    """Return the halves of a token, None for text that is none."""
    found = _TOKEN.fullmatch(text)
    return Parts(found[1], found[2]) if found else None


def hash_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def proves(secret: str, kept: str | None) -> bool:
    """Say whether `secret` is the one whose hash is `kept`, in the same time for every secret."""
    return compare_digest(hash_of(secret), kept or _NOBODY) and kept is not None


def bearer_of(header: str) -> str:
    """Return the credentials in an ``Authorization`` header, ``""`` for another scheme's."""
    scheme, _, credentials = header.strip().partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else ""
