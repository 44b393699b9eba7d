"""Microservice governance without code changes. Importing this costs nothing.

`fairlead run -- CMD` needs no import at all; `attach` is for a program that hooks itself.
"""

from __future__ import annotations

__all__ = ["__version__", "attach", "current"]

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fairlead.agent.attach import attach, current


def __getattr__(name: str) -> object:
    if name in ("attach", "current"):
        from fairlead.agent import attach as door

        return getattr(door, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
