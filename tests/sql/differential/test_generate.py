"""The generator: the same seed makes the same statements, and of every kind."""

from __future__ import annotations

import re

import pytest

from tests.sql.differential.generate import DIALECTS, statements
from tests.sql.differential.schema import SHADOWED

COUNT = 400


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_seed_and_a_number_make_one_statement(dialect):
    """What failed in a run of hours is replayed by itself."""
    many = list(statements(dialect, 7, COUNT))
    assert list(statements(dialect, 7, 1, first=123)) == [many[123]]
    assert len({statement.text for statement in many}) > COUNT * 0.9


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_markers_are_all_that_tells_base_from_shadow(dialect):
    """A name of a table in a literal or a comment, or of something else, is no marker."""
    for statement in statements(dialect, 8, COUNT):
        base, by_hand = statement.base(SHADOWED), statement.by_hand(SHADOWED)
        assert "{orders}" not in base.lower()
        assert re.sub("_gray", "", by_hand) == base


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_statements_are_of_every_kind(dialect):
    """A slip in the grammar would leave out a part of it, and nothing would fail."""
    text = " ".join(statement.text.upper() for statement in statements(dialect, 9, COUNT))
    words = ["INSERT", "UPDATE", "DELETE", "WITH", "RECURSIVE", "UNION", "EXISTS", "OVER", "JOIN"]
    words += {"mysql": ["REPLACE", "DUPLICATE"], "postgres": ["MERGE", "RETURNING", "LATERAL"],
              "sqlite": ["CONFLICT", "RETURNING"]}[dialect]  # fmt: skip
    assert [word for word in words if word not in text] == []
