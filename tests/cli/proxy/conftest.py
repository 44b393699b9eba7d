"""What tests of followers share."""

from __future__ import annotations

from tests.cli.proxy.following import sidecar

__all__ = ["sidecar"]
