"""PyMySQL on lanes with shadow tables."""

from __future__ import annotations

from tests.instruments.mysql.behaviour import *  # noqa: F403
