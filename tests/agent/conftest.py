"""Fixtures of processes with an agent."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.agent.guarding import guarded
from tests.agent.program import FAILED, launch, wire

__all__ = ["guarded", "launch", "wire"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know that the test failed, before they end."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report
