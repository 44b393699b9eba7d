"""Which rules about the flow of calls the calls of some resources meet, and which of them decide.

Of rules that guard the same resource in the same way all hold, and the strictest decides
(`strictness`); the others say which one that is.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from fairlead.compiler.strictness import comparable
from fairlead.policy.resource import scopes
from fairlead.policy.rule import ENFORCE, Rule
from fairlead.policy.wording import worded

MOST = 30
"""Rules that are told of one hop."""

MOST_PATTERNS = 100
"""Rules with a pattern that are held against the names of a hop."""


def counted_at(rule: Rule, names: tuple[str, ...]) -> str:
    """Return which of `names`, a resource's scopes, `rule` counts at, ``""`` for none."""
    if rule.regex:
        return names[-1] if re.fullmatch(rule.resource, names[-1]) else ""
    return rule.resource if rule.resource in names else ""


def concerning(rules: Iterable[Rule], resources: Sequence[str]) -> list[Rule]:
    """Return the rules that calls of any of `resources` meet, in order."""
    names = {scope for name in resources for scope in scopes(name)}
    found, patterns = [], 0
    for rule in rules:
        if not rule.regex:
            if rule.resource in names:
                found.append(rule)
        elif patterns < MOST_PATTERNS:
            patterns += 1
            if any(re.fullmatch(rule.resource, name) for name in resources):
                found.append(rule)
    return found


def decided(rules: Sequence[Rule], at: str) -> list[dict[str, Any]]:
    """Return `rules` as they are told, each with its `result`, and `why` where it does not decide.

    `at` says whose agent enforces them: the ``caller``'s or the ``callee``'s.
    """
    strictest = _strictest(rules)
    return [
        {
            "rule": rule.rule,
            "strategy": rule.strategy,
            "resource": rule.resource,
            "says": worded(rule),
            "at": at,
            **_result(rule, strictest),
        }
        for rule in rules[:MOST]
    ]


def _strictest(rules: Iterable[Rule]) -> dict[Hashable, tuple[float, Rule]]:
    found: dict[Hashable, tuple[float, Rule]] = {}
    for rule in rules:
        for key, much in comparable(rule) if rule.mode == ENFORCE else ():
            if key not in found or much < found[key][0]:
                found[key] = (much, rule)
    return found


def _result(rule: Rule, strictest: dict[Hashable, tuple[float, Rule]]) -> dict[str, str]:
    if rule.mode != ENFORCE:
        return {"result": "counts", "why": f"mode {rule.mode}: it only counts what it would reject"}
    others = list(_stricter(rule, strictest))
    if others and (other := others[0]) is not None and None not in others:
        name = f"{other.rule}, {other.strategy}" if other.rule == rule.rule else other.rule
        return {"result": "lost", "why": f"{name} is stricter ({worded(other)}): both hold"}
    return {"result": "decides"}


def _stricter(rule: Rule, strictest: dict[Hashable, tuple[float, Rule]]) -> Iterator[Rule | None]:
    """Yield for each thing that a rule bounds the one that bounds it more, None for itself."""
    for key, _ in comparable(rule):
        other = strictest[key][1]
        yield None if other is rule else other
