"""Syntax of names: Kubernetes objects, labels and annotations, HTTP fields.

Every check returns what is wrong as a sentence, or None. Sources: Kubernetes "Object Names and IDs"
and "Labels and Selectors"; RFC 9110 §5.6.2 (the token of RFC 7230).
"""

from __future__ import annotations

import re

_DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_LABEL_TEXT = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def object_name(text: str) -> str | None:
    """Check a DNS-1123 subdomain: the name of an object."""
    if len(text) <= 253 and all(_DNS_LABEL.fullmatch(part) for part in text.split(".")):
        return None
    return (
        f"{_shown(text)} is not a name: use at most 253 lower case letters, digits, '-' and '.', "
        "each part starting and ending with a letter or digit"
    )


def namespace_name(text: str) -> str | None:
    """Check a DNS-1123 label: the name of a namespace."""
    if len(text) <= 63 and _DNS_LABEL.fullmatch(text):
        return None
    return (
        f"{_shown(text)} is not a namespace: use at most 63 lower case letters, digits and '-', "
        "starting and ending with a letter or digit"
    )


def qualified_key(text: str) -> str | None:
    """Check the key of a label or an annotation: ``name`` or ``prefix/name``."""
    prefix, slash, name = text.rpartition("/")
    good_prefix = not slash or object_name(prefix) is None
    if good_prefix and len(name) <= 63 and _LABEL_TEXT.fullmatch(name):
        return None
    return (
        f"{_shown(text)} is not a label key: use at most 63 letters, digits, '-', '_' and '.', "
        "after an optional DNS prefix and '/'"
    )


def label_value(text: str) -> str | None:
    """Check the value of a label; it may be empty."""
    if not text or (len(text) <= 63 and _LABEL_TEXT.fullmatch(text)):
        return None
    return (
        f"{_shown(text)} is not a label value: use at most 63 letters, digits, '-', '_' and '.', "
        "starting and ending with a letter or digit"
    )


def token(text: str) -> str | None:
    """Check an HTTP token: the name of a header or a cookie, the key of a baggage member."""
    if len(text) <= 256 and _TOKEN.fullmatch(text):
        return None
    return f"{_shown(text)} is not a field name: use letters, digits and '-'"


def printable(text: str) -> str | None:
    """Check text that is compared with parts of a request: bounded, no control characters."""
    if len(text) > 4096:
        return f"is {len(text)} characters long, at most 4096 are compared"
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        return "has a control character, which no header or path can carry"
    return encodable(text)


def encodable(text: str) -> str | None:
    """Check that `text` can be stored and sent: JSON lets half a character pass."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "has half a surrogate pair, which is no character"
    return None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
