"""How the instances of one cluster are reached, kept apart by app and subset."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.flow.balance import Choice
from fairlead.flow.steps import Flow


@dataclass(frozen=True, slots=True)
class Reach:
    """How the instances of one cluster are reached."""

    choice: Choice
    once: Flow
    again: Flow
    """The same where a call may be repeated: at another instance, if there is one."""
    host: str = ""
    """Who is called in the place of the one that was, ``""`` where that is the same."""
    caller: str = ""
    """What this workload is to them."""
