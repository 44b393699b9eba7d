"""A watch goes on through kills of the server (ten minutes by ``make watch-server``)."""

from __future__ import annotations

import random
from pathlib import Path

from tests.faults.watching import watching

BUILD = Path(__file__).resolve().parents[2] / "build" / "informer"


def test_a_watch_misses_nothing_when_the_server_is_killed(tmp_path: Path) -> None:
    """Who looks on must not have to look again; kubectl goes on at its last resourceVersion."""
    names = ["fairlead", "kubectl"]
    if list(BUILD.glob("*/informer")):
        names.append("informer")  # minutes to build: not by a test
    writes, problems = watching(tmp_path, 3.0, 2, random.Random(3), names)
    assert problems == dict.fromkeys(names, "")
    assert writes > 5
