"""Which rules the workers of an app on one host count together, and why not the others."""

from __future__ import annotations

from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Throttle
from fairlead.policy.rule import ENFORCE, EVERYBODY, Rule


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
    return ""
