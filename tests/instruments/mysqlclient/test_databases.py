"""mysqlclient on lanes with shadow databases."""

from __future__ import annotations

from tests.instruments.mysql.elsewhere import *  # noqa: F403
