"""What was prepared before for a toolchain, so that a build reads no sources and imports little.

A record holds as long as what it was made from is what it was, by sizes and times: our own files,
and the toolchain's; and as long as what was made is still there.
"""

from __future__ import annotations

import json
import os
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = os.path.dirname(__file__)

Stat = list[int]


class Known:
    """What ``go`` is to be given, and what there is to say of it."""

    def __init__(self, overlay: str, toolexec: Sequence[str], drifted: Sequence[str]) -> None:
        self.overlay = overlay
        """The file for ``-overlay``."""
        self.toolexec = toolexec
        """The words for ``-toolexec``."""
        self.drifted = drifted
        """Functions that should have a hook, and have none; each with why."""


def ours() -> list[str]:
    """Return what tells one version of our files from another, without reading them."""
    version = os.path.join(os.path.dirname(HERE), "__init__.py")
    return [f"{version} {_stat(version)}", HERE, *_states(HERE)]


def _states(folder: str) -> Iterable[str]:
    for one in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if one.name.endswith((".py", ".go")):
            yield f"{one.name} {_stat(one.path)}"
        elif one.is_dir():
            yield from _states(one.path)


class Record:
    """The file that keeps what was prepared for one `key`."""

    def __init__(self, cache: str, key: Sequence[object]) -> None:
        self._key = json.dumps(key)
        self._path = os.path.join(cache, "known", f"{crc32(self._key.encode()):08x}.json")

    def read(self) -> Known | None:
        """Return what was prepared, None where it is to be prepared anew."""
        try:
            with open(self._path, "rb") as file:
                said = json.load(file)
            if said["key"] != self._key or said["read"] != stats(said["read"]):
                return None
            # Who cleans caches goes by the age of files, and ours look old: folders stay.
            if not all(map(os.path.isfile, said["made"])):
                return None
            return Known(*(said[name] for name in ("overlay", "toolexec", "drifted")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, known: Known, read: Iterable[str], made: Iterable[str]) -> None:
        """Keep what was made from the files of `read`; `made` is what has to be there."""
        from pathlib import Path

        from fairlead.golang.overlay import written

        text = {**vars(known), "key": self._key, "read": stats(read), "made": list(made)}
        written(Path(self._path), json.dumps(text).encode())


def stats(paths: Iterable[str]) -> dict[str, Stat]:
    """Return sizes and times of files and folders; of one that is not there, nothing."""
    return {path: _stat(path) for path in paths}


def _stat(path: str) -> Stat:
    try:
        stat = os.stat(path)
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns]
