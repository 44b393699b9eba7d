"""ConcurrencyLimit: at most so many requests at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import ConcurrencyLimit, parse
from fairlead.kinds.concurrency_limit import KIND
from tests.kinds.objects import said
from tests.kinds.policies import policy

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize("config", [{}, {"max_concurrency": "64", "maxConcurrency": ...}])
def test_a_policy_in_python_equals_one_from_yaml(config):
    """In either spelling of the field."""
    plain = policy("ConcurrencyLimit", config)
    assert parse(plain) == ConcurrencyLimit(name="x", max_concurrency=64)
    assert KIND.row(plain, NOW)[3] == "64"


def test_what_nobody_said_is_not_zero():
    """A message of protobuf without the field would close every route."""
    plain = policy("ConcurrencyLimit", {"maxConcurrency": ...})
    assert said(plain) == {"spec.config.maxConcurrency": "required"}
    del plain["spec"]["config"]
    assert said(plain) == {"spec.config": "required"}
