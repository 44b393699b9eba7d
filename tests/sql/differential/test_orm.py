"""What SQLAlchemy and Django emit does on a lane what it does with models of the shadows."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.sql.differential.orm.recording import record
from tests.sql.differential.pairs import Pairs
from tests.sql.differential.schema import script

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("library", ["sqlalchemy", "django"])
@pytest.mark.parametrize("dialect", ["mysql", "postgres", "sqlite"])
def test_what_a_library_emits_does_on_the_lane_what_it_does_by_hand(pairs: Pairs, dialect, library):
    """Most applications write no SQL of their own: none of this may be refused."""
    work = import_module(f"tests.sql.differential.orm.{library}_work")
    _, copy = pairs.pair(dialect, script(dialect))
    pieces = record(copy, work.work)
    with pairs.harness(dialect, script(dialect)) as harness:
        work.prepare(harness.agent)
        work.prepare(harness.hand)
        harness.follow(pieces)
    tally = harness.tally
    refusals = [f"{out.cause}: {out.reason}: {one.text}" for one, out in tally.refusals]
    assert list(map(str, tally.findings)) == []
    assert refusals == []
    assert tally.statements > 150
    assert tally.errors < 12
