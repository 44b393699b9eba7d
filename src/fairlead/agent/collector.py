"""Read what this process has counted: by interface and lane, by rule, and by edge.

Totals only grow, and a report is the difference of two of them: nothing is kept of calls, and who
is late misses nothing. Beyond a number of interfaces all others are one, so that neither memory nor
a report grows with what strangers call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import add, sub
from typing import TYPE_CHECKING, NamedTuple

from fairlead.agent.statements import StatementTeller
from fairlead.flow.refusal import OVERLOAD
from fairlead.policy.buckets import BUCKETS
from fairlead.policy.limit import NOT_FOUND
from fairlead.policy.overload import INSTANCE
from fairlead.policy.resource import OUTBOUND, is_route
from fairlead.policy.resource import SQL as STATEMENT
from fairlead.policy.workload import BASE
from fairlead.protocols.watch.report import (
    CLIENT,
    FUNCTION,
    LONGEST_NAME,
    REST,
    SERVER,
    SQL,
    EdgeReport,
    InterfaceReport,
    RuleReport,
)

if TYPE_CHECKING:
    from fairlead.flow.engine import Engine
    from fairlead.flow.gate import Gate

INTERFACES = 256
"""Interfaces that are told apart, unless the control plane says another number."""

MOST_RULES = 512
"""Pairs of a rule and a resource that are."""

InterfaceKey = tuple[str, str, str]
"""Name, side and lane."""

RuleKey = tuple[str, str, str]
"""Rule, resource and reason."""

EdgeKey = tuple[str, str, str]
"""App, lane of the caller, lane of the callee."""

Numbers = tuple[int, ...]
"""Counts in a row, as added and compared: the named ones below, then calls by response time."""

PASSED, REJECTED, SIMULATED, ERRORS, RT_NS, INFLIGHT, PEAK, RT = range(8)
"""Positions in the numbers of an interface."""

LOST, CALLS, FAILED, FALLBACKS, TOOK_NS, RETRIES, TOOK = range(7)
"""Positions in those of an edge."""

_NO_TIMES = (0,) * BUCKETS
_NONE = (0,) * (RT + BUCKETS)


class Totals(NamedTuple):
    """Everything since the process began."""

    interfaces: dict[InterfaceKey, Numbers]
    rules: dict[RuleKey, tuple[int, int]]
    """Calls that were rejected, and that would have been."""
    edges: dict[EdgeKey, Numbers]
    dropped: int


NOTHING = Totals({}, {}, {}, 0)


class Collector:
    """Reads the gates of one process. Not for two threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.statements = StatementTeller(engine)
        self._known: set[str] = set()
        self._base: dict[InterfaceKey, Numbers] = {}
        """What was read last of base where there are lanes too: it must not go back."""
        self.most = INTERFACES
        """Interfaces that are told apart; those that have been stay so, or totals went back."""
        self._last_most: int | None = None
        self._carried: tuple[dict[InterfaceKey, Numbers], dict[RuleKey, tuple[int, int]]] = ({}, {})
        """What was told of the rest, before more was told apart, of those that stand alone now."""

    def read(self) -> Totals:
        """Return everything that was counted so far."""
        raised = self._last_most is not None and self.most > self._last_most
        known = frozenset(self._known) if raised else frozenset()
        self._last_most = self.most
        if raised:  # the rest goes back by what is told apart from now on
            self._base = {key: one for key, one in self._base.items() if key[0] != REST}
        totals = self._read()
        if raised:
            self._carry(totals, {name[:LONGEST_NAME] for name in self._known - known})
        return self._with_carried(totals)

    def _carry(self, totals: Totals, names: set[str]) -> None:
        interfaces, rules = self._carried
        for key, one in totals.interfaces.items():
            if key[0] in names:
                interfaces[key] = (*one[:INFLIGHT], 0, 0, *one[RT:])
        rules.update((key, one) for key, one in totals.rules.items() if key[1] in names)

    def _with_carried(self, totals: Totals) -> Totals:
        """Leave with the rest what was told of it: no call is told twice."""
        interfaces, rules = self._carried
        for key, one in interfaces.items():
            if key in totals.interfaces:
                rest = (REST, *key[1:])
                totals.interfaces[key] = _less(totals.interfaces[key], one)
                totals.interfaces[rest] = _sum(totals.interfaces.get(rest), one)
        for place, (rejected, simulated) in rules.items():
            if place in totals.rules:
                others = (place[0], REST, place[2])
                own, before = totals.rules[place], totals.rules.get(others, (0, 0))
                totals.rules[place] = (max(0, own[0] - rejected), max(0, own[1] - simulated))
                totals.rules[others] = (before[0] + rejected, before[1] + simulated)
        return totals

    def _read(self) -> Totals:
        measuring = self._engine.measuring
        # First the parts, then the whole: a call that comes between must not be missing in it.
        lanes = [(name, lane, _read(meter)) for name, lane, meter in measuring.meters()]
        rules: dict[RuleKey, tuple[int, int]] = {}
        whole: dict[tuple[str, str], Numbers] = {}
        inner: dict[tuple[str, str], Numbers] = {}
        for gate in self._engine.gates:
            if not gate.count and not gate.rejected:
                continue
            key, read = self._named(gate.resource), _read(gate)
            # Those beyond the number are added up as they come: there may be very many.
            whole[key] = _sum(whole.get(key), read)
            for scope in gate.scopes[:-1]:
                wide = self._named(scope.resource)
                inner[wide] = _sum(inner.get(wide), read)
            if gate.tally is not None:
                self._rules(gate, rules)
        self._protection(rules, whole)
        for key, read in inner.items():
            if key in whole:
                whole[key] = _less(whole[key], read)
        interfaces = self._interfaces(whole, lanes)
        for (name, _, lane), read in self.statements.interfaces().items():
            place = (*self._named(name), lane)
            interfaces[place] = _sum(interfaces.get(place), read)
        return Totals(interfaces, rules, _edges(self._engine), measuring.dropped())

    def _protection(
        self, rules: dict[RuleKey, tuple[int, int]], whole: dict[tuple[str, str], Numbers]
    ) -> None:
        """Add what the process had not the strength for: it came for no resource of its own."""
        protection = self._engine.overload
        for rule, counts in list(protection.counts.items()):
            rules[rule, INSTANCE, OVERLOAD] = counts
        if protection.rejected or protection.simulated:
            shed = (0, protection.rejected, protection.simulated)
            whole[INSTANCE, SERVER] = (*shed, *_NONE[len(shed) :])

    def rest(self) -> None:
        """Begin to look anew for how many calls are under way at once."""
        for gate in self._engine.gates:
            gate.most_inflight = gate.inside
        for _, _, meter in self._engine.measuring.meters():
            meter.most_inflight = meter.inside

    def _interfaces(
        self,
        whole: dict[tuple[str, str], Numbers],
        lanes: Iterable[tuple[str, str, Numbers]],
    ) -> dict[InterfaceKey, Numbers]:
        found: dict[InterfaceKey, Numbers] = {}
        parts: dict[tuple[str, str], Numbers] = {}
        for name, lane, read in lanes:
            key = self._named(name)
            if key in whole and (read[PASSED] or read[REJECTED]):
                parts[key] = _sum(parts.get(key), read)
                found[*key, lane] = _sum(found.get((*key, lane)), read)
        for key, read in whole.items():
            base = read
            if key in parts:
                base = _most(_less(read, parts[key]), self._base.get((*key, BASE)))
                self._base[*key, BASE] = base
            if base[PASSED] or base[REJECTED]:
                found[*key, BASE] = base
        return found

    def _named(self, name: str) -> tuple[str, str]:
        """Return the interface that stands for a resource, and its side."""
        if name not in self._known:
            if len(self._known) >= self.most:
                return REST, _side(name)
            self._known.add(name)
        return _sided(name)

    def _rules(self, gate: Gate, rules: dict[RuleKey, tuple[int, int]]) -> None:
        name, _ = self._named(gate.resource)
        for (rule, reason), (rejected, simulated) in gate.by_rule().items():
            key = (rule, name, reason)
            if key not in rules and len(rules) >= MOST_RULES:
                key = (REST, REST, reason)
            before = rules.get(key, (0, 0))
            rules[key] = (before[0] + rejected, before[1] + simulated)


def interface_reports(now: Totals, before: Totals) -> Iterator[InterfaceReport]:
    """Yield what has changed at interfaces, and where calls are under way."""
    for key, one in now.interfaces.items():
        old = before.interfaces.get(key, _NONE)
        inflight = one[INFLIGHT]
        if not inflight and not old[INFLIGHT] and one[:INFLIGHT] == old[:INFLIGHT]:
            continue
        d = _less(one, old)
        yield InterfaceReport(
            *key,
            *(d[PASSED], d[REJECTED], d[SIMULATED], d[ERRORS]),
            _trimmed(d[RT:]),
            *(_seconds(d[RT_NS]), inflight, max(one[PEAK], inflight)),
        )


def rule_reports(now: Totals, before: Totals) -> Iterator[RuleReport]:
    """Yield what rules have rejected, or would have."""
    for key, (rejected, simulated) in now.rules.items():
        old = before.rules.get(key, (0, 0))
        if (rejected, simulated) != old:
            yield RuleReport(*key, max(0, rejected - old[0]), max(0, simulated - old[1]))


def edge_reports(now: Totals, before: Totals) -> Iterator[EdgeReport]:
    """Yield the calls that were made."""
    for key, one in now.edges.items():
        old = before.edges.get(key, _NONE)
        if one == old:
            continue
        d = _less(one, old)
        yield EdgeReport(
            *key,
            *(d[LOST], d[CALLS], d[FAILED], d[FALLBACKS]),
            _trimmed(d[TOOK:]),
            *(_seconds(d[TOOK_NS]), d[RETRIES]),
        )


def _read(gate: Gate) -> Numbers:
    return (
        *(gate.count, gate.rejected, gate.simulated, gate.errors, gate.rt_ns),
        *(gate.inside, gate.most_inflight),
        *(gate.rt_buckets() or _NO_TIMES),
    )


def _edges(engine: Engine) -> dict[EdgeKey, Numbers]:
    found: dict[EdgeKey, Numbers] = {}
    for (resource, label, lane), edge in engine.measuring.edges.read():
        counts = (edge.lost, edge.calls, edge.errors, edge.fallbacks, edge.rt_ns, edge.retries)
        # Of a method of gRPC the app that has it.
        app = resource.removeprefix(OUTBOUND).partition(":/")[0]
        key = (app, label, lane)
        found[key] = _sum(found.get(key), (*counts, *edge.buckets))
    return found


def _sided(name: str) -> tuple[str, str]:
    return name[:LONGEST_NAME], _side(name)


def _side(name: str) -> str:
    if name.startswith(OUTBOUND):
        return CLIENT
    if name.startswith(STATEMENT):
        return SQL
    return SERVER if is_route(name) or name == NOT_FOUND else FUNCTION


def _sum(one: Numbers | None, other: Numbers) -> Numbers:
    # How many are under way at once is at most the sum of what was at most in the parts.
    return other if one is None else tuple(map(add, one, other))


def _less(one: Numbers, other: Numbers) -> Numbers:
    return tuple(max(0, number) for number in map(sub, one, other))


def _most(one: Numbers, other: Numbers | None) -> Numbers:
    """Return what does not go back; what is under way may."""
    if other is None:
        return one
    return (*map(max, one[:INFLIGHT], other), *one[INFLIGHT:RT], *map(max, one[RT:], other[RT:]))


def _trimmed(buckets: Numbers) -> Numbers:
    end = len(buckets)
    while end and not buckets[end - 1]:
        end -= 1
    return buckets[:end]


def _seconds(ns: int) -> float:
    return round(ns / 1e9, 6)
