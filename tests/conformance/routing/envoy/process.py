"""A real Envoy, and the ports it listens on."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

PATIENCE = 60.0


class Envoy:
    """Runs a configuration. Raises RuntimeError, with what Envoy says, where it is refused."""

    def __init__(self, program: str, config: dict[str, Any], folder: Path) -> None:
        self._admin, self._log = folder / "admin", folder / "log"
        path = folder / "envoy.json"
        path.write_text(json.dumps(config))
        self._command = [
            *(program, "--config-path", str(path), "--admin-address-path", str(self._admin)),
            *("--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"),
            *("--log-path", str(self._log)),
        ]
        self.ports: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)
        try:
            self._wait()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._end()

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"Envoy refuses the tables: {self._log.read_text()}")
            if self._admin.exists() and self._ready():
                return
            time.sleep(0.02)
        raise RuntimeError(f"Envoy is not ready: {self._log.read_text()}")

    @property
    def admin(self) -> str:
        """URL of its administration."""
        return f"http://{self._admin.read_text()}"

    def _ready(self) -> bool:
        url = self.admin
        try:
            if not httpx.get(f"{url}/ready", trust_env=False).is_success:
                return False
            listeners = httpx.get(f"{url}/listeners?format=json", trust_env=False).json()
        except (httpx.TransportError, httpx.InvalidURL):
            return False
        self.ports = {
            each["name"]: each["local_address"]["socket_address"]["port_value"]
            for each in listeners.get("listener_statuses", ())
        }
        return True

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
