"""Generated statements do on a lane what they do by hand on the shadows, and leave base alone."""

from __future__ import annotations

import pytest

from tests.sql.differential.generate import statements
from tests.sql.differential.pairs import Pairs
from tests.sql.differential.schema import script
from tests.whole import few

SEED = 1
PARTS, EACH = 8, 250
"""2,000 statements for each dialect, in parts that each end well within a test's time.

`make fuzz-sql` begins with the same, and tries 50,000.
"""
MOST_REFUSED = 0.12
"""Share of them: aliases that are called as tables are, and faulty statements, are among them."""


@pytest.mark.parametrize("part", few(range(PARTS), 0, 1))
@pytest.mark.parametrize("dialect", ["mysql", "postgres", "sqlite"])
def test_a_generated_statement_does_on_the_lane_what_it_does_by_hand(pairs: Pairs, dialect, part):
    """No row of base is touched, no result differs; what is not sure is refused."""
    with pairs.harness(dialect, script(dialect)) as harness:
        for statement in statements(dialect, SEED, EACH, first=part * EACH):
            harness.try_statement(statement)
    tally = harness.tally
    assert list(map(str, tally.findings)) == []
    assert all(outcome.reason for _, outcome in tally.refusals)
    # Or there would be little that could have differed.
    assert tally.refused.total() < EACH * MOST_REFUSED
    assert tally.telling > EACH * 0.25
