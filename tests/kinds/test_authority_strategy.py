"""AuthorityStrategy: which apps may call."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import AuthorityStrategy, parse
from fairlead.kinds.authority_strategy import KIND
from tests.kinds.guards import of
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_a_strategy_in_python_equals_one_from_yaml():
    """There is one set of checks."""
    plain = of("AuthorityStrategy", allow=["web", "jobs.shop", "a", "b"])
    assert parse(plain) == AuthorityStrategy(name="x", allow=["web", "jobs.shop", "a", "b"])
    assert KIND.row(plain, NOW)[1:3] == ["allow web,jobs.shop,a,+1", "on"]


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (of("AuthorityStrategy", allow=...), "spec", "needs exactly one of allow, deny; has none"),
        (of("AuthorityStrategy", deny=["b"]), "spec", "has allow and deny"),
        (of("AuthorityStrategy", allow=[]), "spec.allow", "at least 1"),
        (of("AuthorityStrategy", allow=[""]), "spec.allow[0]", "at least 1"),
        (of("AuthorityStrategy", allow=["a"] * 257), "spec.allow", "at most 256"),
        (of("AuthorityStrategy", allow=[1]), "spec.allow[0]", "quote the value"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """It decides who is let in."""
    assert words in said(plain)[path]
