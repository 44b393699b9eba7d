"""Microservice governance without code changes. Importing this costs nothing.

`fairlead run -- CMD` needs no import at all; `attach` is for a program that hooks itself, `guard`
for functions and blocks that rules shall concern.
"""

from __future__ import annotations

__all__ = ["Rejected", "__version__", "attach", "current", "guard"]

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fairlead.agent.attach import attach, current
    from fairlead.agent.guard import guard
    from fairlead.flow.rejected import Rejected


def __getattr__(name: str) -> object:
    if name in ("attach", "current"):
        from fairlead.agent import attach as door

        return getattr(door, name)
    if name == "guard":
        from fairlead.agent.guard import guard

        # Kept: a block that makes its guard each time looks the name up each time.
        globals()[name] = guard
        return guard
    if name == "Rejected":
        from fairlead.flow.rejected import Rejected

        return Rejected
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
