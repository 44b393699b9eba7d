"""The W3C `baggage` header, as far as one label needs it: take ours out, put ours in.

Members of other writers pass through as bytes for bytes text; they are never decoded or re-spelt.
Limits are those of the recommendation (W3C Baggage, 3.3.2): 8,192 bytes, 180 members.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

MAX_BYTES = 8192
MAX_MEMBERS = 180


def split(header: str, keys: frozenset[str]) -> tuple[dict[str, str], str]:
    """Separate the members whose key, in lower case, is in `keys` from the rest of `header`.

    Returns the decoded values of those members by lower-case key, the first one where a key is
    repeated, and the header without them.
    """
    ours: dict[str, str] = {}
    theirs: list[str] = []
    for member in header.split(","):
        key, separator, rest = member.partition("=")
        name = key.strip().lower()
        if name in keys:
            if separator:
                ours.setdefault(name, unquote(rest.partition(";")[0].strip()))
        elif member.strip():
            theirs.append(member)
    return ours, ",".join(theirs).strip()


def join(key: str, value: str, theirs: str) -> str:
    """Return a header with our member first, and as many of their members as the limits allow."""
    ours = f"{key}={quote(value, safe='')}"
    if not theirs:
        return ours
    members = theirs.split(",")[: MAX_MEMBERS - 1]
    header = ",".join([ours, *members])
    while len(header.encode("utf-8", "surrogateescape")) > MAX_BYTES:
        members.pop()
        header = ",".join([ours, *members])
    return header
