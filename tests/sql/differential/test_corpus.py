"""The corpus, written by hand: what is to run does as by hand, what is to be refused is."""

from __future__ import annotations

import pytest

from tests.sql.differential.corpus import schema, statements
from tests.sql.differential.pairs import Pairs

LEAST = 300
"""Statements of each dialect, those not counted that need another server."""
MOST_REFUSED = 0.05
"""Share of statements that may be refused although they were not meant to be."""

pytestmark = [
    pytest.mark.parametrize("dialect", ["mysql", "postgres", "sqlite"]),
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="session")
def tried():
    """What was already tried, by dialect: the whole corpus once is enough."""
    return {}


@pytest.fixture
def outcomes(pairs: Pairs, dialect, tried):
    """The tally of the corpus, and each statement with what the agent made of it."""
    if dialect not in tried:
        with pairs.harness(dialect, schema(dialect), whole=True, every=10) as harness:
            found = [(one, harness.try_statement(one)) for one in statements(dialect)]
        tried[dialect] = harness.tally, found
    return tried[dialect]


def test_a_statement_does_on_the_lane_what_it_does_by_hand(outcomes, dialect):
    """Base traffic too: it is what it was."""
    tally, found = outcomes
    assert list(map(str, tally.findings)) == []
    assert len(found) >= LEAST


def test_what_cannot_be_proved_is_refused(outcomes, dialect):
    """Each of these reads or writes base, or may."""
    _, found = outcomes
    ran = [one.place for one, outcome in found if one.refused and not outcome.cause]
    assert ran == []


def test_hardly_anything_else_is_refused(outcomes, dialect):
    """A lane on which ordinary statements are refused is of no use."""
    _, found = outcomes
    ordinary = [(one, outcome) for one, outcome in found if not one.refused]
    refused = [f"{one.place}: {out.cause}: {out.reason}" for one, out in ordinary if out.cause]
    assert len(refused) <= len(ordinary) * MOST_REFUSED, "\n".join(refused)
    assert all(out.reason for _, out in found if out.cause)
