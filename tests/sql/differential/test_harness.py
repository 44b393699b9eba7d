"""The harness itself: it is silent where nothing is wrong, and is not where something is."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tests.sql.differential.generate import statements
from tests.sql.differential.harness import Harness
from tests.sql.differential.pairs import Pairs
from tests.sql.differential.schema import script
from tests.sql.differential.shrink import shrunk
from tests.sql.differential.statement import Statement

pytestmark = pytest.mark.parametrize("dialect", ["mysql", "postgres", "sqlite"])


@pytest.fixture
def unhooked(pairs: Pairs, dialect):
    """An agent that does nothing: every statement of the lane goes to base."""
    harness = Harness(*pairs.pair(dialect, script(dialect)), lambda lane: nullcontext())
    yield harness
    harness.close()


def test_by_hand_against_by_hand_nothing_differs(pairs: Pairs, dialect):
    """What the server decides anew each time, or the copies do not share, would be an alarm."""
    harness = Harness(*pairs.pair(dialect, script(dialect)))
    for statement in statements(dialect, 3, 200):
        harness.try_statement(statement)
    harness.close()
    assert list(map(str, harness.tally.findings)) == []
    assert harness.tally.errors < 40
    assert harness.tally.telling > 60


def test_what_stays_on_base_is_found(unhooked: Harness, dialect):
    """The one thing that all this is for."""
    for text in ("UPDATE {orders} SET note = 'x'", "SELECT COUNT(*), MAX(note) FROM {orders}"):
        unhooked.try_statement(Statement(text=text))
    kinds = [finding.kind for finding in unhooked.tally.findings]
    assert "leak" in kinds
    assert kinds[-1] == "result"


def test_a_wrong_oracle_is_found_too(unhooked: Harness, dialect):
    """Who forgets a marker compares base with base."""
    unhooked.try_statement(Statement(text="UPDATE orders SET note = 'x'"))
    assert "oracle" in [finding.kind for finding in unhooked.tally.findings]


def test_a_finding_is_made_short(unhooked: Harness, dialect):
    """Nobody looks for the fault in sixty lines of noise."""
    text = (
        "SELECT o.id, (SELECT MAX(i.sku) FROM {items} AS i WHERE i.order_id = 5) FROM {orders} AS o"
        " WHERE o.id > 2 AND o.note IS NOT NULL AND EXISTS (SELECT 1 FROM countries)"
    )
    found = unhooked.probe(Statement(text=text))
    assert found
    short = shrunk(Statement(text=text), lambda one: unhooked.probe(one) == found)
    assert len(short.text) < 45
