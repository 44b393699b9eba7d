"""Which resources of a namespace's workloads are guarded by what, settled between its resources.

A rule, its strategies and its answer may be objects that name each other, or one. Whichever it is,
it becomes the same `policy.flow_rules`; what could not be joined is kept for `enforcement.py`,
which tells the authors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fairlead.compiler.labels import Pairs
from fairlead.compiler.part import Guard, Inline, Named, Part, Strategy
from fairlead.kinds import app_of
from fairlead.kinds.suggestion import meant
from fairlead.policy.encode import canonical, to_plain
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import NO_RULES, FlowRules
from fairlead.policy.overload import OverloadProtection
from fairlead.policy.rule import ENFORCE, OFF, SIMULATE, Rule

FALLBACK = "HttpRequestFallbackAction"

MOST_RULES, MOST_BYTES = 10_000, 16 << 20
"""What the rules of one app may come to, one for each target and strategy: they are in the snapshot
of each of its instances, which refuses one that is too long, with everything else in it."""

_MILDEST_FIRST = (ENFORCE, SIMULATE, OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What became of one strategy of a guard."""

    name: str
    """``RateLimitStrategy/s``, or where it stands in the object."""
    mode: str = ENFORCE
    refused: str = ""
    """Why nothing of it is enforced, ``""`` where it is."""
    rules: tuple[Rule, ...] = ()
    """One for each target, in order; none where it is refused or off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A guard joined with what it names."""

    part: Part
    guard: Guard
    shares: tuple[Share, ...]
    lost_fallback: str = ""
    """Why the answer that it names is not used, ``""`` where it is."""
    crowded: bool = False
    """Whether its app has too many rules already, so that none of these is enforced."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Everything of it that is sent to workloads."""
        return () if self.crowded else tuple(rule for one in self.shares for rule in one.rules)


class Guards:
    """The guards of one namespace, and what they name."""

    def __init__(self, parts: Sequence[Part] = ()) -> None:
        """Join the parts of one namespace, which are in order of precedence."""
        self.named = Names(parts)
        self.guarded: tuple[Guarded, ...] = tuple(_fitting(parts, self.named))
        self.protecting: tuple[Guarded, ...] = tuple(
            one
            for one in self.guarded
            if any(isinstance(rule, OverloadProtection) for rule in one.rules)
        )
        """Those that protect processes as a whole."""
        self._by_guards: dict[tuple[int, ...], FlowRules] = {}

    def rules(self, app: str, labels: Pairs = ()) -> FlowRules:
        """Return what a workload of `app` that carries `labels` is to enforce."""
        concerned = tuple(
            place
            for place, one in enumerate(self.guarded)
            if one.rules and one.guard.concerns(app, labels)
        )
        if not concerned:
            return NO_RULES
        found = self._by_guards.get(concerned)
        if found is None:
            chosen = (rule for place in concerned for rule in self.guarded[place].rules)
            found = self._by_guards[concerned] = FlowRules.of(chosen)
        return found

    def overload(self, app: str, labels: Pairs = ()) -> OverloadProtection | None:
        """Return how a workload of `app` that carries `labels` protects itself, None for not."""
        protections = (
            rule
            for one in self.protecting
            if one.guard.concerns(app, labels)
            for rule in one.rules
            if isinstance(rule, OverloadProtection)
        )
        return next(protections, None)


class Names:
    """What guards may name, and which of them do."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self.strategies: dict[tuple[str, str], tuple[Part, Strategy]] = {}
        self.fallbacks: dict[str, tuple[Part, Fallback]] = {}
        self._kinds: dict[str, list[str]] = {}
        self._users: dict[int, list[Guard]] = {}
        for part in parts:
            kind, name = part.resource.kind.called, part.resource.name
            if part.strategy is not None:
                self.strategies[kind, name] = part, part.strategy
                self._kinds.setdefault(name, []).append(kind)
            if part.fallback is not None:
                self.fallbacks[name] = part, part.fallback

    def parts(self) -> Iterator[Part]:
        """Yield what may be named."""
        yield from (part for part, _ in self.strategies.values())
        yield from (part for part, _ in self.fallbacks.values())

    def users(self, part: Part) -> Sequence[Guard]:
        """Return the guards that name the strategy or the answer in `part`."""
        return self._users.get(id(part), ())

    def strategy(self, named: Named, guard: Guard) -> tuple[str, Strategy | str]:
        """Return a strategy with its full name, or why it cannot be used by `guard`."""
        kinds = self._kinds.get(named.name, [])
        if named.kind and named.kind not in kinds:
            others = f"; there is a {kinds[0]} of that name" if kinds else ""
            hint = meant(named.name, (n for k, n in self.strategies if k == named.kind))
            return str(named), f"this namespace has no {named.kind} {named.name}{others or hint}"
        if not kinds:
            hint = meant(named.name, self._kinds)
            return named.name, f"this namespace has no strategy {named.name}{hint}"
        if not named.kind and len(kinds) > 1:
            several = " and ".join(f"a {kind}" for kind in kinds)
            return named.name, f"{named.name} may be {several}: write its kind"
        kind = named.kind or kinds[0]
        part, strategy = self.strategies[kind, named.name]
        self._users.setdefault(id(part), []).append(guard)
        full, app = f"{kind}/{named.name}", app_of(part.resource)
        if app and app != guard.app:
            return full, f"{full} is for app {app}, not for {guard.app or 'every app'}"
        return full, strategy

    def fallback(self, guard: Guard) -> tuple[Fallback, str]:
        """Return the answer of `guard`, and why it is not the one that it names."""
        if not isinstance(guard.fallback, str):
            return guard.fallback or Fallback(), ""
        if guard.fallback not in self.fallbacks:
            like = f"{guard.fallback}{meant(guard.fallback, self.fallbacks)}"
            return Fallback(), f"this namespace has no {FALLBACK} {like}; until it has, it is 429"
        part, fallback = self.fallbacks[guard.fallback]
        self._users.setdefault(id(part), []).append(guard)
        return fallback, ""


def _fitting(parts: Iterable[Part], names: Names) -> Iterator[Guarded]:
    """Yield the guards in order; those that come when their app is full are crowded out."""
    used: dict[str, tuple[int, int]] = {}
    for part in parts:
        if part.guard is None:
            continue
        one = _joined(part, part.guard, names)
        number, size = used.get(part.guard.app, (0, 0))
        after = (number + len(one.rules), size + _size(one))
        if _fits(after, part.guard.app, used):
            used[part.guard.app] = after
            yield one
        else:
            yield replace(one, crowded=True)


def _fits(after: tuple[int, int], app: str, used: Mapping[str, tuple[int, int]]) -> bool:
    """Tell whether no workload has too much: it has the rules of its app and those of all apps."""
    rest = [used.get("", (0, 0))] if app else [used[name] for name in used if name] or [(0, 0)]
    number, size = max(one[0] for one in rest), max(one[1] for one in rest)
    return after[0] + number <= MOST_RULES and after[1] + size <= MOST_BYTES


def _size(one: Guarded) -> int:
    """Return about how many bytes the rules of one guard are, as JSON."""
    size = 0
    for share in one.shares:
        if share.rules:
            each = len(canonical(to_plain(share.rules[0])))
            names = sum(len(canonical(rule.resource)) for rule in share.rules)
            size += each * len(share.rules) + names
    return size


def _joined(part: Part, guard: Guard, names: Names) -> Guarded:
    fallback, lost = names.fallback(guard)
    found = (_share(part, guard, one, names, fallback) for one in guard.strategies)
    # With its kind and without, one strategy is one.
    shares = {one.refused or one.name: one for one in found}
    return Guarded(part=part, guard=guard, shares=tuple(shares.values()), lost_fallback=lost)


def _share(
    part: Part, guard: Guard, one: Named | Inline, names: Names, fallback: Fallback
) -> Share:
    if isinstance(one, Inline):
        name, found = one.place, one.strategy
    else:
        name, named = names.strategy(one, guard)
        if isinstance(named, str):
            return Share(name=name, refused=named)
        found = named
    if found.rule is None or found.unenforced:
        return Share(name=name, refused=f"{name}: {found.unenforced}")
    mode = max(guard.mode, found.mode, key=_MILDEST_FIRST.index)
    if mode == OFF:
        return Share(name=name, mode=mode)
    whole = replace(
        found.rule,
        rule=f"{part.resource.kind.called}/{part.resource.name}",
        strategy=name,
        mode=mode,
        fallback=fallback,
    )
    if isinstance(whole, OverloadProtection):  # of the process, whatever the targets are
        return Share(name=name, mode=mode, rules=(whole,))
    rules = (replace(whole, resource=to.resource, regex=to.regex) for to in guard.targets)
    return Share(name=name, mode=mode, rules=tuple(rules))
