"""Rows as a table for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fairlead.cli import terminal

Lines = Sequence[Sequence[str]]


def widths_of(lines: Lines) -> list[int]:
    """Return how wide each column of `lines` has to be."""
    return [max(map(terminal.width, column)) for column in zip(*lines, strict=True)]


def aligned(
    lines: Lines, widths: Sequence[int] = (), paint: Callable[[str], str] = str
) -> Iterator[str]:
    """Yield a line of text for each of `lines`, which have equally many cells.

    `paint` is given each cell with its blanks.
    """
    widths = widths or widths_of(lines)
    for line in lines:
        *cells, last = (_filled(cell, width) for cell, width in zip(line, widths, strict=True))
        yield "   ".join(map(paint, (*cells, last.rstrip()))).rstrip()


def _filled(cell: str, width: int) -> str:
    return cell + " " * (width - terminal.width(cell))


def tabled(lines: Lines, most: int = 0) -> Iterator[str]:
    """Yield a table for a terminal: `lines`, the first of which are the heads.

    Whatever is in a cell is made one line that no terminal obeys; longer than `most` it is cut.
    """
    rows = [[_told(cell, most) for cell in line] for line in lines]
    widths = widths_of(rows)
    yield from map(terminal.head, aligned(rows[:1], widths))
    yield from aligned(rows[1:], widths, terminal.cell)


def _told(cell: str, most: int) -> str:
    text = terminal.one_line(cell)
    return terminal.cut(text, most) if most else text
