"""Rows as a table for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fairlead.cli import terminal

Lines = Sequence[Sequence[str]]


def widths_of(lines: Lines) -> list[int]:
    """Return how wide each column of `lines` has to be."""
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def aligned(
    lines: Lines, widths: Sequence[int] = (), paint: Callable[[str], str] = str
) -> Iterator[str]:
    """Yield a line of text for each of `lines`, which have equally many cells.

    `paint` is given each cell with its blanks.
    """
    widths = widths or widths_of(lines)
    for line in lines:
        *cells, last = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "   ".join(map(paint, (*cells, last.rstrip()))).rstrip()


def tabled(lines: Lines) -> Iterator[str]:
    """Yield a table for a terminal: `lines`, the first of which are the heads."""
    widths = widths_of(lines)
    yield from map(terminal.head, aligned(lines[:1], widths))
    yield from aligned(lines[1:], widths, terminal.cell)
