"""From a World and the objects that it is made of to advice, the gravest first.

Most of it is what the compiler tells authors anyway; what is here beside that looks at objects that
are right one by one and wrong together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import prod
from typing import Any

from fairlead.compiler import finding as told
from fairlead.compiler.analyze import codes
from fairlead.compiler.analyze.codes import Code, Severity
from fairlead.compiler.analyze.ejecting import never_ejected
from fairlead.compiler.analyze.hiding import App, hidden
from fairlead.compiler.analyze.placing import nobody_there
from fairlead.compiler.analyze.routes import dangling_subsets, never_reached, of_one_host
from fairlead.compiler.compile import World
from fairlead.compiler.finding import Finding
from fairlead.compiler.gateways.standing import NOT_FOUND, NOT_REPORTED
from fairlead.compiler.governance import Governance
from fairlead.compiler.instance import Instance
from fairlead.compiler.part import Part
from fairlead.compiler.select import Rules, rules_by_namespace
from fairlead.kinds import Resource
from fairlead.kinds.violation import Loc
from fairlead.policy.workload import BASE

MULTIPLIED = 9
"""Requests that one may become before somebody is told: two hops of three attempts."""
NAMED = 5
"""Apps that a message names."""

_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
_WORD = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing that is wrong with one object."""

    code: Code
    kind: str
    namespace: str
    name: str
    loc: Loc = ()
    """The field, ``()`` for the object."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What is there of what objects are about. Without it nothing is said about instances."""

    instances: tuple[Instance, ...] = ()
    apps: tuple[tuple[str, str], ...] = ()
    """Namespace and name of the apps that are known, seen now or not."""
    governance: Governance = Governance()
    calls: tuple[tuple[App, App], ...] = ()
    """Who was seen to call whom lately."""


def analyzed(resources: Iterable[Resource[Any]], here: Here | None = None) -> list[Advice]:
    """Return what is wrong, the gravest first, then by namespace, kind and name."""
    resources = list(resources)
    known = here or Here()
    world = World.of(resources, known.instances, 1, known.apps, known.governance)
    rules = rules_by_namespace(resources)
    objects = {(r.kind.called, r.namespace, r.name): r for r in resources}
    found = [
        *(_placed(one, objects) for one in _of_findings(world.findings(), rules)),
        *(advice for one in rules.values() for advice in _missing_shadows(one)),
        *(advice for one in rules.values() for advice in _unused_databases(one)),
        *(advice for one in rules.values() for advice in _multiplied(one)),
        *(_lonely(rules, world, known) if here else ()),
        *(_never_ejected(rules, known) if here else ()),
        *(_nobody_there(rules, known) if here else ()),
        *(_hidden(rules, world, known) if here else ()),
        *_routed(rules, alone=here is None),
    ]
    if here is None:
        found = [one for one in found if not one.code.live]
    return sorted(dict.fromkeys(found), key=_rank)


def _rank(one: Advice) -> tuple[Any, ...]:
    return (_RANKS[one.code.severity], one.namespace, one.kind, one.name, one.code.id, one.message)


_SAME: Mapping[str, Code] = {
    told.APP_AMBIGUOUS: codes.AMBIGUOUS,
    told.BAGGAGE_KEY_OVERRIDDEN: codes.FIGHTING,
    told.LANE_CONFLICT: codes.TWO_LANES,
    told.TARGET_NOT_SEEN: codes.UNSEEN,
    told.NOT_HONOURED: codes.NOT_HONOURED,
    told.DATA_SOURCE_UNUSABLE: codes.DANGLING,
    told.LANE_NOT_SEEN: codes.SHADOW_LANE,
    told.INSTANCES_EXCLUDED: codes.EXCLUDED,
    told.OVERLAPS: codes.SAME_GUARD,
    told.FALLBACK_UNUSABLE: codes.DANGLING,
}
_ENFORCED: Mapping[str, Code | None] = {
    "StrategyUnusable": codes.DANGLING,
    "SubsetUnusable": codes.DANGLING,
    "NotReferenced": codes.UNUSED,
    "NotSelected": codes.UNUSED,
    "NoEndpoints": codes.NO_ENDPOINTS,
    "Off": codes.TRIAL,
    "Simulated": codes.TRIAL,
    # Told as conditions of their own as well.
    told.TARGET_NOT_SEEN: None,
    told.OVERRIDDEN: None,
}
_CONDITIONS: Mapping[str, Code] = {
    "UnsupportedValue": codes.NOT_HONOURED,
    "ListenersNotValid": codes.NOT_HONOURED,
}
_NAMED = frozenset({"NoGateway", "NoDelegate"})
"""Reasons why an object is about nobody, and not for want of instances."""
_SWITCHED = frozenset({"NamespaceObserves", "NamespaceIsOff"})


def _of_findings(found: Iterable[Finding], rules: Mapping[str, Rules]) -> Iterator[Advice]:
    for one in found:
        code = _code(one, rules)
        if code is not None:
            yield Advice(
                code=code,
                kind=one.kind,
                namespace=one.namespace,
                name=one.name,
                message=one.message,
            )


def _code(one: Finding, rules: Mapping[str, Rules]) -> Code | None:
    if one.type == told.ENFORCED:
        if one.status != "False":
            return None
        if one.reason in _SWITCHED:
            return codes.TRIAL
        return _ENFORCED.get(one.reason, codes.NOT_ENFORCED)
    if one.type in (told.ACCEPTED, told.RESOLVED_REFS):
        return _attached(one)
    if one.reason in _NAMED:
        return codes.DANGLING
    if one.type == told.OVERRIDDEN:
        part = rules[one.namespace].by_name[one.kind, one.name]
        if part.colouring is None:
            return codes.FIGHTING if one.reason == "PrecedenceLost" else codes.OVERLAPPING
        never = _never_wins(part, rules[one.namespace])
        return codes.SHADOWED if never else codes.OVERLAPPING
    return _SAME.get(one.type)


def _attached(one: Finding) -> Code | None:
    """Return what a condition of the Gateway API is advice about."""
    if one.status != "False":
        return None
    # An app that nobody has reported is no fault of a file.
    if one.reason == NOT_FOUND or one.message.startswith(NOT_REPORTED):
        return codes.UNSEEN
    return _CONDITIONS.get(one.reason, codes.DANGLING)


def _never_wins(part: Part, rules: Rules) -> bool:
    """Say whether an earlier rule of the entry takes whatever `part` matches.

    It does where it asks for nothing that `part` does not ask for as well.
    """
    assert part.colouring is not None  # noqa: S101 - asked by the caller
    own = set(part.colouring.conditions)
    earlier = takewhile(lambda rival: rival is not part, rules.parts)
    return any(
        rival.colouring is not None
        and rival.app == part.app
        and rival.lane != part.lane
        and own.issuperset(rival.colouring.conditions)
        for rival in earlier
    )


def _placed(one: Advice, objects: Mapping[tuple[str, str, str], Resource[Any]]) -> Advice:
    """Return `one` with the field that its message is about, where a name in it tells."""
    resource = objects.get((one.kind, one.namespace, one.name))
    if resource is None or one.code is not codes.DANGLING:
        return one
    words = set(_WORD.findall(one.message))
    locs = [loc for loc, text in _texts(resource.plain.get("spec"), ("spec",)) if text in words]
    named = [loc for loc in locs if loc[-1] == "name"] or locs
    if not named:
        return one
    return replace(one, loc=named[-1])


def _texts(value: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, (*loc, str(name)))
    elif isinstance(value, Sequence):
        for place, inner in enumerate(value):
            yield from _texts(inner, (*loc, place))


def _missing_shadows(rules: Rules) -> Iterator[Advice]:
    """Yield a lane that has no shadow of what another lane has one of."""
    lanes = {lane.name for lane in rules.lanes}
    shadows = rules.shadows
    tables: dict[tuple[str, str], dict[str, str]] = {}
    for table in shadows.tables:
        tables.setdefault((table.database, table.table), {})[table.lane] = table.rule
    for (database, name), having in tables.items():
        lacking = lanes - having.keys() - set(shadows.database_lanes)
        yield from _lacking(rules, f"table {database}.{name}", having, lacking)
    databases: dict[str, dict[str, str]] = {}
    for one in shadows.databases:
        databases.setdefault(one.source.name, {})[one.lane] = one.rule
    for name, having in databases.items():
        lacking = lanes - having.keys() - set(shadows.table_lanes)
        yield from _lacking(rules, f"database {name}", having, lacking)


def _lacking(
    rules: Rules, what: str, having: Mapping[str, str], lacking: Iterable[str]
) -> Iterator[Advice]:
    lanes = sorted(lacking)
    if lanes:
        kind, _, name = having[min(having)].partition("/")
        told_of = " and ".join(lanes)
        message = (
            f"{what} has a shadow on lane {' and '.join(sorted(having))} and none on {told_of}: "
            f"what is written on {told_of} reaches base"
        )
        yield _about(rules.by_name[kind, name], codes.NO_SHADOW, message)


def _unused_databases(rules: Rules) -> Iterator[Advice]:
    named = {
        name
        for part in rules.parts
        for pair in part.redirects
        for name in (pair.source, pair.shadow)
    }
    for part in rules.parts:
        if part.endpoint is not None and part.resource.name not in named:
            yield _about(part, codes.UNUSED, "no Shadow of this namespace names it")


def _multiplied(rules: Rules) -> Iterator[Advice]:
    """Yield one of the rules that together may repeat a call often, where each calls the next."""
    attempts: dict[str, tuple[int, Part]] = {}
    for part in rules.parts:
        for way in part.calling.ways if part.calling else ():
            if way.route.retry is not None and part.calling is not None:
                name = ", ".join(part.calling.hosts)
                most = 1 + way.route.retry.attempts
                attempts[name] = max(attempts.get(name, (0, part)), (most, part), key=_first)
    product = prod(most for most, _ in attempts.values())
    if len(attempts) < 2 or product < MULTIPLIED:
        return
    listed = [f"{name} {most} times" for name, (most, _) in sorted(attempts.items())]
    shown = ", ".join(listed[:NAMED]) + (
        f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    )
    message = (
        f"a call is sent to {shown}: where each calls the next, one request could become "
        f"{product}; agents keep it to fewer, as they do not repeat what their caller repeats"
    )
    yield _about(max(attempts.values(), key=_first)[1], codes.AMPLIFIED, message)


def _first(pair: tuple[int, Part]) -> int:
    return pair[0]


def _lonely(rules: Mapping[str, Rules], world: World, here: Here) -> Iterator[Advice]:
    """Yield the rules that put requests on a lane that nobody is on."""
    there = {
        (one.namespace, world.membership(one.namespace, one.app, one.labels, one.lane).lane)
        for one in here.instances
    }
    for namespace, one in rules.items():
        for part in one.parts:
            if part.colouring is None or part.lane == BASE or (namespace, part.lane) in there:
                continue
            message = f"no instance of namespace {namespace} is on lane {part.lane}"
            yield _about(part, codes.NO_INSTANCES, message)


def _never_ejected(rules: Mapping[str, Rules], here: Here) -> Iterator[Advice]:
    for one in rules.values():
        for part in one.parts:
            for loc, message in never_ejected(part, here.instances):
                yield replace(_about(part, codes.NEVER_EJECTED, message), loc=loc)


def _nobody_there(rules: Mapping[str, Rules], here: Here) -> Iterator[Advice]:
    for one in rules.values():
        for part in one.parts:
            for loc, message in nobody_there(part, here.instances):
                yield replace(_about(part, codes.NOBODY_THERE, message), loc=loc)


def _hidden(rules: Mapping[str, Rules], world: World, here: Here) -> Iterator[Advice]:
    for one in rules.values():
        for part in one.parts:
            for message in hidden(world, part, here.calls) if part.egress else ():
                yield replace(_about(part, codes.HIDDEN, message), loc=("spec", "egress"))


def _routed(rules: Mapping[str, Rules], *, alone: bool) -> Iterator[Advice]:
    """Yield what is wrong with lists of routes, and with names in them where none is looked up."""
    parts = [part for one in rules.values() for part in one.parts]
    for part in parts:
        for _, loc, message in never_reached(part):
            yield replace(_about(part, codes.SHADOWED, message), loc=loc)
    for part, loc, message in dangling_subsets(parts) if alone else ():
        yield replace(_about(part, codes.DANGLING, message), loc=loc)
    for part, loc, message in of_one_host(parts) if alone else ():
        yield replace(_about(part, codes.FIGHTING, message), loc=loc)


def _about(part: Part, code: Code, message: str) -> Advice:
    resource = part.resource
    return Advice(
        code=code,
        kind=resource.kind.called,
        namespace=resource.namespace,
        name=resource.name,
        message=message,
    )
