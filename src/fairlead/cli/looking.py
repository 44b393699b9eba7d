"""A picture that is drawn again and again while somebody looks.

On a terminal it has a screen of its own, and what was there before is there again afterwards. In a
pipe each picture follows the last, where it is another one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO, TypeVar

from fairlead.cli import terminal
from fairlead.cli.failure import ENVIRONMENT, Failed
from fairlead.cli.printing import Form, Whole, as_json, document

PACE = 1.0
"""Seconds between two looks."""
HOW_TO_END = "Ctrl-C ends this"

T = TypeVar("T")
Draw = Callable[[Sequence[str]], None]


@contextmanager
def screen() -> Iterator[Draw]:
    """Give what draws lines on a screen of our own, and give the old screen back."""

    def draw(lines: Sequence[str]) -> None:
        columns, height = terminal.size()
        shown = [*lines[: height - 2], *[""] * (height - 2 - len(lines))]
        fitting = [terminal.cut(line, columns) for line in shown]
        body = "\x1b[K\r\n".join([*fitting, terminal.painted(HOW_TO_END, terminal.DIM)])
        sys.stdout.write(f"\x1b[H{body}\x1b[K\x1b[J")
        sys.stdout.flush()

    sys.stdout.write("\x1b[?1049h\x1b[?25l")
    try:
        yield draw
    finally:
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()


def away(message: str, stream: TextIO | None = None) -> str:
    """Return the line that says, on `stream`, that nobody tells anything any more."""
    return terminal.painted(f"no news: {terminal.one_line(message)}", terminal.RED, stream)


def complain(message: str) -> None:
    """Say on standard error that nobody tells anything any more."""
    print(away(message, sys.stderr), file=sys.stderr, flush=True)


def on(
    ask: Callable[[], T],
    lines: Callable[[T], Iterable[str]],
    form: Form | Whole | None = None,
    plain: Callable[[T], Any] = lambda found: found,
    *,
    pause: Callable[[float], object] = time.sleep,
) -> T:
    """Show what `ask` returns, again and again until Ctrl-C; return the last of it.

    In JSON and YAML each is one document, made by `plain`, JSON in one line. A control plane that
    is away is waited for, once it has answered. Raises Failed where it has not.
    """
    last = ask()
    if terminal.is_terminal() and form not in (Form.JSON, Form.YAML, Form.NAME):
        with suppress(KeyboardInterrupt), screen() as draw:
            for found, fault in _looks(ask, last, pause):
                last = found
                draw([*([away(fault)] if fault else []), *lines(found)])
        return last
    shown = ""
    with suppress(KeyboardInterrupt):
        for found, fault in _looks(ask, last, pause):
            last, text = found, _text(found, lines, form, plain)
            if fault:
                complain(fault)
            elif text != shown:
                above = "---\n" if form == Form.YAML else "\n" if shown and form is None else ""
                print(f"{above}{text}", flush=True)
                shown = text
    return last


def _text(
    found: T,
    lines: Callable[[T], Iterable[str]],
    form: Form | Whole | None,
    plain: Callable[[T], Any],
) -> str:
    if form == Form.JSON:
        return as_json(plain(found))
    if form == Form.YAML:
        return document(plain(found), form)
    return "\n".join(lines(found))


def _looks(
    ask: Callable[[], T], last: T, pause: Callable[[float], object]
) -> Iterator[tuple[T, str]]:
    """Yield what is there now, and why it is not known, ``""`` where it is."""
    yield last, ""
    told = ""
    while True:
        pause(PACE)
        fault = ""
        try:
            last = ask()
        except Failed as failure:
            if failure.status != ENVIRONMENT:
                raise
            fault = str(failure).removeprefix("fairlead: ")
        if not fault or fault != told or terminal.is_terminal():
            yield last, fault
        told = fault
