"""Rows as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Lines = Sequence[Sequence[str]]


def widths_of(lines: Lines) -> list[int]:
    """Return how wide each column of `lines` has to be."""
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def aligned(lines: Lines, widths: Sequence[int] = ()) -> Iterator[str]:
    """Yield a line of text for each of `lines`, which have equally many cells."""
    widths = widths or widths_of(lines)
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "   ".join(cells).rstrip()
