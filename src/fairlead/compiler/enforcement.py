"""What authors of rules about the flow of calls are told: what of them is enforced, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from fairlead.compiler.finding import (
    ENFORCED,
    FALLBACK_UNUSABLE,
    TARGET_NOT_SEEN,
    Finding,
)
from fairlead.compiler.guards import MOST_BYTES, MOST_RULES, Guarded, Guards, Names, Share
from fairlead.compiler.part import Guard
from fairlead.compiler.placed import Placed
from fairlead.compiler.select import finding, reference
from fairlead.compiler.shadows import Remark
from fairlead.compiler.sight import Sight, View, whose
from fairlead.compiler.strictness import overlaps
from fairlead.compiler.together import Together
from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.limit import Authority, HotLimit
from fairlead.policy.overload import OverloadProtection
from fairlead.policy.resource import has_source
from fairlead.policy.rule import ENFORCE, OFF, Rule

SCOPE = (
    "scope: host: the workers of an app on one host count together, so that N hosts let N times "
    "the threshold pass"
)
_BREAKERS = "scope: host: opens and closes for all workers of an app on one host"
_PROCESS = (
    "each worker process counts for itself, so that N processes let N times the threshold pass"
)
_IN_GO = "its instances are programs in Go"
_PROTECTS = "scope: process: each worker process protects itself, as a whole"
_CALLERS = "each call is judged by itself"


def flow_findings(
    guards: Guards, placed: Iterable[Placed], known: set[tuple[str, str]]
) -> Iterator[Finding]:
    """Yield what is to be said of the guards of one namespace, and of what they name.

    `placed` are the instances of the namespace, `known` the apps of all.
    """
    view = View(placed, known)
    first, together = _first(guards), Together(guards.guarded)
    for guarded in guards.guarded:
        before = first.get(id(guarded))
        yield from (finding(*remark) for remark in _remarks(guarded, view, before, together))
    yield from (finding(*remark) for remark in overlaps(guards.guarded))
    yield from (finding(*remark) for remark in _of_the_named(guards.named))


def _remarks(
    guarded: Guarded, view: View, before: Guarded | None, together: Together
) -> Iterator[Remark]:
    part, guard = guarded.part, guarded.guard
    namespace = part.resource.namespace
    sight = view.sight(guard, namespace)
    if sight.nobody and guard.app and (namespace, guard.app) not in view.known:
        message = f"no agent has reported an app called {guard.app} in this namespace"
        yield Remark(part, TARGET_NOT_SEEN, "NoInstanceReported", message)
    elif sight.vain:
        message = f"{whose(guard)} has not {_listed(sight.vain)}"
        yield Remark(part, TARGET_NOT_SEEN, "NoSuchResource", message)
    if guarded.lost_fallback:
        yield Remark(part, FALLBACK_UNUSABLE, "NotFound", guarded.lost_fallback)
    yield _verdict(guarded, sight, before, together)


def _listed(vain: Mapping[str, str]) -> str:
    return "; ".join(
        f"{name}, did you mean {near}?" if near else name for name, near in vain.items()
    )


def _verdict(guarded: Guarded, sight: Sight, before: Guarded | None, together: Together) -> Remark:
    part = guarded.part
    if guarded.crowded:
        return Remark(part, ENFORCED, "TooMuch", _too_much(guarded.guard), "False")
    problems = [*_problems(guarded.shares), *_deaf(guarded.rules)]
    if before is not None:
        message = f"{whose(guarded.guard)} is protected from overload by {reference(before.part)}"
        problems.append(("ProtectedAlready", f"{message}, and by one only"))
    if sight.vain:
        problems.append((TARGET_NOT_SEEN, f"{whose(guarded.guard)} has not {_listed(sight.vain)}"))
    scope = _scope(guarded, sight, together, protects=before is None)
    if problems:
        rest = f"; the rest is enforced, {scope}" if scope and not sight.nobody else ""
        message = "; ".join(words for _, words in problems) + rest
        return Remark(part, ENFORCED, problems[0][0], message, "False")
    if sight.nobody:
        message = f"{sight.nobody} that would enforce it"
        return Remark(part, ENFORCED, TARGET_NOT_SEEN, message, "Unknown")
    reason = "PerHost" if scope in (SCOPE, _BREAKERS) else "PerProcess"
    if scope == _CALLERS:
        reason = "PerCall"
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


def _deaf(rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """Yield a reason and a sentence for each limit on a part that calls have not."""
    for rule in rules:
        if _hears_nothing(rule):
            sentence = f"no call of {rule.resource} has a part {rule.param.source}"
            yield "StrategyUnusable", f"{rule.strategy}: {sentence}: it limits nothing"


def _hears_nothing(rule: Rule) -> TypeGuard[HotLimit]:
    if rule.mode != ENFORCE or rule.regex or not isinstance(rule, HotLimit):
        return False
    return not has_source(rule.resource, rule.param.source)


def _scope(guarded: Guarded, sight: Sight, together: Together, *, protects: bool) -> str:
    """Return where the rules that are in force count, ``""`` where there is none."""
    rules = [
        rule
        for rule in guarded.rules
        if rule.mode == ENFORCE and rule.resource not in sight.vain and not _hears_nothing(rule)
        if protects or not isinstance(rule, OverloadProtection)
    ]
    if not rules:
        return ""
    if all(isinstance(rule, Authority) for rule in rules):
        return _CALLERS
    counting = [rule for rule in rules if not isinstance(rule, (Authority, OverloadProtection))]
    if not counting:
        return _PROTECTS
    if sight.alone and not sight.shared:
        return f"scope: process ({_IN_GO}): {_PROCESS}"
    whys = [(rule, together.why_alone(guarded.guard, rule)) for rule in counting]
    alone = [rule for rule, why in whys if why]
    why = "; ".join(dict.fromkeys(why for _, why in whys if why))
    if len(alone) == len(counting):
        return f"scope: process ({why}): {_PROCESS}"
    names = ", ".join(dict.fromkeys(rule.strategy for rule in alone))
    but = [f"of {names} ({why})"] if alone else []
    but += ["of programs in Go"] if sight.alone else []
    if but:
        return f"{SCOPE}; but {' and '.join(but)} {_PROCESS}"
    return _BREAKERS if all(isinstance(one, CircuitBreaker) for one in counting) else SCOPE


def _too_much(guard: Guard) -> str:
    return (
        f"with this rule, {whose(guard)} would have more than {MOST_RULES} limits, or more than "
        f"{MOST_BYTES >> 20} MiB of limits and their answers: name fewer targets and strategies, "
        "or a shorter answer"
    )


def _first(guards: Guards) -> dict[int, Guarded]:
    """Return what protects the processes of guards whose own protection is not in force."""
    first: dict[str, Guarded] = {}
    found: dict[int, Guarded] = {}
    for one in guards.protecting:
        before = first.setdefault(one.guard.app, one)
        if before is not one and before.guard not in guards.named.users(one.part):
            found[id(one)] = before
    return found


def _of_the_named(named: Names) -> Iterator[Remark]:
    """Yield what the authors of strategies and answers should know."""
    for part in named.parts():
        strategy = part.strategy
        if part.guard is not None:
            continue  # it stands by itself, and is told of so
        if strategy is not None and strategy.unenforced:
            yield Remark(part, ENFORCED, "NotSupported", strategy.unenforced, "False")
        elif not named.users(part):
            message = "no rule of this namespace names it"
            if strategy is not None and isinstance(strategy.rule, OverloadProtection):
                message += ", and it has no label app that says whose processes it protects"
            yield Remark(part, ENFORCED, "NotReferenced", message, "False")
        elif strategy is not None and strategy.mode != ENFORCE:
            reason, sentence = next(iter(_problems([Share(name="", mode=strategy.mode)])))
            yield Remark(part, ENFORCED, reason, sentence.removeprefix(": "), "False")
