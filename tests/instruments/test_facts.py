"""What rules ask of a request is bounded, and believed of no stranger, on both interfaces."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from fairlead.instruments.facts import AsgiRaw, InboundFacts, WsgiRaw
from fairlead.policy.parts import FIELDS
from tests.instruments.plane import Plane, entry

Headers = list[tuple[str, str]]
PLANE = Plane()


def asgi(
    headers: Headers | None = None, *, plane: Plane = PLANE, query: str = "", **rest: Any
) -> InboundFacts:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers or []]
    scope = {"headers": pairs, "query_string": query.encode(), "client": ("10.0.0.7", 5)}
    return InboundFacts(plane, AsgiRaw(scope), rest.get("parameters", {}))


def wsgi(
    headers: Headers | None = None, *, plane: Plane = PLANE, query: str = "", **rest: Any
) -> InboundFacts:
    environ = {"QUERY_STRING": query, "REMOTE_ADDR": "10.0.0.7"}
    for name, value in headers or []:
        key, separator = f"HTTP_{name.upper().replace('-', '_')}", ";" if name == "cookie" else ","
        environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    return InboundFacts(plane, WsgiRaw(environ), rest.get("parameters", {}))


both = pytest.mark.parametrize("facts", [asgi, wsgi])


@both
@pytest.mark.parametrize(
    ("source", "name", "value"),
    [
        ("header", "X-User", "alice"),
        ("header", "x-twice", "1,2"),
        ("header", "x-名", None),
        ("cookie", "session", "s-1"),
        ("cookie", "quoted", "a b"),
        ("cookie", "none", None),
        ("query", "sku", "A 7/ü"),
        ("query", "none", None),
        ("client-ip", "", "10.0.0.7"),
        ("host", "", "shop.example"),
        ("sql", "0", None),
    ],
)
def test_a_part_of_a_request_is_found_where_a_rule_says(
    facts: Any, source: str, name: str, value: str | None
) -> None:
    """S2-20. What proxies say of a client is a header: a rule that believes it names it."""
    headers = [
        ("x-user", "alice"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("cookie", 'session=s-1; quoted="a b"'),
        ("host", "Shop.example:8080"),
        ("x-forwarded-for", "1.2.3.4"),
    ]
    asked = facts(headers, query=f"a=1&sku={quote('A 7/ü')}")
    assert asked.value(source, name) == value


@both
def test_who_says_a_parameter_twice_says_two_values(facts: Any) -> None:
    """Frameworks differ in which of them they take: hiding one behind another is no way around."""
    asked = facts([("cookie", "u=1; u=2; u=1")], query="sku=hot&sku=cold&sku=hot")
    assert asked.value("query", "sku") == ["hot", "cold"]
    assert asked.value("cookie", "u") == ["1", "2"]


@both
def test_parameters_of_a_path_are_told_by_name_or_position(facts: Any) -> None:
    """As text, whatever the framework has made of them."""
    asked = facts(parameters={"shop": "a", "id": 7})
    found = [asked.value("path", name) for name in ("id", "0", "-1", "2", "none")]
    assert found == ["7", "a", "7", None, None]


@both
def test_a_stranger_is_searched_no_further_than_a_bound(facts: Any) -> None:
    """Nor can anything it sends raise."""
    asked = facts([("cookie", ";" * 5000 + "u=1")], query="&" * FIELDS + "sku=1")
    assert asked.value("query", "sku") is None
    assert asked.value("cookie", "u") is None
    assert facts(query="%ff%=%&a").value("query", "a") == ""
    assert facts([("host", "[::1]:80")]).value("host", "") == "[::1]"


@both
def test_an_app_of_the_mesh_is_believed_who_it_is_and_nobody_else(facts: Any) -> None:
    """At an entry anybody may come, and with no trust nobody is believed."""
    headers = [("fairlead-caller", "cart")]
    assert facts(headers).caller() == "cart"
    assert facts().caller() == ""
    assert facts([("fairlead-caller", "x" * 600)]).caller() == ""
    assert facts(headers, plane=Plane(entry())).caller() == ""
    assert facts(headers, plane=Plane(trust=False)).caller() == ""
    assert facts(headers).entrance() == ""
