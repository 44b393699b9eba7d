"""Rows as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def aligned(lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a line of text for each of `lines`, which have equally many cells."""
    table = list(lines)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "   ".join(cells).rstrip()
