"""Which hosts each app was seen to call: by what agents report, and by what data planes asked for.

What was seen stays for as long as this process runs: a data plane would not be told of changes of
what it has and is not thought to call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fairlead.compiler.istio.hosts import DOMAIN
from fairlead.control.telemetry.edges import Edge
from fairlead.control.telemetry.memory import App

EVERY = 5.0
"""Seconds between two looks."""
MOST = 2000
"""Hosts of one app; whoever calls more is told of the others when it asks."""

Edges = Callable[[Iterable[str]], Iterable[Edge]]
"""Returns the calls that apps of some namespaces made lately."""


class Called:
    """What was seen of the apps that data planes are beside."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges
        self._seen: dict[App, frozenset[str]] = {}

    def of(self, app: App) -> frozenset[str]:
        """Return the full names of the hosts that an app was seen to call."""
        return self._seen.get(app, frozenset())

    def look(self, asked: Iterable[tuple[App, Iterable[str]]]) -> bool:
        """Look again; return whether something is new.

        Args:
            asked: Of each data plane its app, and the clusters that it asked for by name.
        """
        found: dict[App, set[str]] = {}
        for app, clusters in asked:
            hosts = (name.split("|", 3) for name in clusters)
            found.setdefault(app, set()).update(one[3] for one in hosts if len(one) == 4)
        for edge in self._edges({namespace for namespace, _ in found}):
            if edge.caller in found:
                where, callee = edge.callee
                # A host that is no app's is known by its name alone.
                found[edge.caller] |= {f"{callee}.{where}.{DOMAIN}", callee}
        new = False
        for app, called in found.items():
            known = self.of(app)
            if not called <= known and len(known) < MOST:
                self._seen[app], new = known | frozenset(sorted(called)[:MOST]), True
        return new
