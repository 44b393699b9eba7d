"""One name for a resource, however its framework spells it."""

from __future__ import annotations

import pytest

from fairlead.policy.resource import resource_name, template


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/orders/{id}", "/orders/{id}"),
        ("/orders/{id:int}/items/{rest:path}", "/orders/{id}/items/{rest}"),
        ("/orders/<int:id>", "/orders/{id}"),
        ("/orders/<id>/<any(a,b):kind>", "/orders/{id}/{kind}"),
        ("/^orders/(?P<id>[0-9]+)$", "/^orders/(?P{id}[0-9]+)$"),
        ("/", "/"),
    ],
)
def test_variables_of_every_framework_look_the_same(path, expected):
    """A rule goes on guarding an app that moves from Flask to FastAPI."""
    assert template(path) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("get:/orders/<int:id>", "GET:/orders/{id}"),
        ("/greet1a", "/greet1a"),
        ("404", "404"),
        ("orders.Create/v1", "orders.Create/v1"),
        ("/pkg.Service/Method", "/pkg.Service/Method"),
        ("call:Stock.Shop", "call:stock.shop"),
        ("call:Stock:/pkg.Service/Method", "call:stock:/pkg.Service/Method"),
        ("sql:Shop", "sql:Shop"),
        ("sql:Shop:SELECT  a,\n b", "sql:Shop:SELECT a, b"),
        ("sql:Shop:" + "x" * 2000, "sql:Shop:" + "x" * 1024),
    ],
)
def test_an_author_may_write_what_the_code_says(text, expected):
    """And names that are no paths stay as they are."""
    assert resource_name(text) == expected
