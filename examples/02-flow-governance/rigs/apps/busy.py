"""How many threads of a WSGI server are at work, written to a file each tenth of a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


class Busy:
    """WSGI middleware that counts who is in."""

    def __init__(self, app: Callable[..., Iterable[bytes]], file: Path) -> None:
        self._app, self._file = app, file
        self._lock = threading.Lock()
        self._inside = 0
        threading.Thread(target=self._write, daemon=True).start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve a request."""
        with self._lock:
            self._inside += 1
        try:
            return list(self._app(environ, start_response))
        finally:
            with self._lock:
                self._inside -= 1

    def _write(self) -> None:
        with self._file.open("w", buffering=1) as out:
            while True:
                out.write(f"{time.monotonic():.3f} {self._inside}\n")
                time.sleep(0.1)


def busy_since(file: Path, start: float) -> list[tuple[float, float]]:
    """Return what was written, by seconds from `start` (of the monotonic clock) on."""
    lines = [line.split() for line in file.read_text().splitlines()]
    found = [(float(one[0]) - start, float(one[1])) for one in lines if len(one) == 2]
    return [(when, inside) for when, inside in found if when >= 0]
