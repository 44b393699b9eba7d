"""What rules name in vain is told cheaply, and only where all that there is is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fairlead.instruments.interfaces import (
    MOST_APPLICATIONS,
    MOST_DATABASES,
    MOST_MEANT,
    Interfaces,
    Routes,
)
from fairlead.policy.limit import RateLimit, Window

WINDOW = Window(threshold=1, window_ms=1)


class Application:
    """Something that routes are asked of."""


def routes(*paths: tuple[str, Iterable[str] | None]) -> Routes:
    return lambda _: paths


def limits(*resources: str) -> list[RateLimit]:
    return [
        RateLimit(
            rule="r", strategy="s", resource=resource, windows=(Window(threshold=1, window_ms=1),)
        )
        for resource in resources
    ]


def test_a_resource_that_is_meant_is_looked_for_once_and_among_few():
    """Comparing every name with every other took minutes, and the lease ran out meanwhile."""
    interfaces, application = Interfaces(), Application()
    paths = [(f"/api/v1/things{n}/{{id}}/parts", ("GET", "HEAD", "POST")) for n in range(1000)]
    interfaces.note(application, routes(*paths))
    named = limits(*(f"GET:/api/v1/thing{n}/{{id}}/parts" for n in range(64)))
    told = interfaces.unmatched(named)
    assert told is not None
    assert len(told) == 64
    assert 0 < sum(bool(meant) for meant in told.values()) <= MOST_MEANT
    assert interfaces.unmatched(named) is told
    near = interfaces.unmatched(limits("GET:/api/v1/things77/{id}/part", "POST:/pi/v1/things9/x"))
    assert near == {
        "GET:/api/v1/things77/{id}/part": "GET:/api/v1/things77/{id}/parts",
        "POST:/pi/v1/things9/x": "POST:/api/v1/things9/{id}/parts",
    }


def test_applications_that_are_gone_make_room_for_new_ones():
    """An app factory makes one for every tenant, or for every test."""
    interfaces = Interfaces()
    for _ in range(MOST_APPLICATIONS + 5):
        interfaces.note(Application(), routes(("/gone", ())))
    kept = Application()
    interfaces.note(kept, routes(("/here", ())))
    assert interfaces.unmatched(limits("/here", "/gone")) == {"/gone": ""}


def test_where_not_every_application_is_remembered_nothing_is_called_misspelt():
    """A false alarm is worse than none."""
    interfaces = Interfaces()
    kept = [Application() for _ in range(MOST_APPLICATIONS + 1)]
    for one in kept:
        interfaces.note(one, routes(("/here", ())))
    assert interfaces.unmatched(limits("/there")) is None


def test_below_a_path_that_holds_anything_nothing_is_misspelt():
    """A language's routes, which are told apart only in a request."""
    interfaces, application = Interfaces(), Application()
    interfaces.note(application, routes(("/de/", None), ("/a", ())))
    found = interfaces.unmatched(limits("/de/hallo", "GET:/de/hallo", "/fr/salut", "GET:/a"))
    assert found == {"/fr/salut": ""}


def test_what_a_program_calls_and_patterns_are_not_judged():
    """Nobody knows which statements and calls a program will come to."""
    interfaces = Interfaces()
    application = Application()
    interfaces.note(application, routes(("/here", ("GET",))))
    interfaces.connected("shop")
    others = limits("404", "call:stock", "call:stock:/a.B/C", "sql:shop:select 1")
    patterns = [replace(one, regex=True) for one in limits("/gone.*", "GET:/gone", "pric.*")]
    assert interfaces.unmatched((*others, *patterns)) == {}
    assert interfaces.unmatched((*others, *limits("/a.B/C"))) == {"/a.B/C": ""}


def test_a_function_is_there_as_soon_as_a_guard_has_its_name():
    """Decorators are when a module is imported; where routes are unknown, guards are not."""
    interfaces = Interfaces()
    named = limits("price", "prices.of", "/here")
    guards = ["price", "price.of"]
    assert interfaces.unmatched(named, guards) == {"prices.of": "price.of"}
    assert interfaces.unmatched(limits("price", "/here"), guards) is None
    application = Application()
    interfaces.note(application, routes(("/here", ())))
    assert interfaces.unmatched(named, [*guards, "prices.of"]) == {}
    assert interfaces.unmatched(named) == {"price": "", "prices.of": ""}


def test_a_route_that_is_written_with_a_blank_is_told_as_rules_write_it():
    interfaces = Interfaces()
    named = limits("GET /users/{id}", "GET it")
    assert interfaces.unmatched(named) == {"GET /users/{id}": "GET:/users/{id}", "GET it": ""}


def test_a_database_is_there_as_soon_as_it_was_connected_to():
    """Statements are not told, whoever's they are: their database is, however many name it."""
    interfaces = Interfaces()
    named = limits("sql:shop", "sql:shopp:SELECT 1", "sql:shopp:SELECT 2", "sql:stock")
    assert interfaces.unmatched(named) == {"sql:shop": "", "sql:shopp": "", "sql:stock": ""}
    interfaces.connected("shop")
    assert interfaces.unmatched(named) == {"sql:shopp": "sql:shop", "sql:stock": ""}
    interfaces.connected("shopp")
    interfaces.connected("stock")
    assert interfaces.unmatched(named) == {}


def test_where_a_process_has_very_many_databases_none_is_called_misspelt():
    """One for each tenant: their names take no more room than is given to them."""
    interfaces = Interfaces()
    for number in range(MOST_DATABASES):
        interfaces.connected(f"tenant{number}")
    assert set(interfaces.unmatched(limits("sql:tenant")) or ()) == {"sql:tenant"}
    for number in range(MOST_DATABASES, MOST_DATABASES + 5):
        interfaces.connected(f"tenant{number}")
    assert interfaces.unmatched(limits("sql:tenant")) == {}
