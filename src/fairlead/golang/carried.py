"""What the file of a Go program says of the agent in it.

Each part of the agent that comes in by a compiler leaves a mark: the standard library one for what
was built (`build_mark`), a package of a module one for its hook (`shim`). They are strings of the
program, so that nothing which strips a file of its symbols takes them away.
"""

from __future__ import annotations

import json
import mmap
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MOST = 1 << 16
"""Bytes of a mark."""

_MARK = re.compile(rb"\xff fairlead go (build|hook):(\{[^\xff]{0,%d}\})\xff" % MOST)
_GO = b"\xff Go buildinf:"
"""debug/buildinfo; what follows is at fixed places from Go 1.18 on."""
_INLINE, _TEXT = 2, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The agent in a program."""

    fairlead: str
    """Its version."""
    go: str
    """The version of Go that has built it."""
    goroutines: bool
    """Whether goroutines inherit the request they work for (``--gls``)."""
    hooks: tuple[str, ...]
    """Import paths of the standard library."""
    modules: tuple[tuple[str, str], ...]
    """Import paths of modules, each with the version."""


def build_mark(fairlead: str, go: str, hooks: Iterable[str], *, goroutines: bool) -> str:
    """Return the mark of what is built, as a literal of Go's."""
    said = {"fairlead": fairlead, "go": go, "goroutines": goroutines, "hooks": sorted(set(hooks))}
    # JSON's escapes are among Go's.
    return rf'"\xff fairlead go build:" + {json.dumps(json.dumps(said))} + "\xff"'


def carried(path: Path) -> Carried | None:
    """Return what a file says of the agent in it, None where there is none. Raises OSError."""
    with _mapped(path) as text:
        marks = [(one[1], _read(one[2])) for one in _MARK.finditer(text)]
    built = next((said for sort, said in marks if sort == b"build" and said), None)
    if built is None:
        return None
    modules = {(str(said.get("path")), str(said.get("version"))) for _, said in marks if said}
    return Carried(
        fairlead=str(built.get("fairlead")),
        go=str(built.get("go")),
        goroutines=built.get("goroutines") is True,
        hooks=tuple(_texts(built.get("hooks"))),
        modules=tuple(sorted(one for one in modules if one[0] != "None")),
    )


def go_version(path: Path) -> str:
    """Return the version of Go that built a program, ``""`` for what is none. Raises OSError."""
    with _mapped(path) as text:
        at = text.find(_GO)
        if at < 0:
            return ""
        head = bytes(text[at : at + _TEXT + 64])
    if len(head) <= _TEXT or not head[len(_GO) + 1] & _INLINE:
        return "go"
    return head[_TEXT + 1 : _TEXT + 1 + head[_TEXT]].decode("ascii", "replace")


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as opened:
        if not os.fstat(opened.fileno()).st_size:
            raise OSError(f"{path} is empty")
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


def _read(text: bytes) -> dict[str, object]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _texts(value: object) -> Iterator[str]:
    yield from (one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
