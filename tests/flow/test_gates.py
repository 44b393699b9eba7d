"""Gates are made at first use, by whoever comes first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flow.virtual import World, rate

pytestmark = pytest.mark.usefixtures("form")


def test_a_gate_is_found_when_it_has_its_rules():
    """Whoever finds one asks no lock: without its rules it would let everybody pass."""
    world = World(rate(0))
    found: list[bool] = []
    fit = world.gates._fit

    def watched(gate: Any) -> None:
        found.append("f" in world.gates._gates)
        fit(gate)

    world.gates._fit = watched  # type: ignore[method-assign]
    assert world.enter().refused is not None
    assert found == [False]
    assert not world.gates._making
