"""A program that is told calls a line at a time, and says what came of each."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE = 60.0
"""Seconds: some need time to start, and each call has an end of its own."""


class Child:
    """The program. Raises AssertionError, with what it complains of, where it does not answer."""

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command, self._log = list(command), log
        self._environment = {**os.environ, **(environment or {})}

    def __enter__(self) -> Self:
        with self._log.open("w") as errors:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=self._environment,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, told: Mapping[str, Any]) -> Any:
        """Tell it a call; return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        waiting = select.poll()  # select knows 1,024 files; all data planes have more connections
        waiting.register(self._process.stdout, select.POLLIN)
        ready = waiting.poll(1000 * PATIENCE)
        line = self._process.stdout.readline() if ready else ""
        assert line, f"{self._command[0]}: no answer; {self._log.read_text()[-2000:]}"
        return json.loads(line)
