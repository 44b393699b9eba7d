"""Instances that callers leave out, told as Events of the DestinationRule that says so.

An agent counts them by the app that is called (its `fairlead doctor` says which instance, and why);
here it is seen that a count has grown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from fairlead.control.event import WARNING, Note
from fairlead.control.nodes import Node, Nodes
from fairlead.control.publish import Publisher
from fairlead.control.store import Key, Store, Stored
from fairlead.telemetry.names import INSTANCE_EJECTED

EVERY = 1.0
"""Seconds between two looks."""

log = logging.getLogger(__name__)


class Ejections:
    """Belongs to one event loop."""

    def __init__(
        self,
        store: Store,
        nodes: Nodes,
        publisher: Publisher,
        tell: Callable[[Stored, Note], None],
    ) -> None:
        self._store, self._nodes, self._publisher, self._tell = store, nodes, publisher, tell
        self._before: dict[str, dict[str, int]] = {}

    async def run(self) -> None:
        """Look for good."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                self.look()
            except Exception:
                log.exception("who leaves out whom could not be told")

    def look(self) -> None:
        """Tell of what was counted since the last look.

        After a restart of the control plane what processes have counted is told once more.
        """
        now = {node.id: dict(node.counters.get(INSTANCE_EJECTED, {})) for node in self._all()}
        grown = {
            (node.wanted.namespace, node.wanted.app, callee)
            for node in self._all()
            for callee, count in now[node.id].items()
            if count > self._before.get(node.id, now[node.id]).get(callee, 0)
        }
        self._before = now
        for namespace, caller, callee in sorted(grown):
            self._say(namespace, caller, callee)

    def _all(self) -> list[Node]:
        return [node for node in self._nodes.all() if node.connected]

    def _say(self, namespace: str, caller: str, callee: str) -> None:
        message = (
            f"{caller} leaves out an instance of {callee} that failed again and again; "
            f"`fairlead doctor` beside {caller} says which"
        )
        note = Note(type=WARNING, reason="InstanceEjected", message=message)
        for resource in self._publisher.world.leaving_out(namespace, callee):
            key = Key(resource.kind.resource, resource.namespace, resource.name)
            if (stored := self._store.get(key)) is not None:
                self._tell(stored, note)
