"""Connector/Python: what an application sees."""

from __future__ import annotations

from tests.instruments.mysql.sight import *  # noqa: F403
