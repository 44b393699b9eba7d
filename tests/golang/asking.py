"""The Go runtime as a binary that is asked what the Python agent is asked, line by line."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from threading import Lock
from typing import Any

RUNTIME = Path(__file__).resolve().parents[2] / "src" / "fairlead" / "golang" / "runtime"
TOOLCHAINS = [Path(one) for one in os.environ.get("GO_TOOLCHAINS", "").split()]
FEW = [Path(one) for one in os.environ.get("GO_FEW", "").split()]
"""Those that `make test` tries hooks of the standard library with: the oldest and the newest."""


class Refused(Exception):
    """What the Go runtime says is wrong with a question."""


class Runtime:
    """The tests of the runtime, built to answer questions."""

    def __init__(self, go: Path, folder: Path) -> None:
        """Build it in `folder` by the toolchain in `go`."""
        self._start(self._built(go, folder))

    @classmethod
    def of(cls, program: Path) -> Runtime:
        """Ask what was built before."""
        found = cls.__new__(cls)
        found._start(program)
        return found

    def _built(self, go: Path, folder: Path) -> Path:
        program = folder / "runtime.test"
        subprocess.run(
            [go / "bin" / "go", "test", "-c", "-o", program, "."],
            cwd=RUNTIME,
            env={**os.environ, "GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local"},
            check=True,
            timeout=600,
        )
        return program

    def _start(self, program: Path) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([program, "-asked"], stdin=pipe, stdout=pipe)
        self._asking = Lock()

    def ask(self, kind: str, **question: Any) -> Any:
        """Return the answer; raises Refused."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"Kind": kind, **question}) + "\n"
        with self._asking:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
        if isinstance(answer, dict) and "error" in answer:
            raise Refused(answer["error"])
        return answer

    def close(self) -> None:
        """End it."""
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()
