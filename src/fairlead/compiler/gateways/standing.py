"""What the status of a gateway or route says, in the words of the Gateway API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

ACCEPTED, RESOLVED, PROGRAMMED = "Accepted", "ResolvedRefs", "Programmed"
CONFLICTED = "Conflicted"

UNSUPPORTED = "UnsupportedValue"
NO_PARENT, NOT_ALLOWED = "NoMatchingParent", "NotAllowedByListeners"
NO_HOSTNAME = "NoMatchingListenerHostname"
NOT_PERMITTED, INVALID_KIND = "RefNotPermitted", "InvalidKind"
NOT_FOUND = "BackendNotFound"
PENDING = "Pending"
NOT_REPORTED = "no agent has reported an app called"
"""How sentences about services begin that nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One condition, without its time."""

    type: str
    status: str = "True"
    reason: str
    message: str = ""

    @property
    def bad(self) -> bool:
        """Whether somebody has to do something."""
        return (self.status == "True") is (self.type == CONFLICTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """How a route stands with one of its parents."""

    ref: dict[str, Any]
    """The parent as the route names it."""
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerState:
    """How a listener stands."""

    name: str
    kinds: tuple[str, ...]
    attached: int
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an object stands."""

    verdicts: tuple[Verdict, ...] = ()
    """Of the object as a whole."""
    parents: tuple[Parent, ...] = ()
    listeners: tuple[ListenerState, ...] = ()


def accepted() -> Verdict:
    """Return that something is accepted."""
    return Verdict(type=ACCEPTED, reason=ACCEPTED)


def refused(reason: str, message: str) -> Verdict:
    """Return that something is not accepted, and why."""
    return Verdict(type=ACCEPTED, status="False", reason=reason, message=message)


def resolved(problems: Iterable[tuple[str, str]]) -> Verdict:
    """Return whether references are good; `problems` are reasons and sentences."""
    found = tuple(problems)
    if not found:
        return Verdict(type=RESOLVED, reason=RESOLVED)
    # What may come by itself is said last: an app may only not have started yet.
    found = tuple(sorted(found, key=lambda one: one[0] == NOT_FOUND))
    message = "; ".join(dict.fromkeys(words for _, words in found))
    return Verdict(type=RESOLVED, status="False", reason=found[0][0], message=message)
