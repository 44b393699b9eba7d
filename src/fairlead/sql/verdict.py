"""What becomes of a statement on a lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """A statement that cannot be proved to stay in the shadow; the caller did nothing wrong.

    `cause` is one word of CAUSES, the text a sentence for whoever wrote the statement.
    """

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause
        self.reason = reason

    def __reduce__(self) -> tuple[type[Refused], tuple[str, str]]:
        """Go to another process with the driver's error, whose cause this is."""
        return type(self), (self.cause, self.reason)


CAUSES = (
    "call",
    "cascade",
    "command",
    "comment",
    "ddl",
    "default",
    "do",
    "file",
    "function",
    "handler",
    "inherit",
    "list",
    "load",
    "lock",
    "multi",
    "name",
    "off",
    "other",
    "partition",
    "prepare",
    "rule",
    "side",
    "size",
    "trigger",
    "unparsed",
    "view",
)
"""Every reason to refuse, as counters tell them apart."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A statement as it may be sent on a lane, or why it may not be."""

    text: str
    """What to send: the statement with its tables' shadows in it, or as it came."""
    writes: bool = False
    """Whether it may change rows."""
    tables: tuple[tuple[str, str], ...] = ()
    """Each shadowed table it names, and the shadow that stands for it."""
    refused: Refused | None = None
    count: Callable[[], object] = int
    """Counts one sending of it."""
    met: Any = None
    """What measures each sending of it (`flow.sendings`), None where nothing does."""
