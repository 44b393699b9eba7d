"""What a guard holds of its resource: the gate, found when it is first needed and then kept.

A guard is made when the application is imported, perhaps before there is an agent, and is used by
the processes that are forked from it: each finds its own way to the gate.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fairlead.agent.bootstrap import begun
from fairlead.instruments.rejections import told

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry, Gate

LONGEST = 1024
"""Characters of a name."""

MOST = 100_000
"""Names that are kept. One beyond is governed like the others, but found anew by each use."""


class Handle:
    """The gate of one name in this process."""

    __slots__ = ("gate", "name", "terms")

    def __init__(self, name: str) -> None:
        self.name = name
        self.gate: Gate | None = None
        """None until it is found."""
        self.terms: Any = None
        """How a guard enters it that says no more than the name."""

    def find(self) -> Gate | None:
        """Return the gate; None where no agent is attached, and everything passes."""
        door = begun()
        agent = door.governing() if door is not None else None
        if agent is None:
            return None
        if not agent.ready:
            agent.ensure_ready()
        gate = agent.engine.gates.gate(self.name)
        if agent.ready:  # a child that follows nobody may have to follow later: it asks again
            self.gate = gate
        return gate

    def told(self, entry: Entry) -> None:
        """Count what the gate says of a call that it does not simply let in."""
        door = begun()
        agent = door.governing() if door is not None else None
        if agent is not None:
            told(agent, entry)

    def fault(self, error: Exception) -> None:
        """Count a fault of ours, which lets the call pass."""
        door = begun()
        agent = door.governing() if door is not None else None
        if agent is not None:
            agent.fault("guard", error)


_handles: dict[str, Handle] = {}


def handle(name: str) -> Handle:
    """Return the handle of `name`, shared by all its guards. Raises TypeError and ValueError."""
    found = _handles.get(name)
    if found is not None:
        return found
    if not isinstance(name, str):
        raise TypeError(f"fairlead.guard: a resource's name is text, not {type(name).__name__}")
    if not 0 < len(name) <= LONGEST:
        raise ValueError(f"fairlead.guard: a name has 1 to {LONGEST} characters, not {len(name)}")
    made = Handle(name)
    return _handles.setdefault(name, made) if len(_handles) < MOST else made


def names() -> list[str]:
    """Return the names that guards were made for in this process, the first MOST of them."""
    return list(_handles)


def forget() -> None:
    """Let every guard find its gate anew: in a forked process, or after the agent is gone."""
    for one in list(_handles.values()):
        one.gate = None


os.register_at_fork(after_in_child=forget)
