"""Circuit breakers that are open somewhere, as agents tell it in two ways.

A process counts how often the breakers of a resource opened and closed; one that has opened more
often is open there. And a breaker that turns calls away says so in reports, by its name and sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from fairlead.control.clocks import Clocks
from fairlead.control.event import NORMAL, WARNING
from fairlead.control.nodes import Nodes
from fairlead.control.store import Object
from fairlead.control.telemetry.intake import Turned
from fairlead.protocols.watch.report import RuleReport
from fairlead.telemetry.names import BREAKER_CLOSED, BREAKER_OPENED

REASON = "breaker"
"""Of calls that a breaker turned away (flow/refusal.py)."""

QUIET = 25.0
"""Seconds without a call turned away after which one that nobody counts is closed: two reports."""

MOST = 1_000
"""Breakers that are known to be open."""

Place: TypeAlias = tuple[str, str, str]
"""Namespace, app and resource."""

Tell = Callable[[Turned, tuple[str, str, str]], None]


@dataclass(slots=True)
class _Open:
    since: str
    heard: float
    """When it turned a call away last, on the monotonic clock."""
    rule: str


class Breakers:
    """Those that are open. Belongs to one event loop."""

    def __init__(self, nodes: Nodes, clocks: Clocks, tell: Tell) -> None:
        """Look at the counters of `nodes`; `tell` hears of one that opened or closed."""
        self._nodes, self._clocks, self._tell = nodes, clocks, tell
        self._open: dict[Place, _Open] = {}

    def turned_away(self, turned: Turned) -> None:
        """Hear of calls that a rule rejected."""
        if turned.row.reason == REASON:
            place = (turned.namespace, turned.app, turned.row.resource)
            self._opened(place, turned.row.rule)

    def look(self) -> None:
        """See what opened and closed; to be called each second."""
        counted = set(self._counted())
        for place in counted:
            self._opened(place, "")
        latest = self._clocks.elapsed() - QUIET
        closed = [p for p, one in self._open.items() if p not in counted and one.heard < latest]
        for place in closed:
            one = self._open.pop(place)
            text = f"the circuit breaker of {place[2]} closed"
            self._tell(_turned(place, one.rule), (NORMAL, "BreakerClosed", text))

    def shown(self, namespaces: Iterable[str]) -> list[Object]:
        """Return those of some namespaces, the newest first."""
        wanted = frozenset(namespaces)
        found = [
            {
                "namespace": p[0],
                "app": p[1],
                "interface": p[2],
                "rule": one.rule,
                "since": one.since,
            }
            for p, one in self._open.items()
            if p[0] in wanted
        ]
        return sorted(found, key=lambda one: one["since"], reverse=True)

    def _counted(self) -> Iterable[Place]:
        for node in self._nodes.all():
            closed = node.counters.get(BREAKER_CLOSED, {})
            for resource, opened in node.counters.get(BREAKER_OPENED, {}).items():
                if node.connected and opened > closed.get(resource, 0):
                    yield (node.wanted.namespace, node.wanted.app, resource)

    def _opened(self, place: Place, rule: str) -> None:
        one, now = self._open.get(place), self._clocks.elapsed()
        if one is not None:
            one.rule = rule or one.rule
            one.heard = now if rule else one.heard
            return
        if len(self._open) >= MOST:
            return
        since = self._clocks.now().isoformat(timespec="seconds")
        self._open[place] = _Open(since, now, rule)
        text = f"the circuit breaker of {place[2]} opened: calls are turned away"
        self._tell(_turned(place, rule), (WARNING, "BreakerOpened", text))


def _turned(place: Place, rule: str) -> Turned:
    row = RuleReport(rule=rule, resource=place[2], reason=REASON, rejected=0, simulated=0)
    return Turned(place[0], place[1], row)
