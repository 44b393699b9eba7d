"""Questions to a server that somebody far away puts: asked for together, and answered later.

A generator asks one question after the other. Whoever cannot put them himself goes through it with
the answers that have come so far, and is told what is still wanted.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from fairlead.sql.catalog import Rows

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Questions that have no answer yet."""

    queries: tuple[str, ...]


def gone_through(asking: Generator[str, Rows, T], answers: Mapping[str, Rows]) -> T | Wanted:
    """Return what `asking` comes to with `answers`, by question, or which ones are wanted.

    Raises what `asking` raises.
    """
    wanted: list[str] = []
    rows: Rows | None = None
    while True:
        try:
            query = asking.send(rows)  # type: ignore[arg-type]
        except StopIteration as done:
            found: T = done.value
            return found
        if query not in answers:
            wanted.append(query)
            break
        rows = answers[query]
    # What it would ask next, did this one have no rows: so that one way there and back will do.
    with suppress(StopIteration, ValueError, TypeError):
        while len(wanted) < MOST_WANTED:
            query = asking.send(())
            if query not in answers:
                wanted.append(query)
    return Wanted(tuple(dict.fromkeys(wanted)))


MOST_WANTED = 256
"""Questions that are asked for at a time: SQLite has two for each database that is attached."""
