"""Who counts together: everybody, some callers, each caller for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fairlead.flow.cells import CONSTANT, read
from fairlead.flow.facts import Facts
from fairlead.policy.resource import scopes
from fairlead.policy.rule import EVERYBODY, SIMULATE, Rule, Selection

MOST_CALLERS = 10_000
"""Callers of one rule that are counted each for itself; the others count together."""

OTHERS = "\0"


class Who(NamedTuple):
    """What rules have asked of one call."""

    caller: str
    entrance: tuple[str, ...]
    """The resource that is served, and the wider ones."""
    values: dict[Any, Any]
    """By the Share of a HotLimit."""


def within(entrance: str) -> tuple[str, ...]:
    """Return the resource that is served, and the wider ones."""
    return scopes(entrance) if entrance else ()


def values_of(facts: Facts, hot: tuple[Share, ...]) -> dict[Share, Any]:
    """Ask for the values of HotLimits. No lock is held: applications answer."""
    values = {}
    for share in hot:
        rule: Any = share.rule
        constant = rule.param.source == CONSTANT
        value = "" if constant else facts.value(rule.param.source, rule.param.name)
        values[share] = read(rule, value)
    return values


class Share:
    """What one rule keeps at one gate: a cell, or a gate that counts the selected calls only."""

    __slots__ = ("_callers", "_make", "_one", "_tune", "rule", "simulated")

    def __init__(
        self, rule: Any, make: Callable[[Any], Any], tune: Callable[[Any, Any], None]
    ) -> None:
        """Make what it keeps with `make`, and change it with `tune`, given the rule."""
        self.rule = rule
        self.simulated: bool = rule.mode == SIMULATE
        """Whether its rule rejects nothing."""
        self._make, self._tune = make, tune
        self._one: Any = None
        self._callers: dict[str, Any] = {}

    def tune(self, rule: Rule) -> None:
        """Judge by `rule` from now on, which selects the same calls."""
        self.rule, self.simulated = rule, rule.mode == SIMULATE
        for kept in self.kept():
            self._tune(kept, rule)

    @property
    def one(self) -> Any:
        """What it keeps for all callers together; None before the first call, and for each."""
        return self._one

    def kept(self) -> list[Any]:
        """Return all that it keeps."""
        return [kept for kept in (self._one, *self._callers.values()) if kept is not None]

    def make(self) -> Any:
        """Make what it keeps for all callers together."""
        self._one = self._make(self.rule)
        return self._one

    def pick(self, asked: Who) -> Any:
        """Return what counts this call, None where the rule is not about it. Under the lock."""
        selection: Selection = self.rule.selection
        if selection is not EVERYBODY and not _selects(selection, asked):
            return None
        if not selection.each:
            return self.make() if self._one is None else self._one
        caller = asked.caller
        if caller not in self._callers and len(self._callers) >= MOST_CALLERS:
            caller = OTHERS
        found = self._callers.get(caller)
        if found is None:
            found = self._callers[caller] = self._make(self.rule)
        return found


def _selects(selection: Selection, asked: Who) -> bool:
    if selection.entrance and selection.entrance not in asked.entrance:
        return False
    if selection.others:
        return bool(asked.caller) and asked.caller not in selection.callers
    return not selection.callers or asked.caller in selection.callers
