"""What an unquoted YAML scalar means, and whether everybody agrees.

YAML 1.1, 1.2 and the parsers in between read some texts as different things: ``0123``, ``12:30``,
``yes``, ``2026-11-20``, ``1e3``. Whatever any of them reads as more than a plain text or a plain
decimal integer is refused where its text is seen, so that a file says the same to every tool.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fairlead.kinds.spec import INT64

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"])
_FALSE = frozenset(["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"])
_CANONICAL = re.compile(r"-?[1-9][0-9]*|0")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_TRAPS = (
    (re.compile(r"[-+]?0[bB][01_]+|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[oO][0-7_]+"), "a number"),
    (re.compile(r"[-+]?[0-9][0-9_]*"), "a number"),
    (re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"), "a number in base 60"),
    (re.compile(r"[-+]?[0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9_]+)?(?<=[0-9_])"), "a number"),
    (re.compile(r"[-+]?\.?(?:nan|inf|infinity)", re.IGNORECASE), "a number that is none"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?"), "a date"),
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """The value of a scalar; `trap` says what some tools would take it for, ``""`` for none."""

    value: Any
    trap: str = ""


def resolve(text: str) -> Scalar:
    """Return what the unquoted scalar `text` means.

    A float, boolean or null is returned as such: whether one may stand in a field is the field's
    matter. A trap is returned as its text.
    """
    if text in _NULL:
        return Scalar(None)
    if text in _TRUE or text in _FALSE:
        return Scalar(text in _TRUE)
    # Twenty characters hold every integer of 64 bits; Python would take long over longer ones.
    if len(text) <= 20 and _CANONICAL.fullmatch(text) and -INT64 <= int(text) < INT64:
        return Scalar(int(text))
    if _CANONICAL.fullmatch(text):
        return Scalar(text, "an integer beyond 64 bits")
    if len(text) <= 400 and _FLOAT.fullmatch(text):
        value = float(text)
        return Scalar(value) if abs(value) != float("inf") else Scalar(text, "infinite")
    return Scalar(text, next((name for form, name in _TRAPS if form.fullmatch(text)), ""))
