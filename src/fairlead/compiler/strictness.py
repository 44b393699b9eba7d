"""Rules that guard the same resource in the same way: all hold, and the strictest decides."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from fairlead.compiler.finding import OVERLAPS
from fairlead.compiler.guards import Guarded
from fairlead.compiler.shadows import Remark
from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.limit import ConcurrencyLimit, HotLimit, RateLimit, Throttle
from fairlead.policy.rule import ENFORCE, Rule
from fairlead.policy.wording import worded

NAMED = 5
"""Resources that a message names; of the rest it says how many there are."""


class _Claim(NamedTuple):
    """One strategy of one guard on one resource, and how much it lets pass."""

    much: float
    guarded: Guarded
    rule: Rule


def overlaps(guarded: Sequence[Guarded]) -> Iterator[Remark]:
    """Yield a remark for each guard whose resources others guard in the same way."""
    claims: dict[Hashable, list[_Claim]] = {}
    for one in guarded:
        for rule in one.rules:
            if rule.mode == ENFORCE:
                for key, much in comparable(rule):
                    whole = (one.guard.app, one.guard.workloads, key)
                    claims.setdefault(whole, []).append(_Claim(much, one, rule))
    told: dict[int, tuple[Guarded, list[str]]] = {}
    for found in claims.values():
        if len(found) > 1:
            strictest = min(found, key=lambda claim: claim.much)
            for claim in found:
                other = strictest if claim is not strictest else _next(found, strictest)
                sentence = _told(claim, other)
                told.setdefault(id(claim.guarded), (claim.guarded, []))[1].append(sentence)
    for one, found_here in told.values():
        sentences = list(dict.fromkeys(found_here))
        more = f"; and {len(sentences) - NAMED} more" if len(sentences) > NAMED else ""
        message = "; ".join(sentences[:NAMED]) + more
        yield Remark(one.part, OVERLAPS, "AllHold", f"{message}: all hold")


def _next(found: Sequence[_Claim], strictest: _Claim) -> _Claim:
    return min((claim for claim in found if claim is not strictest), key=lambda claim: claim.much)


def _told(claim: _Claim, other: _Claim) -> str:
    own, its = claim.rule, other.rule
    than = "as strict as" if other.much == claim.much else "stricter than"
    name = its.strategy if its.rule == own.rule else f"{its.rule} with {its.strategy}"
    if other.much > claim.much:
        return f"on {own.resource}, {own.strategy} ({worded(own)}) is {than} {name} ({worded(its)})"
    return f"on {own.resource}, {name} ({worded(its)}) is {than} {own.strategy} ({worded(own)})"


def comparable(rule: Rule) -> Iterator[tuple[Hashable, float]]:
    """Yield what has to be equal for two rules to be compared, and how much this one lets pass."""
    where = (type(rule), rule.resource, rule.regex, rule.selection)
    if isinstance(rule, RateLimit):
        for window in rule.windows:
            yield (*where, rule.related, window.window_ms), window.threshold
    elif isinstance(rule, Throttle):
        yield (*where, rule.burst), rule.threshold / rule.window_ms
    elif isinstance(rule, ConcurrencyLimit):
        yield where, rule.most
    elif isinstance(rule, HotLimit):
        yield (*where, rule.param, rule.behaviour, rule.window_ms), rule.threshold
    elif isinstance(rule, CircuitBreaker):
        yield (*where, rule.strategy_kind, rule.errors, rule.window_ms), rule.threshold
