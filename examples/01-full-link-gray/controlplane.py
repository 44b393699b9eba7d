"""The few questions the demo asks the control plane's API."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

# Proxies are for the outside.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ControlPlane:
    """A control plane at a URL, asked over its REST API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with _OPENER.open(f"{self.url}/readyz", timeout=10):
                return True
        except OSError:
            return False

    def instances(self) -> list[dict[str, Any]]:
        """Return every live instance as the API lists it."""
        raise NotImplementedError

    def address(self, app: str, lane: str) -> str | None:
        """Return the address of an instance of `app` on `lane`, or None."""
        for instance in self.instances():
            if instance["app"] == app and instance["lane"] == lane:
                return str(instance["address"])
        return None

    def registered(self, app: str, lane: str) -> bool:
        """Whether an instance of `app` is live on `lane`."""
        return self.address(app, lane) is not None

    def losers(self) -> dict[str, str]:
        """Return the rules that lose to another where a request matches both, and their word."""
        raise NotImplementedError

    def settled(self) -> bool:
        """Whether every connected process has acknowledged the snapshot compiled for it."""
        raise NotImplementedError

    def _get(self, path: str) -> Any:
        with _OPENER.open(self.url + path, timeout=10) as response:
            return json.loads(response.read() or b"null")
