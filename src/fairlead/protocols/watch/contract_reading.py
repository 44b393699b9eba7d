"""Contracts of apps, read with bounds; server side only."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Any

from fairlead.protocols.watch.contract import MOST_PACKED, SORTS, Contract, digest_of, unpacked
from fairlead.protocols.watch.reader import NAME, NAMESPACE, NODE, InvalidMessage, Reader


def read_contract(plain: Any) -> tuple[Contract, Any]:
    """Return the contract of a body, and its document. Raises InvalidMessage."""
    if not isinstance(plain, dict):
        raise InvalidMessage([("", "the body must be an object")])
    read = Reader(plain)
    small, document = _document(read, str(plain.get("digest")))
    sort = plain.get("sort")
    if sort not in SORTS:
        read.problem("sort", f"is none of {', '.join(SORTS)}")
    contract = Contract(
        node=read.name("node", NODE),
        namespace=read.name("namespace", NAMESPACE),
        app=read.name("app", NAME),
        sort=str(sort),
        digest=str(plain.get("digest")),
        packed=small,
    )
    read.finish()
    return contract, document


def _document(read: Reader, digest: str) -> tuple[bytes, Any]:
    given = read.plain.get("document")
    try:
        if not isinstance(given, str) or len(given) > 2 * MOST_PACKED:
            raise ValueError(f"must be text of at most {2 * MOST_PACKED >> 10} KiB")
        small = b64decode(given, validate=True)
        text = unpacked(small)
        document = json.loads(text)
        if not isinstance(document, dict) or digest_of(text) != digest:
            raise ValueError("is no object, or not that of its digest")
    except (ValueError, NotBase64, RecursionError) as error:
        read.problem("document", str(error)[:200])
        return b"", None
    return small, document
