"""What every test needs: an environment that says nothing about fairlead, and no haste."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.databases.servers", "tests.forms"]

BUILD = Path(__file__).resolve().parents[1] / "build"
LONGEST = ("e2e", "packaging", "faults", "control", "agent")
"""Folders whose tests start servers: whole files are dealt out, and a long one must not be last."""

# A developer's own agent, or one left over in a shell, must not govern the tests.
for name in [name for name in os.environ if name.startswith("FAIRLEAD_")]:
    del os.environ[name]

# What is left for the collector ends before a fork: in a child the threads are missing that some of
# it waits for, as a queue of grpc.aio does for good.
os.register_at_fork(before=gc.collect)

# Examples that failed are kept, out of sight. A busy machine is slow, not wrong: no deadline.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(BUILD / "hypothesis"))
settings.register_profile("fairlead", deadline=None)
settings.load_profile("fairlead")


def pytest_collection_finish() -> None:
    """Let the collector pass over all that stays: the tests are a million objects."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files first that take longest; the order of their tests stays."""
    here = Path(__file__).parent
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(here).parts[0], len(places)))
