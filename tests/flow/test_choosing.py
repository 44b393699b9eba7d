"""A route is found as if each were asked in turn; how many there are does not matter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fairlead.flow.choosing import FEW, Choosing
from fairlead.policy.match import Condition, compile_all


class Seen:
    """A call."""

    def __init__(self, path: str = "/", method: str = "GET", **headers: str) -> None:
        self._path, self._method, self._headers = path, method, headers
        self.asked = 0

    def header(self, name: str) -> str | None:
        self.asked += 1
        return self._headers.get(name)

    def query(self, name: str) -> str | None:
        return self._headers.get(name)

    def cookie(self, name: str) -> str | None:
        return self._headers.get(name)

    def path(self) -> str:
        return self._path

    def method(self) -> str:
        return self._method

    def source_ip(self) -> None:
        """Nothing."""

    def trace(self) -> None:
        """Nothing."""


def header(name: str, *values: str, operator: str = "==") -> Condition:
    return Condition(source="header", key=name, operator=operator, values=values)


def test_a_part_is_asked_for_once_however_many_routes_there_are():
    routes = [((header("x", f"{number}"),),) for number in range(100)]
    choosing, seen = Choosing([*routes, ()]), Seen(x="70")

    assert choosing.first(seen, lambda: 0.0) == 70
    assert seen.asked == 2
    assert choosing.first(Seen(x="no"), lambda: 0.0) == 100
    assert choosing.first(None, lambda: 0.0) == 100
    assert Choosing(routes).first(Seen(), lambda: 0.0) == -1


TEXTS = some.sampled_from(["a", "b", "/a", "GET", "POST"])
CONDITIONS = some.one_of(
    some.builds(
        Condition,
        source=some.sampled_from(["header", "query", "cookie"]),
        key=some.sampled_from(["x", "X", "y"]),
        operator=some.sampled_from(["==", "!=", "prefix"]),
        values=some.tuples(TEXTS),
    ),
    some.builds(
        Condition,
        source=some.sampled_from(["path", "method"]),
        operator=some.sampled_from(["==", "in", "not-in"]),
        values=some.tuples(TEXTS),
    ),
    some.builds(
        Condition, source=some.just("header"), key=some.just("y"), operator=some.just("exists")
    ),
)
ROUTES = some.lists(
    some.lists(some.lists(CONDITIONS, max_size=2).map(tuple), max_size=2).map(tuple),
    min_size=FEW - 1,
    max_size=12,
)
CALLS = some.builds(Seen, path=TEXTS, method=TEXTS, x=TEXTS, y=some.sampled_from(["a", "b"]))


@given(routes=ROUTES, seen=CALLS)
def test_the_first_that_matches_is_found_as_if_each_were_asked(routes: Any, seen: Any):
    def plain() -> int:
        for place, matches in enumerate(routes):
            if not matches or any(compile_all(one)(seen, lambda: 0.5) for one in matches):
                return place
        return -1

    assert Choosing(routes).first(seen, lambda: 0.5) == plain()


@pytest.mark.parametrize("operator", ["==", "in"])
def test_every_text_that_is_wanted_leads_to_the_route(operator):
    values = ("a",) if operator == "==" else ("a", "b")
    routes = [((header("x", *values, operator=operator),),), *[((header("x", "z"),),)] * FEW]
    choosing = Choosing(routes)
    assert [choosing.first(Seen(x=one), lambda: 0.0) for one in values] == [0] * len(values)
