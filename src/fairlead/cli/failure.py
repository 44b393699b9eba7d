"""How a command ends that cannot do what it was asked."""

from __future__ import annotations

from collections.abc import Iterable

OK = 0
REFUSED = 1
"""What was asked for is not allowed, or not there."""
USAGE = 2
"""The command line, or a setting, is wrong."""
ENVIRONMENT = 3
"""Something around the command is missing: a server, a file, a package."""
INTERRUPTED = 130
"""Somebody pressed Ctrl-C."""


class Failed(Exception):
    """Ends a command with `status` after printing `lines`, one fault each, to standard error."""

    def __init__(self, lines: str | Iterable[str], status: int = REFUSED) -> None:
        self.lines = (f"fairlead: {lines}",) if isinstance(lines, str) else tuple(lines)
        self.status = status
        super().__init__("\n".join(self.lines))
