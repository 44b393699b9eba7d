"""The server is killed while clients write (200 times by ``make kill-server``)."""

from __future__ import annotations

import random
from pathlib import Path

from tests.faults.kills import kills


def test_what_was_acknowledged_survives_kills_at_any_moment(tmp_path: Path) -> None:
    """An operator was told that the rule is in; and the server starts every time."""
    outcome = kills(tmp_path / "data", 5, random.Random(7))
    assert outcome.wrong == []
    assert outcome.acknowledged > 0
