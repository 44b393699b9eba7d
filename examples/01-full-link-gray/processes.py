"""Start and stop what the demo runs: the control plane, and apps by ``fairlead run``.

Every process is a session of its own, so that Ctrl-C reaches the demo alone, which then stops its
processes by their ids. What they print goes to a log file each.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
APPS = Path(__file__).parent / "apps"
STOP_SECONDS = 15.0
ANY_PORT = ("--port", "0")
# No control socket: gunicorn would put it into the home directory.
GUNICORN = ("--bind", "127.0.0.1:0", "--access-logfile", "-", "--no-control-socket")
DEFAULT = "default"
"""The namespace of what runs all the time."""
_PSS = re.compile(r"^Pss: +(\d+) kB", re.MULTILINE)
EVERYWHERE = frozenset((*ANY_PORT, *GUNICORN))
FOREIGN = (
    *("traffic.opensergo.io/label", "alicloud.service.tag", "msePilotCreateAppName"),
    *("VERSION", "DATABASE_URL"),
)


class DemoFailed(Exception):
    """The demo cannot go on; the text says where it stood and what the logs end with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance of an app: how it is served, its version, and what marks its lane."""

    app: str
    lane: str = ""
    command: tuple[str, ...]
    mark: str = ""
    """``NAME=value`` that puts it on its lane: fairlead reads it, the app does not."""
    driver: int | None = None
    """By which of two drivers it reaches the database, if it does."""
    namespace: str = DEFAULT
    version: str = ""
    """How it calls itself, if not by its lane; also its label, as others like it may run."""
    variables: tuple[tuple[str, str], ...] = ()
    """More of its environment."""
    folder: Path = APPS
    """Where its code is."""
    built_in: bool = False
    """Whether the agent was built into the program, which then is started as it is."""
    access: str = r'"GET /{app} HTTP/1\.1" {status}\b'
    """A line of its access log, as an expression with the app and a status of HTTP to fill in."""

    @property
    def name(self) -> str:
        """Name of its log: ``b-gray``."""
        where = () if self.namespace == DEFAULT else (self.namespace,)
        return "-".join((*where, self.app, self.version or self.lane or "base"))

    @property
    def hop(self) -> str:
        """How it calls itself in an answer: ``Bgray``; the entry does not name itself."""
        return f"{self.app.upper()}{self.version or self.lane}" if len(self.app) == 1 else ""

    def served_by(self) -> str:
        """Return its command without the options that every instance has."""
        return " ".join(word for word in self.command if word not in EVERYWHERE)


class Process:
    """One process that the demo started, and its log."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path = APPS
    ) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._began = output.tell()
            self._popen = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None

    def memory(self) -> int:
        """Return the bytes that it and its workers have, shared pages in shares."""
        kilobytes = 0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if os.getsid(int(process.name)) == self.pid:
                    found = _PSS.search((process / "smaps_rollup").read_text())
                    kilobytes += int(found[1]) if found else 0
            except OSError:
                continue  # it has ended meanwhile
        return kilobytes << 10

    def terminate(self) -> None:
        """Ask it to stop, as a deployment would."""
        if self.running:
            self._popen.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = STOP_SECONDS) -> bool:
        """Wait until it has ended; afterwards nothing of its session is left. False if forced."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        self._sweep()
        return True

    def kill(self) -> None:
        """End it and its workers at once."""
        self._sweep()
        self._popen.wait()

    def printed(self) -> str:
        """Return what it has printed, without what its log held before."""
        return self.log.read_bytes()[self._began :].decode(errors="replace")

    def tail(self, lines: int = 15) -> str:
        """Return the end of its log."""
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join(f"    | {line}" for line in text) or "    | (nothing)"

    def _sweep(self) -> None:
        # The session's group has the leader's id, also after the leader has gone.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def environment(**settings: str) -> dict[str, str]:
    """Return this environment without what could steer fairlead or the apps, plus `settings`."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("FAIRLEAD_") and name not in FOREIGN
    }
    # Beside the apps no __pycache__ appears: the demo writes below its own directory only.
    fixed = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    return {**inherited, **fixed, **settings}


def start_instance(
    instance: Instance, *, control: str, work: Path, databases: Sequence[str] = ()
) -> Process:
    """Start `instance`, with its agent, registered with the control plane at `control`.

    `databases` are urls of one database by one driver and by another.
    """
    settings = {
        "FAIRLEAD_CONTROL": control,
        "FAIRLEAD_APP": instance.app,
        "FAIRLEAD_NAMESPACE": instance.namespace,
        "FAIRLEAD_STATE": str(work / "state"),
        "VERSION": instance.version or instance.lane,
        **dict(instance.variables),
    }
    if instance.version:
        settings["FAIRLEAD_LABELS"] = f"version={instance.version}"
    if databases and instance.driver is not None:
        settings["DATABASE_URL"] = databases[instance.driver]
    program, *arguments = instance.command
    argv = [program, *arguments]
    if not instance.built_in:
        argv = [str(BIN / "fairlead"), "run", "--", str(BIN / program), *arguments]
    if instance.mark:
        # Names with a dot or a slash cannot be exported from a shell; env(1) takes any.
        argv = ["env", instance.mark, *argv]
    log = work / "logs" / f"{instance.name}.log"
    return Process(argv, env=environment(**settings), log=log, cwd=instance.folder)


def answers(address: str) -> bool:
    """Whether somebody takes connections at `address`."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def stop_all(processes: Sequence[Process]) -> None:
    """Stop every process of `processes`, together, the last started first."""
    for process in reversed(processes):
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in reversed(processes):
        process.wait(max(0.1, deadline - time.monotonic()))
