"""A statement that is written once for two tables: marked where it means a shadowed one.

``SELECT * FROM {orders}`` is ``SELECT * FROM orders`` for the agent, and by hand, on the shadow,
``SELECT * FROM orders_gray``. No part of the rewriter decides which: the oracle is independent.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

SUFFIX = "_gray"

Args = tuple[Any, ...] | dict[str, Any] | None

_SESSION = re.compile(
    r"(?is)(?:\s|/\*.*?\*/|--[^\n]*\n|#[^\n]*\n)*"
    r"(?:attach|detach|discard|declare|fetch|listen|lock|pragma|prepare|reset|set|use)\b"
)
_MARKER = re.compile(r"\{([A-Za-z_][\w ]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an application would hand to its driver, with markers."""

    text: str
    args: Args = None
    rows: tuple[Any, ...] | None = None
    """For executemany: the parameters of each round."""
    ordered: bool = False
    """Whether the order of its rows is determined."""
    reads: bool = False
    """Whether it can change nothing: tables are looked at less often then."""
    explains: bool = False
    """Whether its rows are about the statement: only that there are some is compared."""
    client: bool = False
    """PostgreSQL: whether the parameters are put into the text by the driver."""
    refused: str = ""
    """Cause for which it is meant to be refused on a lane; ``""`` where it is to run."""
    place: str = ""
    """Where it comes from: a seed and number, or a file and line."""
    hand: Statement | None = field(default=None, repr=False)
    """By hand, where markers cannot tell: what a library emits for models of the shadows."""

    def base(self, tables: Collection[str]) -> str:
        """Return the text as an application has it; `tables` are those that have a shadow."""
        return expanded(self.text, tables, "")

    def by_hand(self, tables: Collection[str]) -> str:
        """Return the text on the shadows."""
        return self.hand.text if self.hand else expanded(self.text, tables, SUFFIX)


def expanded(text: str, tables: Collection[str], suffix: str) -> str:
    """Replace the markers of `tables` in `text`; other braces, as of JSON, stay."""
    known = {table.casefold() for table in tables}
    return _MARKER.sub(
        lambda match: match[1] + suffix if match[1].casefold() in known else match[0], text
    )


def is_session(text: str) -> bool:
    """Whether `text` is about the connection, which is another one afterwards."""
    return _SESSION.match(text) is not None
