"""Gates are made at first use, by whoever comes first."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.flow.patterns import Patterns
from tests.flow.virtual import World, flow, rate

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


ROUTES = ("/a", "/a/b", "/a%20{id}")


@pytest.mark.parametrize("route", ROUTES)
def test_methods_that_nobody_names_share_a_gate_and_are_checked(route):
    """Ten thousand invented ones would be as many gates, each with a limit of its own."""
    every = rate(2, resource=".*", regex=True)
    world = World(
        every,
        rate(3, resource=route, strategy="route"),
        rate(1, resource="(PROPFIND|LOCK):/.*", regex=True, strategy="dav"),
        rate(0, resource=f"M-SEARCH:{route}", strategy="exact"),
        rate(1, resource="[A-Z]{3}:/.*", regex=True, strategy="three"),
    )
    made_up = [f"{number:X}".translate(LETTERS) for number in range(4096, 14_096)]
    found = {world.gates.unusual(method, route) for method in made_up}
    assert [gate.resource for gate in found] == [f"OTHER:{route}"]
    assert world.gates.unusual("ABC", route).resource == f"OTHERA:{route}"
    own = [world.gates.unusual(method, route) for method in ("PROPFIND", "LOCK", "M-SEARCH")]
    assert [gate.resource for gate in own] == [
        f"{method}:{route}" for method in ("PROPFIND", "LOCK", "M-SEARCH")
    ]
    passes = [world.passes(gate.resource, times=2) for gate in (*own, found.pop())]
    assert passes == [1, 1, 0, 1]
    world.gates.apply(flow(every))
    assert world.gates.unusual("ABC", route).resource == f"OTHER:{route}"
    world.gates.apply(flow(rate(0, resource=route)))
    assert world.gates.unusual("ABC", route).resource == route


LETTERS = str.maketrans("0123456789", "GHIJKLMNOP")


@pytest.mark.parametrize("route", ["", "*", "a"])
def test_what_is_no_route_has_a_shared_gate_as_well(route):
    """Whatever a framework calls its routes."""
    world = World(rate(1, resource=".*", regex=True))
    gates = {world.gates.unusual(f"X{number}", route) for number in range(3)}
    assert len(gates) == 1


def test_patterns_are_held_against_names_while_nobody_waits():
    """A thousand patterns and a thousand new names would hold up every call of the process."""
    world = World()
    lock = world.gates._core.lock
    held: list[tuple[str, bool]] = []

    def matching(self: Patterns, name: str) -> tuple[Any, ...]:
        held.append((name, lock._is_owned()))  # type: ignore[attr-defined]
        return original(self, name)

    original = Patterns.matching
    every: dict[str, Any] = {"regex": True, "resource": ".*", "strategy": "p"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Patterns, "matching", matching)
        world.gates.apply(flow(rate(9, **every), rate(9, resource="/a"), rate(9, related="g")))
        assert world.passes("GET:/a", times=10) == 9
        world.passes("f")
        world.gates.unusual("X", "/a")
        world.gates.apply(flow(rate(8, **every), rate(9, resource="/a")))
        assert world.passes("GET:/b", times=9) == 8
    assert {name for name, _ in held} >= {"GET:/a", "/a", "GET:/b", "f", "g", "X:/a"}
    assert not [name for name, owned in held if owned]


def test_rules_that_come_while_a_name_is_matched_are_the_ones_that_hold():
    """What was found by patterns of before is not what is in force."""
    world = World(rate(9, resource="f", regex=True))
    original = Patterns.matching

    def matching(self: Patterns, name: str) -> tuple[Any, ...]:
        found = original(self, name)
        patch.undo()
        world.gates.apply(flow(rate(0, resource="f|g", regex=True)))
        return found

    patch = pytest.MonkeyPatch()
    patch.setattr(Patterns, "matching", matching)
    assert world.passes("f") == 0
