"""Where MySQL's drivers are sent instead, and what leads back; no server is needed."""

from __future__ import annotations

import pytest

from fairlead.instruments.escape import leads_out, way_out
from fairlead.instruments.mysql import Place
from fairlead.instruments.secret import secret
from fairlead.policy.database import Database, ShadowDatabase

HERE = Place(
    host="localhost", port=3306, unix_socket="/run/s.sock", user="u", password="p", database="shop"
)


def redirect(**shadow: object) -> ShadowDatabase:
    return ShadowDatabase(
        rule="Shadow/gray",
        lane="gray",
        source=Database(name="shop"),
        shadow=Database(name="shop-gray", **shadow),  # type: ignore[arg-type]
    )


def test_the_file_of_a_socket_is_on_this_host():
    """Whatever host stands beside it."""
    assert HERE.target().host == "localhost"


@pytest.mark.parametrize("shadow", [{}, {"host": "127.0.0.1"}, {"port": 3306}])
def test_the_same_server_is_reached_the_same_way(shadow):
    """Over the socket's file, if that is how the application does."""
    place = HERE.shadow(redirect(**shadow))
    assert (place.unix_socket, place.database) == ("/run/s.sock", "shop-gray")
    assert (place.user, place.password) == ("u", "p")


@pytest.mark.parametrize(
    ("shadow", "address"),
    [
        ({"host": "db2"}, ("db2", 3306)),
        ({"port": 3307}, ("127.0.0.1", 3307)),
        ({"host": "localhost", "port": 3307}, ("127.0.0.1", 3307)),
    ],
)
def test_another_server_is_not_reached_by_the_file_of_this_one(shadow, address):
    """C libraries take the file for the name localhost too."""
    place = HERE.shadow(redirect(**shadow))
    assert ((place.host, place.port), place.unix_socket) == (address, None)


def test_a_password_is_read_when_it_is_needed(monkeypatch, tmp_path):
    """It may be changed while the process runs."""
    monkeypatch.setenv("SHADOW_PASSWORD", "one")
    assert HERE.shadow(redirect(password="env:SHADOW_PASSWORD")).password == "one"
    (tmp_path / "p").write_bytes(b"\xff")
    for place in ("env:NOT_SET", f"file:{tmp_path / 'none'}", f"file:{tmp_path / 'p'}", "text"):
        with pytest.raises(LookupError) as error:
            secret(place)
        assert place.partition(":")[2] in str(error.value)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM shop.orders",
        "DELETE FROM `shop` . `orders`",
        'DELETE FROM "shop".orders',
        "SELECT 1 FROM t, Shop.orders",
        "use shop",
        "USE/**/`shop`",
        "SELECT 1;\n-- x\nUSE shop",
        "/*!40000 USE shop */",
        "DROP SCHEMA IF EXISTS shop",
        "SELECT 'a' -- '\n FROM shop.orders -- '",
        "SELECT '\\' FROM shop.orders",
    ],
)
def test_a_statement_that_names_the_database(statement):
    """In doubt, it does."""
    pattern = way_out("mysql", frozenset(("shop",)))
    assert pattern is not None
    assert leads_out(pattern, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM orders",
        "DELETE FROM `shop-gray`.orders",
        "DELETE FROM my_shop.orders",
        "DELETE FROM shop2.orders",
        "INSERT INTO t VALUES ('see shop.example')",
        "SELECT shop FROM t",
        "UPDATE t SET use_shop = 1",
    ],
)
def test_a_statement_that_does_not(statement):
    """Its words only look alike."""
    pattern = way_out("mysql", frozenset(("shop",)))
    assert pattern is not None
    assert not leads_out(pattern, statement)
