"""Which gate a request enters at its route, however its method is written."""

from __future__ import annotations

import pytest

from fairlead.instruments import limiting
from fairlead.instruments.limiting import Turnstile
from tests.instruments.gates import enforce, rate
from tests.instruments.plane import Plane


def passing(plane: Plane, *methods: str, path: str = "/a") -> list[int]:
    """Return 1 for each request that passes, else 0."""
    turnstile = Turnstile(plane, "test")
    entries = [turnstile.enter(turnstile.gate(method, path), None, None) for method in methods]
    return [int(entry.refused is None) for entry in entries]


def test_a_rule_for_a_path_counts_every_method_and_one_for_a_method_counts_that() -> None:
    """Contract 22. HEAD is GET without the body: it must be no way around."""
    plane = Plane()
    enforce(plane, rate("/a", 2), rate("GET:/b", 1))
    assert passing(plane, "GET", "POST", "PUT") == [1, 1, 0]
    assert passing(plane, "POST", "HEAD", "GET", "POST", path="/b") == [1, 1, 0, 1]


def test_a_method_is_the_same_in_small_letters() -> None:
    """Some frameworks run GET for ``get``: it must be no way around."""
    plane = Plane()
    enforce(plane, rate("GET:/a", 1))
    assert passing(plane, "get", "Get", "head") == [1, 0, 0]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("X1", "/a", "/a"),
        ("PURGE", "/b", "PURGE:/b"),
        ("X1", "/b", "/b"),
        ("PATCH", "/a", "PATCH:/a"),
        ("get", "/shops/<int:shop>/{id:path}", "GET:/shops/{shop}/{id}"),
    ],
)
def test_a_method_that_somebody_made_up_is_limited_and_named_by_nobody(
    method: str, path: str, name: str
) -> None:
    """A thousand of them would fill the counters and the gates, and hide what else happens."""
    plane = Plane()
    enforce(plane, rate("/a", 0), rate("PURGE:/b", 0))
    turnstile = Turnstile(plane, "test")
    gate = turnstile.gate(method, path)
    assert gate.resource == name
    assert turnstile.gate(method, path) is gate is plane.engine.gates.gate(name)


def test_a_gate_is_found_once_for_each_route_and_stays_when_rules_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A request builds no names; and a turnstile keeps no more than it says."""
    monkeypatch.setattr(limiting, "MOST_KNOWN", 3)
    plane = Plane()
    turnstile = Turnstile(plane, "test")
    first = turnstile.gate("GET", "/a")
    enforce(plane, rate("/a", 0))
    assert turnstile.gate("GET", "/a") is first
    for number in range(10):
        turnstile.gate("GET", f"/{number}")
        turnstile.gate(f"X{number}", "/a")
    assert len(turnstile.known) <= 3
    assert turnstile.gate("GET", "/a") is first
    assert turnstile.enter(first, None, None).refused is not None
