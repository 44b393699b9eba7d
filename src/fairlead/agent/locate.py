"""Find the processes of this machine that an agent is in, or should be.

Read from /proc and from the sockets in the state directories; nothing is sent to anybody.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fairlead.agent.inspect import places
from fairlead.agent.settings import InvalidSetting, Settings
from fairlead.agent.spelling import doubts

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A process, the socket to ask it at, None where it has none, and the setting that is wrong."""

    pid: int
    socket: Path | None
    fault: str = ""
    doubts: tuple[str, ...] = ()
    """Settings that are probably misspelt."""


def candidates(settings: Settings) -> list[Candidate]:
    """Return the processes with a socket, and the Pythons that were started to have one, by pid.

    A program in Go that has none is not among them.
    """
    started = dict(_started())
    states = dict.fromkeys([settings.state, *(one.state for one in started.values())])
    sockets = dict(_sockets(states))
    pids = sorted(sockets.keys() | {pid for pid, one in started.items() if one.python})
    unknown = _Started()
    return [
        Candidate(pid=pid, socket=sockets.get(pid), fault=one.fault, doubts=one.doubts)
        for pid in pids
        for one in (started.get(pid, unknown),)
    ]


def others(found: Iterable[Candidate]) -> list[int]:
    """Return the processes with settings of an agent that are no Pythons, and not among `found`."""
    known = {one.pid for one in found}
    return sorted(pid for pid, one in _started() if not one.python and pid not in known)


class _Started(NamedTuple):
    """What the environment of a process says, as it was when it started."""

    python: bool = False
    """Whether it is a Python with the agent on."""
    state: str = ""
    fault: str = ""
    doubts: tuple[str, ...] = ()


def _sockets(states: Iterable[str]) -> Iterable[tuple[int, Path]]:
    for state in states:
        for directory in places(state):
            for path in sorted(directory.glob("*.sock")):
                if path.stem.isdigit():
                    if _lives(int(path.stem)):
                        yield int(path.stem), path
                    else:
                        _remove(path)  # of a process that was killed


def _started() -> Iterable[tuple[int, _Started]]:
    """Yield each process that was started with settings of an agent, and what they say."""
    for directory in _PROC.glob("[0-9]*"):
        try:
            text = (directory / "environ").read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            continue  # another user's, or gone
        environ = dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
        pid = int(directory.name)
        if any(map(environ.get, _SWITCHES)) and pid != os.getpid():
            yield pid, _read(environ, python=_is_python(pid) and bool(environ.get(_SWITCHES[0])))


_SWITCHES = ("FAIRLEAD_ENABLED", "FAIRLEAD_CONTROL", "FAIRLEAD_SOURCE", "FAIRLEAD_APP")
"""The first one is Python's; a Go program is governed by others."""


def _read(environ: Mapping[str, str], *, python: bool) -> _Started:
    # A Go program says itself what of its settings is misspelt, by other tables.
    doubted = tuple(doubts(environ)) if python else ()
    try:
        settings = Settings.from_env(environ, read=lambda path: {})
        return _Started(python, settings.state, doubts=doubted)
    except InvalidSetting as error:
        return _Started(python, fault=str(error), doubts=doubted)


def _is_python(pid: int) -> bool:
    try:
        return os.path.basename(os.readlink(_PROC / str(pid) / "exe")).startswith(
            ("python", "pypy")
        )
    except OSError:
        return False


def _lives(pid: int) -> bool:
    return not _PROC.exists() or (_PROC / str(pid)).exists()


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        return
