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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fairlead.cli.failure import ENVIRONMENT, OK, Failed
from fairlead.cli.proxy.bound import start

LOOKED_AT = 0.1
"""Seconds between two looks at who is still connected."""
ENDS = (signal.SIGTERM, signal.SIGINT)


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


@contextmanager
def heard(signals: Iterable[signal.Signals] = ENDS) -> Iterator[list[int]]:
    """Collect signals, those that would end us, in the order they come."""
    came: list[int] = []
    before = {one: signal.signal(one, lambda number, _: came.append(number)) for one in signals}
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


class Envoy:
    """An Envoy that was started."""

    def __init__(
        self,
        program: str,
        config: Mapping[str, Any],
        folder: Path,
        drain: float,
        words: Sequence[str] = (),
    ) -> None:
        """Start `program`, with `words` more; its admin page is at ``admin.sock`` in `folder`."""
        path = folder / "envoy.json"
        path.write_text(json.dumps(config), "utf-8")
        self._admin = folder / "admin.sock"
        command = [
            *(program, "--config-path", str(path), "--disable-hot-restart"),
            *("--log-level", "warning", "--drain-strategy", "immediate"),
            *("--drain-time-s", str(max(1, round(drain))), *words),
        ]
        try:
            self.process = start(command)
        except OSError as error:
            raise Failed(f"{program}: {error.strerror}", ENVIRONMENT) from error

    def drain(self, inbound: str = "") -> bool:
        """Have listeners tell clients to go elsewhere; return whether anybody does.

        With `inbound` only those that take calls for an application.
        """
        try:
            ask(self._admin, "POST", f"/drain_listeners?graceful{inbound and '&inboundonly'}")
        except OSError:
            return False  # it has not begun to listen, or is gone already
        return True

    def figures(self, expression: str) -> dict[str, int]:
        """Return counts by name. Raises OSError where nobody answers."""
        text = ask(self._admin, "GET", f"/stats?filter={expression}")
        lines = (line.rpartition(": ") for line in text.splitlines())
        return {name: int(number) for name, _, number in lines if number.isdecimal()}

    def connected(self) -> bool:
        """Tell whether somebody is connected to a listener; the admin page is none."""
        found = self.figures("%5Elistener%5C..*downstream_cx_active$")
        return any(n for name, n in found.items() if not name.startswith("listener.admin."))

    def rests(self, seconds: float = LOOKED_AT) -> bool:
        """Wait a moment; return whether it is still there."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def end(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.terminate()


class Running:
    """An Envoy that is all there is below us."""

    def __init__(self, program: str, config: Mapping[str, Any], folder: Path, drain: float) -> None:
        """Start `program` (see Envoy)."""
        self._envoy, self._drain = Envoy(program, config, folder, drain), drain
        self._until: float | None = None

    def wait(self, came: list[int]) -> int:
        """Return the exit status, once it has ended; `came` grows with each signal."""
        envoy = self._envoy
        while envoy.rests():
            if came and self._until is None:
                self._until = time.monotonic() + self._drain if envoy.drain() else 0.0
            if self._until is not None and (len(came) > 1 or self._is_drained(self._until)):
                envoy.end()
        code = envoy.process.returncode
        return OK if self._until is not None and code >= 0 else shell_status(code)

    def _is_drained(self, until: float) -> bool:
        if time.monotonic() >= until:
            return True
        try:
            return not self._envoy.connected()
        except OSError:
            return True


def shell_status(code: int) -> int:
    """Return the exit status of what ended with `code`, as shells do."""
    return 128 - code if code < 0 else code
