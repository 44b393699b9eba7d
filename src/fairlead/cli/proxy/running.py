"""An Envoy that runs below us, until it ends or somebody ends us.

The first SIGTERM or SIGINT drains: listeners tell clients to go elsewhere, and Envoy ends when
nobody is connected or the time is up. A second one ends it at once.
"""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fairlead.cli.failure import ENVIRONMENT, OK, Failed

LOOKED_AT = 0.1
"""Seconds between two looks at who is still connected."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_CONNECTED = "/stats?filter=^http\\.[^.]*(?:outbound|inbound|gateway).*downstream_cx_active$"


class Admin(http.client.HTTPConnection):
    """Envoy's admin page, at a socket of this machine."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=5)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, method: str, target: str) -> str:
    """Return what the admin page says; raises OSError where nobody answers."""
    admin = Admin(path)
    try:
        admin.request(method, target)
        return admin.getresponse().read().decode("utf-8", "replace")
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        admin.close()


def connected(path: Path) -> bool:
    """Tell whether somebody is connected to a listener; the admin page is none."""
    text = ask(path, "GET", "/stats?filter=%5Elistener%5C..*downstream_cx_active$")
    lines = [line for line in text.splitlines() if not line.startswith("listener.admin.")]
    return any(line.rpartition(": ")[2] not in ("", "0") for line in lines)


@contextmanager
def heard() -> Iterator[list[int]]:
    """Collect the signals that would end us, in the order they come."""
    came: list[int] = []
    before = {one: signal.signal(one, lambda number, _: came.append(number)) for one in _SIGNALS}
    try:
        yield came
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def place() -> Iterator[Path]:
    """Make a directory that is ours alone, for the configuration and the admin page's socket."""
    with tempfile.TemporaryDirectory(prefix="fairlead-envoy-") as path:
        yield Path(path)


class Running:
    """An Envoy that was started."""

    def __init__(self, program: str, config: Mapping[str, Any], folder: Path, drain: float) -> None:
        """Start `program`; its admin page is at ``admin.sock`` in `folder`."""
        path = folder / "envoy.json"
        path.write_text(json.dumps(config), "utf-8")
        self._admin, self._drain = folder / "admin.sock", drain
        self._until: float | None = None
        command = [
            *(program, "--config-path", str(path), "--disable-hot-restart"),
            *("--log-level", "warning", "--drain-strategy", "immediate"),
            *("--drain-time-s", str(max(1, round(drain)))),
        ]
        try:
            # A group of its own: Ctrl-C is told to us, and we let it drain.
            self._process = subprocess.Popen(command, process_group=0)
        except OSError as error:
            raise Failed(f"{program}: {error.strerror}", ENVIRONMENT) from error

    def wait(self, came: list[int]) -> int:
        """Return the exit status, once it has ended; `came` grows with each signal."""
        while self._rests():
            if came and self._until is None:
                self._until = time.monotonic() + self._drain
                self._begin_to_drain()
            if self._until is not None and (len(came) > 1 or self._is_drained()):
                self._process.terminate()
        code = self._process.returncode
        if code < 0:
            return 128 - code
        return OK if self._until is not None else code

    def _rests(self) -> bool:
        try:
            self._process.wait(LOOKED_AT)
        except subprocess.TimeoutExpired:
            return True
        return False

    def _begin_to_drain(self) -> None:
        try:
            ask(self._admin, "POST", "/drain_listeners?graceful")
        except OSError:
            self._until = 0.0  # it has not begun to listen, or is gone already

    def _is_drained(self) -> bool:
        if time.monotonic() >= (self._until or 0.0):
            return True
        try:
            return not connected(self._admin)
        except OSError:
            return True
