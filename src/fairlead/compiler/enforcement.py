"""What authors of rules about the flow of calls are told: what of them is enforced, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from fairlead.compiler.finding import (
    ENFORCED,
    FALLBACK_UNUSABLE,
    TARGET_NOT_SEEN,
    Finding,
)
from fairlead.compiler.guards import MOST_BYTES, MOST_RULES, Guarded, Guards, Names, Share
from fairlead.compiler.part import Guard
from fairlead.compiler.placed import Placed
from fairlead.compiler.select import finding
from fairlead.compiler.shadows import Remark
from fairlead.compiler.strictness import overlaps
from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.limit import Authority
from fairlead.policy.resource import OUTBOUND
from fairlead.policy.rule import ENFORCE, OFF

SCOPE = (
    "scope: process: each worker process counts for itself, so that N processes let N times the "
    "threshold pass"
)
_BREAKERS = "scope: process: each worker process opens and closes for itself"
_CALLERS = "each call is judged by itself"

LIKE = 0.8
"""How like a known app's name another one has to be to be taken for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is there of what a guard guards."""

    nobody: str = ""
    """That there is no workload, ``""`` where there is one."""
    vain: Mapping[str, str]
    """Resources that no workload has, each with the one that may be meant, ``""`` for none."""


def flow_findings(
    guards: Guards, placed: Iterable[Placed], known: set[tuple[str, str]]
) -> Iterator[Finding]:
    """Yield what is to be said of the guards of one namespace, and of what they name.

    `placed` are the instances of the namespace, `known` the apps of all.
    """
    by_app: dict[str, list[Placed]] = {}
    for one in placed:
        by_app.setdefault(one.instance.app, []).append(one)
    for guarded in guards.guarded:
        yield from (finding(*remark) for remark in _remarks(guarded, by_app, known))
    yield from (finding(*remark) for remark in overlaps(guards.guarded))
    yield from (finding(*remark) for remark in _of_the_named(guards.named))


def _remarks(
    guarded: Guarded, by_app: Mapping[str, Sequence[Placed]], known: set[tuple[str, str]]
) -> Iterator[Remark]:
    part, guard = guarded.part, guarded.guard
    namespace = part.resource.namespace
    sight = _sight(guard, namespace, by_app, known)
    if sight.nobody and guard.app and (namespace, guard.app) not in known:
        message = f"no agent has reported an app called {guard.app} in this namespace"
        yield Remark(part, TARGET_NOT_SEEN, "NoInstanceReported", message)
    elif sight.vain:
        message = f"{_whose(guard)} has not {_listed(sight.vain)}"
        yield Remark(part, TARGET_NOT_SEEN, "NoSuchResource", message)
    if guarded.lost_fallback:
        yield Remark(part, FALLBACK_UNUSABLE, "NotFound", guarded.lost_fallback)
    yield _verdict(guarded, sight)


def _sight(
    guard: Guard,
    namespace: str,
    by_app: Mapping[str, Sequence[Placed]],
    known: set[tuple[str, str]],
) -> Sight:
    chosen = by_app.get(guard.app, ()) if guard.app else [p for ps in by_app.values() for p in ps]
    found = [
        one.instance for one in chosen if guard.concerns(one.instance.app, one.membership.labels)
    ]
    vain = _uncalled(guard, namespace, known)
    # Releases differ: a resource that one instance has, or may have, is there.
    told = [dict(one.unmatched) for one in found if one.unmatched is not None]
    for target in guard.targets if told else ():
        if all(target.resource in one for one in told):
            vain[target.resource] = told[0][target.resource]
    nobody = "" if found else f"{_whose(guard)} has no instance"
    return Sight(nobody=nobody, vain=vain)


def _uncalled(guard: Guard, namespace: str, known: set[tuple[str, str]]) -> dict[str, str]:
    """Return the targets that are calls, each with the known app that is meant.

    A name that is like none may be the name of a host, whose calls are governed too.
    """
    called = [
        one.resource for one in guard.targets if one.resource.startswith(OUTBOUND) and not one.regex
    ]
    if not called:
        return {}
    names = {spelt for at, name in known for spelt in _spellings(name, at, namespace)}
    vain: dict[str, str] = {}
    for resource in called:
        app, colon, method = resource.removeprefix(OUTBOUND).partition(":")
        near = [] if app in names else get_close_matches(app, sorted(names), 1, LIKE)
        if near and "." not in app:
            vain[resource] = f"{OUTBOUND}{near[0]}{colon}{method}"
    return vain


def _spellings(app: str, at: str, namespace: str) -> Iterator[str]:
    yield f"{app}.{at}".lower()
    if at == namespace:
        yield app.lower()


def _whose(guard: Guard) -> str:
    if guard.app:
        return f"app {guard.app}"
    return "this namespace" if not guard.workloads else "what it selects in this namespace"


def _listed(vain: Mapping[str, str]) -> str:
    return "; ".join(
        f"{name}, did you mean {near}?" if near else name for name, near in vain.items()
    )


def _verdict(guarded: Guarded, sight: Sight) -> Remark:
    part = guarded.part
    if guarded.crowded:
        return Remark(part, ENFORCED, "TooMuch", _too_much(guarded.guard), "False")
    problems = list(_problems(guarded.shares))
    if sight.vain:
        problems.append((TARGET_NOT_SEEN, f"{_whose(guarded.guard)} has not {_listed(sight.vain)}"))
    scope = _scope(guarded, sight)
    if problems:
        rest = f"; the rest is enforced, {scope}" if scope and not sight.nobody else ""
        message = "; ".join(words for _, words in problems) + rest
        return Remark(part, ENFORCED, problems[0][0], message, "False")
    if sight.nobody:
        message = f"{sight.nobody} that would enforce it"
        return Remark(part, ENFORCED, TARGET_NOT_SEEN, message, "Unknown")
    reason = "PerCall" if scope == _CALLERS else "PerProcess"
    return Remark(part, ENFORCED, reason, scope, "True")


def _problems(shares: Iterable[Share]) -> Iterator[tuple[str, str]]:
    """Yield a reason and a sentence for each strategy that is not enforced, the gravest first."""
    shares = tuple(shares)
    for one in shares:
        if one.refused:
            yield "StrategyUnusable", one.refused
    for one in shares:
        if not one.refused and one.mode == OFF:
            yield "Off", f"{one.name}: mode off: it has no effect"
    for one in shares:
        if not one.refused and one.mode not in (OFF, ENFORCE):
            yield "Simulated", f"{one.name}: mode {one.mode}: it only counts what it would reject"


def _scope(guarded: Guarded, sight: Sight) -> str:
    """Return where the rules that are in force count, ``""`` where there is none."""
    rules = [
        rule for rule in guarded.rules if rule.mode == ENFORCE and rule.resource not in sight.vain
    ]
    if not rules:
        return ""
    if all(isinstance(rule, Authority) for rule in rules):
        return _CALLERS
    if all(isinstance(rule, (Authority, CircuitBreaker)) for rule in rules):
        return _BREAKERS
    return SCOPE


def _too_much(guard: Guard) -> str:
    return (
        f"with this rule, {_whose(guard)} would have more than {MOST_RULES} limits, or more than "
        f"{MOST_BYTES >> 20} MiB of limits and their answers: name fewer targets and strategies, "
        "or a shorter answer"
    )


def _of_the_named(named: Names) -> Iterator[Remark]:
    """Yield what the authors of strategies and answers should know."""
    for part in named.parts():
        strategy = part.strategy
        if strategy is not None and strategy.unenforced:
            yield Remark(part, ENFORCED, "NotSupported", strategy.unenforced, "False")
        elif not named.users(part):
            message = "no rule of this namespace names it"
            yield Remark(part, ENFORCED, "NotReferenced", message, "False")
        elif strategy is not None and strategy.mode != ENFORCE:
            reason, sentence = next(iter(_problems([Share(name="", mode=strategy.mode)])))
            yield Remark(part, ENFORCED, reason, sentence.removeprefix(": "), "False")
