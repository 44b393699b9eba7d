"""The built console as tests read it: its sources' digest, and what a browser loads first."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.architecture.tree import PACKAGE, ROOT

SOURCES = ROOT / "console"
DIST = PACKAGE / "console" / "dist"
LEFT_OUT = ("node_modules/", "dev/")
"""Folders below ``/console`` that nothing is built of (`vite.config.ts`)."""


def digest_of_sources(folder: Path = SOURCES) -> str:
    """The digest of the console's sources, as its build writes it."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    whole = sha256()
    for name in sorted(name for name in names if not name.startswith(LEFT_OUT)):
        whole.update(f"{name} {sha256((folder / name).read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def manifest() -> dict[str, Any]:
    """Which built file is made of what, and imports which."""
    found: dict[str, Any] = json.loads((DIST / "manifest.json").read_text("utf-8"))
    return found


def closure(start: str, built: dict[str, Any]) -> set[str]:
    """The scripts that a browser loads for `start`, a name of the manifest."""
    found, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += built[name].get("imports", ())
    return {built[name]["file"] for name in found}


def size(file: str) -> int:
    """Bytes of a built file on the wire."""
    packed = DIST / f"{file}.gz"
    return (packed if packed.exists() else DIST / file).stat().st_size
