"""A program with the Go runtime linked in as a module, and processes of it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

import httpx

from tests.faults.servers import Process, plain_environment, until
from tests.golang.asking import RUNTIME

SOURCES = Path(__file__).parent / "programs" / "wired"


def build(go: Path, folder: Path, *flags: str) -> Path:
    """Return the program of `programs/wired`, built by the toolchain in `go`."""
    source, program = folder / "source", folder / "wired"
    source.mkdir()
    for path in SOURCES.glob("*.go"):
        (source / path.name).write_bytes(path.read_bytes())
    (source / "go.mod").write_text(
        "module wired\n\ngo 1.21\n\nrequire fairlead/runtime v0.0.0\n\n"
        f"replace fairlead/runtime => {RUNTIME}\n"
    )
    subprocess.run(
        [go / "bin" / "go", "build", *flags, "-o", program, "."],
        cwd=source,
        env={**os.environ, "GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local"},
        check=True,
        timeout=600,
    )
    return program


class Wired:
    """One process of the program."""

    def __init__(self, program: Path, log: Path, *args: str, listen: str, **env: str) -> None:
        state = str(log.parent / "state")
        settings = {"FAIRLEAD_STATE": state, "LISTEN": listen, **env}
        self.process = Process([str(program), *args], log, plain_environment(**settings))

        def listens() -> str | None:
            lines = self.process.text().splitlines()
            found = next((line for line in lines if re.fullmatch(r"\S+:\d+", line)), None)
            assert found or self.process.popen.poll() is None, self.process.text()
            return found

        self.address = str(until(listens, "the program"))
        self.port = int(self.address.rpartition(":")[2])

    def get(self, path: str = "/", **headers: str) -> str:
        """Return what it answers."""
        found = httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, trust_env=False)
        return found.text

    def said(self) -> list[str]:
        """Return what the agent said."""
        lines = self.process.text().splitlines()
        return [line for line in lines if line.startswith("fairlead: ")]


def begun(caller: socket.socket) -> None:
    """Wait until a request is served: its answer has begun."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = caller.recv(1)
        assert piece, answer
        answer += piece


class Wires:
    """Starts programs of one test and stops them."""

    def __init__(self, program: Path, work: Path) -> None:
        self._program, self._work = program, work
        self._running: list[Wired] = []

    def start(self, name: str, *args: str, listen: str = "127.0.0.1:0", **env: str) -> Wired:
        """Start one; its log is called `name`."""
        log = self._work / f"{name}.log"
        log.unlink(missing_ok=True)
        one = Wired(self._program, log, *args, listen=listen, **env)
        self._running.append(one)
        return one

    def stop(self) -> None:
        """Stop all."""
        for one in self._running:
            one.process.kill()
        for one in self._running:
            assert "DATA RACE" not in one.process.text(), one.process.text()
            assert "panic" not in one.process.text(), one.process.text()
