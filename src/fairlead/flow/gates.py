"""All gates of a process: made at first use, fitted anew when rules change.

A gate stays the same object, so that whoever holds one need not look it up again. What a rule has
counted goes on by what it is about (rule, strategy, resource), however it is tuned; a change
touches the gates that it concerns and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fairlead.flow.admission import BY_COUNTS
from fairlead.flow.breaker import Breaker
from fairlead.flow.core import Clock, Core, Listener
from fairlead.flow.form import chosen
from fairlead.flow.window import Window
from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.flow_rules import NO_RULES, FlowRules
from fairlead.policy.limit import ConcurrencyLimit, RateLimit
from fairlead.policy.resource import scopes
from fairlead.policy.rule import SIMULATE, Rule

if TYPE_CHECKING:
    from fairlead.flow.gate import Gate

Rules = tuple[Rule, ...]
"""Those of one resource, in the order in which a call meets them."""


class Gates:
    """The gates of one process."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        listener: Listener | None = None,
        pure: bool = False,
    ) -> None:
        """Begin without rules; without a `clock` the gates read the monotonic one themselves.

        `listener` hears of breakers, in the thread whose call has moved one. With `pure` gates are
        interpreted also where they could be compiled.
        """
        form, self.interpreted = chosen(pure=pure)
        """Why gates are interpreted; ``""`` where they are compiled."""
        self._core = Core(form, clock, listener)
        self._gates: dict[str, Gate] = {}
        self._wide: set[str] = set()
        """Resources at which calls of narrower ones count, from the first rule on, for good."""
        self._around: dict[str, Gate] = {}
        """Gates of those that no call enters by their own name."""
        self._rules = NO_RULES
        self._simulate = False
        self._by_name: dict[str, Rules] = {}
        self._patterns: tuple[tuple[re.Pattern[str], Rule], ...] = ()
        self.none = True
        """Whether no rule is in force at all."""

    def __iter__(self) -> Iterator[Gate]:
        return iter([*self._gates.values(), *self._around.values()])

    def gate(self, name: str) -> Gate:
        """Return the gate of a resource; the same one each time."""
        gate = self._gates.get(name)
        return self._make(name) if gate is None else gate

    def known(self, name: str) -> bool:
        """Tell whether some rule concerns a resource."""
        return not self.none and bool(
            self._rules_of(name) or any(scope in self._by_name for scope in scopes(name))
        )

    def apply(self, rules: FlowRules, *, simulate: bool = False) -> None:
        """Enforce `rules` from the next call on, or only count what they would reject."""
        with self._core.lock:
            if (rules, simulate) == (self._rules, self._simulate):
                return
            self._rules, self._simulate = rules, simulate
            by_name: dict[str, list[Rule]] = {}
            patterns = []
            for rule in _each_once(rules):
                mine = replace(rule, mode=SIMULATE) if simulate else rule
                if rule.regex:
                    patterns.append((re.compile(rule.resource), mine))
                else:
                    by_name.setdefault(rule.resource, []).append(mine)
            self._by_name = {name: tuple(found) for name, found in by_name.items()}
            self._patterns = tuple(patterns)
            self.none = not (by_name or patterns)
            for gate in self:
                self._fit(gate)
            for gate in self:
                self._join(gate)

    def begin_again(self) -> None:
        """Count from nothing in a forked process: who was inside is in the parent."""
        before = self._core
        self._core = Core(before.form, before.clock, before.listener)
        for gate in self:
            gate.begin_again(self._core)
            self._fit(gate)
        for gate in self:
            self._join(gate)

    def _make(self, name: str) -> Gate:
        with self._core.lock:
            gate = self._gates.get(name)
            if gate is None:
                made = self._around.pop(name, None)
                gate = made or self._core.form.Gate(name, self._core, BY_COUNTS)
                self._fit(gate)
                self._join(gate)
                self._gates[name] = gate
            return gate

    def _wider(self, name: str) -> Gate:
        """Return the gate at which calls of narrower names count."""
        gate = self._gates.get(name) or self._around.get(name)
        if gate is None:
            gate = self._around[name] = self._core.form.Gate(name, self._core, BY_COUNTS)
            self._fit(gate)
        return gate

    def _rules_of(self, name: str) -> Rules:
        """Return the rules of a resource by its very name, and by patterns.

        A pattern is held against the name that a call enters by, not against the wider ones: it
        would count a call twice.
        """
        rules = self._by_name.get(name, ())
        if name in self._around:
            return rules
        if not self._patterns:
            return rules
        return (*rules, *(rule for pattern, rule in self._patterns if pattern.fullmatch(name)))

    def _fit(self, gate: Gate) -> None:
        rules = self._rules_of(gate.resource)
        if rules == gate.rules:
            return
        gate.rules = rules
        windows = {(w.rule.rule, w.rule.strategy, i): w for i, w in _numbered(gate.windows)}
        breakers = {(b.rule.rule, b.rule.strategy): b for b in gate.breakers}
        gate.fit(
            tuple(_windows(gate, windows)),
            tuple(rule for rule in rules if isinstance(rule, ConcurrencyLimit)),
            tuple(_breakers(gate, breakers)),
        )

    def _join(self, gate: Gate) -> None:
        """Make calls of `gate` count at the wider resources that have rules."""
        around = []
        for name in scopes(gate.resource)[:-1]:
            if name in self._wide or name in self._by_name:
                self._wide.add(name)
                around.append(self._wider(name))
        wide = (*around, gate)
        gate.open = not any(scope.rules for scope in wide)
        if wide != gate.scopes:
            for scope in around:
                if scope not in gate.scopes:
                    scope.inside += gate.inside  # those inside count at once
            gate.join(wide, BY_COUNTS)


def _each_once(rules: Iterable[Rule]) -> Iterable[Rule]:
    """Leave out a rule that is said twice: it would take two permits of the same window."""
    return {
        (type(rule), rule.rule, rule.strategy, rule.resource, rule.regex): rule for rule in rules
    }.values()


def _numbered(windows: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Number the windows of each rule."""
    seen: dict[int, int] = {}
    for window in windows:
        number = seen.get(id(window.rule), -1) + 1
        seen[id(window.rule)] = number
        yield number, window


def _windows(gate: Gate, before: dict[tuple[str, str, int], Window]) -> Iterator[Window]:
    now = gate.now()
    for rule in gate.rules:
        if not isinstance(rule, RateLimit):
            continue
        for number, window in enumerate(rule.windows):
            kept = before.get((rule.rule, rule.strategy, number))
            if kept is None:
                yield Window(rule, window, gate.count)
                continue
            used = kept.used(gate.count, gate.log, now)
            if kept.tune(rule, window):
                kept.base = gate.count - used
                if kept.logs:
                    gate.remember(used, kept.logs, now)
            yield kept


def _breakers(gate: Gate, before: dict[tuple[str, str], Breaker]) -> Iterator[Breaker]:
    for rule in gate.rules:
        if isinstance(rule, CircuitBreaker):
            kept = before.get((rule.rule, rule.strategy))
            if kept is None:
                kept = Breaker(rule, gate.resource, gate.core)
            else:
                kept.tune(rule)
            yield kept
