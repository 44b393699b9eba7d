"""What a terminal is given, and a pipe is not: colour, and an editor to write in.

Colour is for people: never in a pipe, never with ``NO_COLOR`` (no-color.org), nor where TERM is
``dumb``. Standard library only.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import unicodedata
from typing import TextIO

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"

_GOOD = frozenset({"True", "live", "on", "Normal", "ADDED", "hooked"})
_BAD = frozenset({"False", "refused", "away", "off", "Warning", "DELETED", "error", "lost"})
_DOUBTFUL = frozenset({"Unknown", "lagging", "observe", "warning", "MODIFIED"})
_SHARE = re.compile(r"(\d+)/(\d+)")


def is_terminal(stream: TextIO | None = None) -> bool:
    """Say whether a person reads `stream`, standard output if left out, where a cursor can move."""
    stream = sys.stdout if stream is None else stream
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):  # closed, or none at all
        return False


def coloured(stream: TextIO | None = None) -> bool:
    """Say whether `stream` is to have colour."""
    return not os.environ.get("NO_COLOR") and is_terminal(stream)


def painted(text: str, style: str, stream: TextIO | None = None) -> str:
    """Return `text` in a style where `stream` has colour."""
    return f"\x1b[{style}m{text}\x1b[0m" if text and coloured(stream) else text


def cell(text: str) -> str:
    """Return a cell of a table, with its blanks, in the colour of what it says."""
    word = text.strip()
    share = _SHARE.fullmatch(word)
    if share:
        style = GREEN if share[1] == share[2] != "0" else YELLOW
    elif word in _GOOD:
        style = GREEN
    elif word in _BAD:
        style = RED
    else:
        style = YELLOW if word in _DOUBTFUL else ""
    return painted(text, style) if style else text


def head(text: str) -> str:
    """Return the heads of a table."""
    return painted(text, BOLD)


def change(line: str) -> str:
    """Return a line of a unified diff in its colour."""
    if line.startswith(("---", "+++")):
        return painted(line, BOLD)
    styles = {"+": GREEN, "-": RED, "@": CYAN}
    style = styles.get(line[:1], "")
    return painted(line, style) if style else line


_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_STRANGE = re.compile(r"[^\n\t\x20-\x7e]")
_WIDE = frozenset("WF")
_NO_WIDTH = frozenset(("Mn", "Me", "Cf"))


def size() -> tuple[int, int]:
    """Return how wide and how high the terminal is."""
    found = shutil.get_terminal_size((100, 40))
    return found.columns, found.lines


def width(text: str) -> int:
    """Return how many columns of a terminal `text` takes, which has no escapes in it."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def cut(line: str, most: int) -> str:
    """Return the part of a line that fits into `most` columns, without colours where it is cut."""
    bare = _ESCAPE.sub("", line)
    if width(bare) <= most:
        return line
    taken, place = 0, 0
    for place, character in enumerate(bare):  # noqa: B007 - the place is what is looked for
        taken += _columns(character)
        if taken >= most:
            break
    return f"{bare[:place]}…" if most > 0 else ""


def editor() -> list[str]:
    """Return the command that edits a file: VISUAL, EDITOR, or vi."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    return shlex.split(chosen) or ["vi"]


def safe(text: str) -> str:
    """Return what somebody else wrote without what a terminal would obey, or show otherwise.

    Escapes, the C1 controls, what turns the direction of writing, and half surrogates are spelt.
    """
    return _STRANGE.sub(_spelt, text)


def one_line(text: str) -> str:
    """Return what somebody else wrote as one line that a terminal does not obey."""
    return safe(" ".join(text.splitlines()) if "\n" in text else text).replace("\t", " ")


def _spelt(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
