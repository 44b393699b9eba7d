"""Which rules stand beside each other at a resource, so that workers can share none of them."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from fairlead.compiler.guards import Guarded
from fairlead.compiler.part import Guard
from fairlead.policy.limit import RateLimit
from fairlead.policy.rule import Rule
from fairlead.policy.sharing import everybodys, why_alone, why_none

MOST_PATTERNS = 100
"""Patterns with limits that calls may borrow from that are held against names of resources."""


class Together:
    """The rules of one namespace that are about every call of their resources."""

    def __init__(self, guarded: Iterable[Guarded]) -> None:
        self._at: dict[Hashable, list[tuple[Guard, Rule]]] = {}
        self._lending: list[tuple[Guard, re.Pattern[str], Rule]] = []
        self._known: dict[Hashable, str] = {}
        for one in guarded:
            for rule in filter(everybodys, one.rules):
                self._at.setdefault((rule.resource, rule.regex), []).append((one.guard, rule))
                if isinstance(rule, RateLimit) and rule.borrow_ms and rule.regex:
                    pattern = re.compile(rule.resource, re.DOTALL)
                    self._lending.append((one.guard, pattern, rule))
        del self._lending[MOST_PATTERNS:]

    def why_alone(self, guard: Guard, rule: Rule) -> str:
        """Return why processes of `guard` count for a rule alone; ``""`` where workers share it."""
        why = why_alone(rule)
        if why or not everybodys(rule):
            return why
        key = (guard.app, guard.workloads, rule.resource, rule.regex)
        if key not in self._known:
            self._known[key] = why_none(self._beside(guard, rule))
        return self._known[key]

    def _beside(self, guard: Guard, rule: Rule) -> list[Rule]:
        found = [
            other
            for whose, other in self._at.get((rule.resource, rule.regex), ())
            if _may_meet(guard, whose)
        ]
        if not rule.regex:
            found += [
                other
                for whose, pattern, other in self._lending
                if _may_meet(guard, whose) and pattern.fullmatch(rule.resource)
            ]
        return found


def _may_meet(one: Guard, other: Guard) -> bool:
    """Tell whether a workload may have both, as far as that is to be seen."""
    same_app = one.app == other.app or "" in (one.app, other.app)
    labels = one.workloads == other.workloads or not (one.workloads and other.workloads)
    return same_app and labels
