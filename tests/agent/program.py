"""Real Python processes with the agent in them, as `fairlead run` would start them."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.agent.wire import PATIENCE, WireServer, until

SERVE = """
import fairlead, os, socket, sys
agent = fairlead.current()
server = socket.create_server(("127.0.0.1", 0))
agent.serving("test", lambda: [server])
print(server.getsockname()[1], flush=True)
"""
"""Serve on a port that is printed."""

CHILD = """
import subprocess, sys
CODE = r'''{code}'''
"""
"""A program that has another in ``CODE``, to be run as a child."""


def parent_of(code: str, then: str) -> str:
    """Return a program that runs `then`, in which ``CODE`` is the program `code`."""
    return CHILD.format(code=code) + textwrap.dedent(then)


FAILED = pytest.StashKey[bool]()
"""Of a test: it has failed, and its programs may say why."""

STAY = """
import sys
sys.stdin.read()
"""
"""Live until standard input ends."""


class Program:
    """A process, its lines, and a way to end it."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.pid = self.process.pid
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def line(self) -> str:
        """Return the next line of standard output, ``""`` at its end."""
        return self._lines.get(timeout=PATIENCE)

    def say(self, text: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def end(self, number: int | None = None) -> int:
        """Close its standard input, or send a signal; return its exit status."""
        if number is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
        else:
            self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Return the exit status."""
        return self.process.wait(PATIENCE)

    @property
    def errors(self) -> str:
        """Everything on standard error, once it has ended."""
        self._readers[1].join(PATIENCE)
        return "".join(self._errors)

    def explain(self) -> str:
        """Return what it wrote to standard error, and where it is if it still runs: it ends."""
        status = self.process.poll()
        if status is None:
            os.killpg(self.pid, signal.SIGABRT)
            status = self.process.wait(PATIENCE)
        self._readers[1].join(1.0)
        return f"{self.process.args!r}: status {status}\n{''.join(self._errors)}"

    def close(self) -> None:
        """Kill and reap it, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        with suppress(ProcessLookupError):
            # Children that are left hold its output open, which the readers wait for.
            os.killpg(self.pid, signal.SIGKILL)
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        for reader in self._readers:
            reader.join(5.0)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put("")

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._errors.append(line)


class Launcher:
    """Starts programs against one control plane and one state directory."""

    def __init__(self, folder: Path, wire: WireServer) -> None:
        self.folder = folder
        self.wire = wire
        self._programs: list[Program] = []
        self._descendants: list[int] = []

    def environ(self, **variables: str | None) -> dict[str, str]:
        """Return what `fairlead run --app shop` would pass on."""
        values: dict[str, str | None] = {
            **os.environ,
            "PYTHONFAULTHANDLER": "1",
            "FAIRLEAD_ENABLED": "1",
            "FAIRLEAD_APP": "shop",
            "FAIRLEAD_CONTROL": self.wire.url,
            "FAIRLEAD_STATE": str(self.folder / "state"),
            "HOME": str(self.folder),
            # Unbuffered, print() writes its words one by one, and those of two processes mix.
            "PYTHONUNBUFFERED": None,
            **variables,
        }
        return {name: value for name, value in values.items() if value is not None}

    def __call__(
        self, code: str, *flags: str, script: bool = False, **variables: str | None
    ) -> Program:
        """Run `code`, from a file if it is a `script`, with `flags` of the interpreter."""
        body = textwrap.dedent(code)
        source = ["-c", body]
        if script:
            path = self.folder / f"program{len(self._programs)}.py"
            path.write_text(body)
            source = [str(path)]
        return self.command([sys.executable, *flags, *source], **variables)

    def command(self, command: list[str], **variables: str | None) -> Program:
        """Run any command."""
        program = Program(command, self.environ(**variables))
        self._programs.append(program)
        return program

    def reap_later(self, pid: int) -> None:
        """Kill a descendant at the end: it is nobody's child by then."""
        self._descendants.append(pid)

    def explain(self) -> None:
        """Say what became of every program, of a test that failed."""
        for program in self._programs:
            sys.stderr.write(program.explain())

    def close(self) -> None:
        """End everything that was started."""
        for pid in self._descendants:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for program in self._programs:
            program.close()


@pytest.fixture
def wire() -> Iterator[WireServer]:
    with WireServer() as server:
        yield server


@pytest.fixture
def launch(tmp_path: Path, wire: WireServer, request: pytest.FixtureRequest) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path, wire)
    yield launcher
    if request.node.stash.get(FAILED, False):
        launcher.explain()
    launcher.close()


def registered(wire: WireServer, port: str) -> bool:
    """Whether an instance of app ``shop`` is registered at `port` of the loopback."""
    return ("shop", f"127.0.0.1:{port}") in wire.addresses


def await_registered(wire: WireServer, port: str) -> None:
    """Wait until an instance is registered at `port`."""
    until(lambda: registered(wire, port))
