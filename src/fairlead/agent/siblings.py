"""The processes of one instance, for metrics that are the sum of all of them.

They share a directory that is named after the process which their line of descent begins with. Each
answers there, over a socket of its own, with what it has counted, and leaves a file when it ends.
Whoever is asked for the metrics adds up, and keeps what was counted by processes that are gone.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairlead.agent.inspect import PATH_LIMIT, ask, places
from fairlead.agent.state import make_private
from fairlead.agent.sums import Sums, from_plain, to_plain

STALE = 86400.0
"""Seconds after which a directory that nobody has written in is an earlier instance's."""

MOST_SIBLINGS = 512
MOST_FOLDED = 1024
"""Ended processes whose files are known to be in the sums: one that could not be deleted."""

_KEPT, _FINAL = "kept.json", "final-"
_LONGEST_NAME = "0000000.sock"


class Siblings:
    """One process's view of them. Not for two threads at once."""

    def __init__(self, state: str, root: str, name: str, count: Callable[[], Sums]) -> None:
        """`root` and `name` are ``pid:start`` of the first process and of this one."""
        self._state, self._root = state, root.replace(":", "-")
        self._name = name.replace(":", "-")
        self._count = count
        self._directory: Path | None = None

    @property
    def path(self) -> Path:
        """The path of this process's socket. Raises OSError where there is no place for it."""
        return self._place() / f"{self._name.partition('-')[0]}.sock"

    def answer(self) -> dict[str, Any]:
        """Return what this process has counted, as it stands on the wire."""
        return {"name": self._name, "sums": to_plain(self._count())}

    def all(self) -> Sums:
        """Return what all of them have counted, this one included. Raises OSError."""
        place = self._place()
        kept = _load(place / _KEPT)
        living = {self._name: self._count(), **self._asked(place, kept)}
        # One that has just written its last words may have answered too: not before it is gone.
        ended = [
            path for path in sorted(place.glob(f"{_FINAL}*.json")) if _whose(path) not in living
        ]
        for path in ended:
            self._fold(path, kept)
        for name in [name for name in kept.last if name not in living]:
            kept.fold(name, kept.last.pop(name))
        kept.last = living
        _save(place / _KEPT, kept)
        for path in ended:
            path.unlink(missing_ok=True)
        sums = Sums()
        sums.add(kept.gone)
        for one in living.values():
            sums.add(one)
        return sums

    def write(self) -> None:
        """Write down what this process has counted: it may be gone soon. Raises OSError."""
        _write(self._place() / f"{_FINAL}{self._name}.json", self.answer())

    def leave(self) -> None:
        """Say for the last time what this process has counted. Raises OSError."""
        if self._directory is not None:
            self.write()
            self.path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what instances have left that are long gone. Raises OSError."""
        place = self._place()
        for other in place.parent.glob("metrics-*"):
            if other != place and time.time() - other.stat().st_mtime > STALE:
                shutil.rmtree(other, ignore_errors=True)

    def _place(self) -> Path:
        if self._directory is None:
            self._directory = self._made()
        return self._directory

    def _made(self) -> Path:
        for directory in places(self._state):
            place = directory / f"metrics-{self._root}"
            try:
                if len(os.fsencode(place / _LONGEST_NAME)) <= PATH_LIMIT:
                    make_private(place)
                    return place
            except OSError:
                continue
        raise FileNotFoundError("no directory for the sockets of metrics")

    def _asked(self, place: Path, kept: Kept) -> dict[str, Sums]:
        """Return what the other processes say; of one that does not answer, what it said last."""
        found: dict[str, Sums] = {}
        for path in sorted(place.glob("*.sock"))[:MOST_SIBLINGS]:
            if path.name == self.path.name:
                continue
            try:
                said = ask(path)
                found[str(said["name"])] = from_plain(said["sums"])
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)  # it was killed
            except Exception:
                # Also what no sibling of this version says: the others are told all the same.
                pid = path.name.removesuffix(".sock")
                found.update((name, one) for name, one in kept.last.items() if _pid(name) == pid)
        return found

    def _fold(self, path: Path, kept: Kept) -> None:
        try:
            said = json.loads(path.read_bytes())
            name, sums = str(said["name"]), from_plain(said["sums"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return  # half written by who was killed meanwhile: what it said last counts
        kept.fold(name, sums)
        kept.last.pop(name, None)


class Kept:
    """What is known of processes that may be gone, by whoever serves the metrics next."""

    def __init__(self) -> None:
        self.gone = Sums()
        self.last: dict[str, Sums] = {}
        self.folded: list[str] = []

    def fold(self, name: str, sums: Sums) -> None:
        """Keep what a process that is gone has counted, once."""
        if name not in self.folded:
            self.folded = [*self.folded, name][-MOST_FOLDED:]
            self.gone.add(sums.ended())


def _load(path: Path) -> Kept:
    kept = Kept()
    try:
        plain = json.loads(path.read_bytes())
        kept.gone = from_plain(plain["gone"])
        kept.last = {str(name): from_plain(one) for name, one in plain["last"].items()}
        kept.folded = [str(name) for name in plain["folded"]]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Kept()
    return kept


def _save(path: Path, kept: Kept) -> None:
    last = {name: to_plain(one) for name, one in kept.last.items()}
    _write(path, {"gone": to_plain(kept.gone), "last": last, "folded": kept.folded})


def _write(path: Path, plain: dict[str, Any]) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(plain, separators=(",", ":")), "ascii")
    beside.replace(path)


def _whose(path: Path) -> str:
    return path.name.removeprefix(_FINAL).removesuffix(".json")


def _pid(name: str) -> str:
    return name.partition("-")[0]
