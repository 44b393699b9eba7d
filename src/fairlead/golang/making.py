"""What is made for a toolchain before the first build by it, and what is said of its functions."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fairlead.golang.flags import Line, Misused
from fairlead.golang.found import module_facts
from fairlead.golang.known import Known
from fairlead.golang.modules import toolexec
from fairlead.golang.overlay import Fact, Making, written
from fairlead.golang.toolchain import Toolchain


@dataclass(frozen=True)
class Made:
    """What was made, and of what."""

    known: Known
    read: Sequence[str]
    """The toolchain's files and folders that it was made from."""
    files: Sequence[str]
    """The files that were made."""


def make(toolchain: Toolchain, cache: str, chain: Sequence[str], line: Line) -> Made:
    """Make what a build needs, below `cache`; `chain` is what the user has run before tools."""
    making = Making(toolchain, gls=line.gls)
    replace = making.written(Path(cache))
    overlay = _overlay(replace, cache)
    words = toolexec(Path(cache) / "shim", toolchain, chain, strict=line.strict)
    known = Known(overlay, words, drifted(making.facts))
    ours = [one for one in words if one.startswith(cache)]
    return Made(known, sorted(making.read), [overlay, *replace.values(), *ours])


def looked_at(toolchain: Toolchain, folder: str, line: Line) -> list[Fact]:
    """Return each function that would get a hook in what is built in `folder`."""
    standard = Making(toolchain, gls=line.gls).facts
    return [*standard, *module_facts(toolchain, Path(folder), line.flags)]


def drifted(facts: Sequence[Fact]) -> list[str]:
    """Return the functions that should have a hook, and have none; each with why."""
    return [f"{one.package} {one.method}: {one.why}" for one in facts if one.drifted]


def joint(ours: str, theirs: str, folder: str, cache: str) -> str:
    """Return the file that says what both overlays say. Raises Misused."""
    replace: dict[str, str] = json.loads(Path(ours).read_bytes())["Replace"]
    for path, by in _own(theirs, Path(folder)).items():
        if path in replace:
            raise Misused(
                f"-overlay {theirs} replaces {path}, and so does the agent: leave that one"
                " out of yours, or build with go"
            )
        replace[path] = by
    return _overlay(replace, cache)


def _own(overlay: str, folder: Path) -> dict[str, str]:
    """Return what an overlay of the user's replaces, by whole paths."""
    try:
        said = json.loads((folder / overlay).read_bytes())
        pairs = dict(said.get("Replace") or {})
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise Misused(f"-overlay {overlay}: {error}") from error
    return {_whole(folder, path): _whole(folder, by) if by else "" for path, by in pairs.items()}


def _whole(folder: Path, path: str) -> str:
    return os.path.normpath(folder / path)


def _overlay(replace: dict[str, str], cache: str) -> str:
    text = json.dumps({"Replace": replace}, indent=1, sort_keys=True).encode()
    name = f"{sha256(text).hexdigest()[:32]}.json"
    return str(written(Path(cache) / "overlay" / name, text))
