"""Somebody looks whether workers still count together, once they do, and nobody before."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from fairlead.agent import sharing
from fairlead.agent.sharing import Tender
from tests.agent.wire import until
from tests.flow.virtual import World, close_arenas, flow, pool, rate


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(sharing, "EVERY", 0.01)
    yield
    close_arenas()


class Looking:
    """Gates of one worker, and who looks after them."""

    def __init__(self, folder: Path) -> None:
        self.faults: list[str] = []
        self.world = World(pool=pool(folder))
        self.gates = self.world.gates
        self.tender = Tender(
            self.gates, lambda where, error: self.faults.append(f"{where} {error}")
        )


def test_a_file_that_was_taken_away_is_replaced_within_a_look(tmp_path):
    """The last log-out of a user does that, while services of the same user go on."""
    before = threading.active_count()
    looking = Looking(tmp_path)
    looking.tender.look()
    assert threading.active_count() == before
    looking.gates.apply(flow(rate(2)))
    looking.world.passes()
    (path,) = tmp_path.iterdir()
    try:
        path.unlink()
        until(path.exists)
    finally:
        looking.tender.stop()
    assert looking.faults == []


def test_a_fork_is_looked_after_where_its_parent_shared(tmp_path):
    """Its parent's thread is not in it, and nobody needs a new cell perhaps."""
    parent = Looking(tmp_path)
    parent.gates.apply(flow(rate(2)))
    parent.world.passes()
    parent.tender.abandon()
    looks: list[str] = []
    parent.gates.tend = lambda: looks.append("looked")  # type: ignore[method-assign]
    tender = Tender(parent.gates, print)
    try:
        tender.look()
        until(lambda: len(looks) > 1)
    finally:
        tender.stop()


def test_a_fault_of_ours_ends_it_and_is_told(tmp_path):
    """The application goes on, with what was shared so far."""
    looking = Looking(tmp_path)

    def broken() -> None:
        raise RuntimeError("no more")

    looking.gates.tend = broken  # type: ignore[method-assign]
    looking.gates.apply(flow(rate(2)))
    looking.world.passes()
    until(lambda: looking.faults == ["sharing no more"])
