"""The user's app as a process: started, waited for, its CPU read, and ended with its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fairlead.agent.locate import candidates
from fairlead.agent.settings import Settings
from fairlead.cli.assess.load import Target, answers
from fairlead.cli.failure import ENVIRONMENT, REFUSED, Failed

PAUSE = 0.05
FAREWELL = 15.0
"""Seconds that the app has to end after SIGTERM."""

_TICKS = os.sysconf("SC_CLK_TCK")
_TAIL = 15


class Subject:
    """One start of the app."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process, self._log = process, log

    def cpu(self) -> float:
        """Return the CPU seconds that the app has used, all its processes together."""
        return sum(map(_cpu_of, _stats(self._process.pid)))

    def agents(self, environ: Mapping[str, str]) -> int:
        """Return how many processes of the app have the agent in them."""
        own = {pid for pid, _ in _stats(self._process.pid)}
        found = candidates(Settings.from_env(environ, read=lambda path: {}))
        return sum(one.pid in own and one.socket is not None for one in found)

    def wait(self, target: Target, patience: float) -> None:
        """Return when the app answers. Raises Failed where it ends, or does not in time."""
        deadline = time.monotonic() + patience
        while not answers(target):
            if self._process.poll() is not None:
                told = f"the command ended with status {self._process.returncode} before it served"
                raise Failed([f"fairlead: {told}", *self.tail()], REFUSED)
            if time.monotonic() > deadline:
                told = f"{target.url} did not answer within {patience:g} s"
                raise Failed([f"fairlead: {told}", *self.tail()], ENVIRONMENT)
            time.sleep(PAUSE)

    def tail(self) -> list[str]:
        """Return the last lines that the app printed."""
        text = self._log.read_bytes()[-8192:].decode("utf-8", "replace")
        return [f"    {line}" for line in text.splitlines()[-_TAIL:]]

    def end(self) -> None:
        """End the app, and whatever it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(FAREWELL)
                if not any(_stats(self._process.pid)):
                    return


@contextmanager
def started(
    command: Sequence[str], environ: Mapping[str, str], *, agent: bool
) -> Iterator[Subject]:
    """Run the command, with the agent or without, and end it."""
    ours = (sys.executable, "-m", "fairlead.cli.main", "run", "--") if agent else ()
    given = {name: value for name, value in environ.items() if name != "FAIRLEAD_ENABLED"}
    given |= {} if agent else {"FAIRLEAD_ENABLED": "0"}
    with tempfile.NamedTemporaryFile(prefix="fairlead-assess-") as log:
        try:
            process = subprocess.Popen(
                [*ours, *command],
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise Failed(f"{command[0]}: {error.strerror}", ENVIRONMENT) from error
        subject = Subject(process, Path(log.name))
        try:
            yield subject
        finally:
            subject.end()


def _stats(session: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each process of a session, with its fields (proc(5)) from the third on."""
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with suppress(OSError):
                fields = (path / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                if int(fields[3]) == session and fields[0] != "Z":
                    yield int(path.name), fields


def _cpu_of(found: tuple[int, Sequence[str]]) -> float:
    """Return the CPU seconds of a process, and of its children that have ended."""
    pid, fields = found
    children = (int(fields[13]) + int(fields[14])) / _TICKS
    try:
        # The clock of another process (clock_getcpuclockid(3)): /proc counts in hundredths.
        return time.clock_gettime((~pid << 3) | 2) + children
    except OSError:
        return (int(fields[11]) + int(fields[12])) / _TICKS + children
