"""mysqlclient: one connection on several lanes."""

from __future__ import annotations

from tests.instruments.mysql.sessions import *  # noqa: F403
