"""Find the processes of this machine that an agent is in, or should be.

Read from /proc and from the sockets in the state directories; nothing is sent to anybody.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fairlead.agent.inspect import places
from fairlead.agent.settings import InvalidSetting, Settings

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A process, the socket to ask it at, None where it has none, and the setting that is wrong."""

    pid: int
    socket: Path | None
    fault: str = ""


def candidates(settings: Settings) -> list[Candidate]:
    """Return the processes with a socket, and the Pythons that were started to have one, by pid."""
    started = dict(_started())
    states = dict.fromkeys([settings.state, *(state for state, _ in started.values())])
    sockets = dict(_sockets(states))
    pids = sorted(sockets.keys() | {pid for pid in started if _is_python(pid)})
    faults = {pid: fault for pid, (_, fault) in started.items()}
    return [Candidate(pid=pid, socket=sockets.get(pid), fault=faults.get(pid, "")) for pid in pids]


def _sockets(states: Iterable[str]) -> Iterable[tuple[int, Path]]:
    for state in states:
        for directory in places(state):
            for path in sorted(directory.glob("*.sock")):
                if path.stem.isdigit():
                    if _lives(int(path.stem)):
                        yield int(path.stem), path
                    else:
                        _remove(path)  # of a process that was killed


def _started() -> Iterable[tuple[int, tuple[str, str]]]:
    """Yield each process started with the agent on, its state directory, and its wrong setting."""
    for directory in _PROC.glob("[0-9]*"):
        try:
            text = (directory / "environ").read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            continue  # another user's, or gone
        environ = dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
        if environ.get("FAIRLEAD_ENABLED") and int(directory.name) != os.getpid():
            try:
                settings = Settings.from_env(environ, read=lambda path: {})
                yield int(directory.name), (settings.state, "")
            except InvalidSetting as error:
                yield int(directory.name), ("", str(error))


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
