"""What writing a rule in Sentinel's words comes to, in either dialect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairlead.policy.rule import EVERYBODY, Rule


class Cannot(Exception):
    """The rule cannot be said in this dialect; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A rule in Sentinel's words."""

    type: str
    plain: dict[str, Any]
    differs: tuple[str, ...] = ()
    """Sentences about what means something else there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a rule does not say itself."""

    cold_factor: float
    """That of Sentinel Java's process."""
    callers: Mapping[str, frozenset[str]]
    """Callers that have rules of their own, by resource."""


def whole(number: float, what: str) -> int:
    """Return a number that Sentinel has as an integer. Raises Cannot."""
    if not float(number).is_integer():
        raise Cannot(f"{what} {number:g} is no whole number")
    return int(number)


def seconds(milliseconds: int, what: str) -> int:
    """Return a length of time that Sentinel has in seconds. Raises Cannot."""
    if milliseconds % 1000:
        raise Cannot(f"{what} of {milliseconds} ms is no whole number of seconds")
    return milliseconds // 1000


def everybody(rule: Rule) -> None:
    """Raise Cannot for a rule that is for some calls only."""
    if rule.selection != EVERYBODY:
        raise Cannot("it is for some callers, or one entrance, only")


def by_name(rule: Rule) -> None:
    """Raise Cannot for a rule that is for all names of a pattern."""
    if rule.regex:
        raise Cannot("it is for a pattern of names")


def kinds_of(text: str, integers: Any, booleans: Any, fractions: Any, texts: Any) -> list[Any]:
    """Return of which types a value may be that is compared as `text` here.

    There an argument's type counts, and 7 is not ``"7"``.
    """
    found: list[Any] = []
    if text.removeprefix("-").isdecimal() and text.isascii() and str(int(text[:40])) == text:
        found += integers
    elif text in ("true", "false"):
        found += booleans
    else:
        try:
            if math.isfinite(float(text[:40])) and repr(float(text[:40])) == text:
                found += fractions
        except ValueError:
            pass
    return [*found, *texts]
