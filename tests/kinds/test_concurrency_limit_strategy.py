"""ConcurrencyLimitStrategy: how many requests at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import ConcurrencyLimitStrategy, load_documents
from fairlead.kinds.concurrency_limit_strategy import KIND
from tests.kinds.guards import of
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)

SAMPLE = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: ConcurrencyLimitStrategy
metadata: {name: cc-pay, labels: {app: payment}}
spec: {maxConcurrency: 12, limitMode: Local}
"""


def test_the_specifications_sample_loads_and_equals_the_python_form():
    """Whoever has it applies it unchanged; nobody has to say Local."""
    (loaded,) = load_documents(SAMPLE)
    assert loaded == ConcurrencyLimitStrategy(
        name="cc-pay", labels={"app": "payment"}, max_concurrency=12
    )
    assert KIND.row(loaded.plain, NOW)[1:3] == ["12 at a time", "on"]


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (of("ConcurrencyLimitStrategy", maxConcurrency=...), "spec.maxConcurrency", "required"),
        (
            of("ConcurrencyLimitStrategy", maxConcurrency=-1),
            "spec.maxConcurrency",
            "must be at least 0, got the integer -1",
        ),
        (of("ConcurrencyLimitStrategy", maxConcurrency=1.5), "spec.maxConcurrency", "integer"),
        (of("ConcurrencyLimitStrategy", maxConcurrency="1"), "spec.maxConcurrency", "integer"),
        (of("ConcurrencyLimitStrategy", maxConcurrency=1 << 40), "spec.maxConcurrency", "at most"),
        (
            of("ConcurrencyLimitStrategy", maxConcurrency=float("nan")),
            "spec.maxConcurrency",
            "integer",
        ),
        (of("ConcurrencyLimitStrategy", limitMode="Globl"), "spec.limitMode", "mean Global?"),
        (of("ConcurrencyLimitStrategy", callers=[]), "spec.callers", "at least 1"),
        (of("ConcurrencyLimitStrategy", callers=["a\nb"]), "spec.callers[0]", "control character"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """It decides who waits outside."""
    assert words in said(plain)[path]
