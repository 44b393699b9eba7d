"""A watch goes on through restarts of the server (ten minutes by ``make watch-server``)."""

from __future__ import annotations

import random
from pathlib import Path

from tests.faults.watching import watching


def test_get_watch_misses_nothing_when_the_server_is_killed(tmp_path: Path) -> None:
    """Who looks on must not have to look again."""
    writes, problem = watching(tmp_path, 3.0, 2, random.Random(3))
    assert problem == ""
    assert writes > 5
