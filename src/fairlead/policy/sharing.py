"""Which rules the workers of an app on one host count together, and why not the others."""

from __future__ import annotations

from collections.abc import Collection

from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Throttle
from fairlead.policy.rule import ENFORCE, EVERYBODY, Rule

MOST_CELLS = 60
"""What workers count together at one resource."""

_MS = 1_000_000
_FARTHEST = float(1 << 61)
"""Nanoseconds that can be added up in words of 64 bits."""


def why_alone(rule: Rule) -> str:
    """Return why a rule is counted by each process for itself; ``""`` if workers can share it."""
    if not isinstance(rule, (RateLimit, Throttle, ConcurrencyLimit, CircuitBreaker)):
        return "values are told apart"
    if rule.selection.each:
        return "each caller is counted for itself"
    if getattr(rule, "warm_up", None) or getattr(rule, "memory", None):
        return "its threshold moves"
    if isinstance(rule, Throttle) and rule.mode != ENFORCE:
        return "it only simulates"
    if isinstance(rule, Throttle) and rule.selection != EVERYBODY:
        return "it is about some calls only"
    if isinstance(rule, RateLimit) and (rule.related or rule.borrow_ms):
        return "it reads the calls of another resource" if rule.related else "calls may borrow"
    return _beyond(rule)


def _beyond(rule: Rule) -> str:
    """Return why a rule's numbers have no place in the memory that workers share, or ``""``."""
    if isinstance(rule, Throttle) and rule.threshold:
        most = max(rule.threshold, rule.burst, 1.0)
        if max(rule.window_ms * _MS / rule.threshold * most, rule.queue_ms * _MS) >= _FARTHEST:
            return "its turns are too far apart for what workers share"
    return ""


def why_none(rules: Collection[Rule]) -> str:
    """Return why all of `rules`, which one resource has for every call, are counted alone.

    ``""`` where each may be shared that can be by itself.
    """
    if any(isinstance(rule, RateLimit) and rule.borrow_ms for rule in rules):
        # What a call borrows, it could not give back where another rule refuses it.
        return "calls may borrow from a limit at the same resource"
    shared = [rule for rule in rules if not why_alone(rule)]
    cells = sum([len(one.windows) if isinstance(one, RateLimit) else 1 for one in shared])
    caps = sum([isinstance(one, ConcurrencyLimit) for one in shared])
    if cells - max(0, caps - 1) > MOST_CELLS:
        return f"its resource has more than {MOST_CELLS} limits"
    return ""


def everybodys(rule: Rule) -> bool:
    """Tell whether a rule is among those of `why_none`: enforced, and about every call."""
    related = isinstance(rule, RateLimit) and rule.related
    return rule.mode == ENFORCE and rule.selection == EVERYBODY and not related
