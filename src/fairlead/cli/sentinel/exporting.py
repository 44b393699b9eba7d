"""The rules of an app in Sentinel's words, and what there are no words for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairlead.cli.sentinel import to_go, to_java
from fairlead.cli.sentinel.fields import Gravity, Said
from fairlead.cli.sentinel.types import GO, JAVA
from fairlead.cli.sentinel.writing import Cannot, Context, Written
from fairlead.compiler.guards import Guarded
from fairlead.compiler.select import rules_by_namespace
from fairlead.kinds import Resource
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.rule import ENFORCE, Rule

Write = Callable[[Rule, Context], Written]

_DIALECTS: Mapping[str, tuple[tuple[str, ...], Write]] = {
    JAVA: (to_java.TYPES, to_java.write),
    GO: (to_go.TYPES, to_go.write),
}

_APP = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Arrays of rules by type, all types of the dialect, and what is lost."""

    arrays: Mapping[str, list[dict[str, Any]]]
    said: tuple[Said, ...]


class Governed:
    """Whom the objects of one namespace are for."""

    def __init__(self, resources: Iterable[Resource[Any]], namespace: str) -> None:
        """Join the objects, which may be of any kinds and namespaces."""
        found = rules_by_namespace(resources).get(namespace)
        self._guarded: Sequence[Guarded] = found.guards.guarded if found else ()

    def apps(self) -> list[str]:
        """Return the apps that objects name."""
        named = {one.guard.app for one in self._guarded}
        for one in self._guarded:
            named |= {text for pairs in one.guard.workloads for key, text in pairs if key == _APP}
        return sorted(named - {""})

    def rules(self, app: str) -> FlowRules:
        """Return the rules that every instance of `app` is to enforce."""
        chosen = [one for one in self._guarded if one.guard.concerns(app, ())]
        return FlowRules.of(rule for one in chosen for rule in one.rules)

    def partly(self, app: str) -> Iterator[Said]:
        """Yield what is to be said of objects for some instances of `app` only."""
        for one in self._guarded:
            workloads = one.guard.workloads
            mine = (dict(pairs).get(_APP, app) == app for pairs in workloads)
            if any(mine) and not one.guard.concerns(app, ()):
                name = f"{one.part.resource.kind.called}/{one.part.resource.name}"
                message = "is for some instances, by their labels: a process has its file there"
                yield Said(Gravity.LEFT_OUT, name, message)


def write(rules: FlowRules, dialect: str, cold_factor: float) -> Exported:
    """Return `rules` in Sentinel's words."""
    names, writer = _DIALECTS[dialect]
    arrays: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in names}
    said: list[Said] = []
    callers: dict[str, set[str]] = {}
    for rule in rules:
        if not rule.selection.others:
            callers.setdefault(rule.resource, set()).update(rule.selection.callers)
    frozen = {resource: frozenset(names) for resource, names in callers.items()}
    context = Context(cold_factor=cold_factor, callers=frozen)
    for rule in rules:
        place = f"{rule.rule}, {rule.strategy} on {rule.resource}"
        try:
            written = _written(rule, writer, context)
        except Cannot as reason:
            said.append(Said(Gravity.LEFT_OUT, place, str(reason)))
            continue
        arrays[written.type].setdefault(json.dumps(written.plain, sort_keys=True), written.plain)
        said += (Said(Gravity.DIFFERS, place, text) for text in _differs(rule, written))
    plain = {name: list(found.values()) for name, found in arrays.items()}
    return Exported(arrays=plain, said=tuple(said))


def _written(rule: Rule, writer: Write, context: Context) -> Written:
    if rule.mode != ENFORCE:
        raise Cannot(f"mode {rule.mode}: it would reject there")
    return writer(rule, context)


def _differs(rule: Rule, written: Written) -> Iterator[str]:
    yield from written.differs
    if rule.fallback != Fallback():
        yield "its answer is the program's to give there"
