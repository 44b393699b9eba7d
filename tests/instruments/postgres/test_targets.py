"""Where a connection leads, as libpq finds it out, and where it is made to lead instead."""

from __future__ import annotations

import getpass
import os

import pytest

from fairlead.instruments.database import Target
from fairlead.instruments.postgres import aimed, as_given, as_text, marks_in_quotes, targets
from fairlead.policy.database import Database, ShadowDatabase


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


def to(name: str, host: str = "", port: int = 5432, place: str = "") -> Target:
    return Target(database=name, host=host, port=port, place=place)


def redirect(**shadow: object) -> ShadowDatabase:
    there = Database(**{"name": "shop-gray", **shadow})  # type: ignore[arg-type]
    return ShadowDatabase(rule="r", lane="gray", source=Database(name="shop"), shadow=there)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"dbname": "shop", "host": "db", "port": "6000"}, [to("shop", "db", 6000)]),
        ({"dbname": "shop", "host": "db", "port": 6000}, [to("shop", "db", 6000)]),
        ({"dbname": "shop"}, [to("shop")]),
        ({"dbname": "shop", "host": "/run/postgresql"}, [to("shop", place="/run/postgresql")]),
        ({"dbname": "shop", "host": "@abs", "port": "6000"}, [to("shop", "", 6000, "@abs")]),
        ({"dbname": "shop", "hostaddr": "10.0.0.1"}, [to("shop", "10.0.0.1")]),
        ({"dbname": "shop", "host": "db", "hostaddr": "10.0.0.1"}, [to("shop", "db")]),
        ({"user": "ann", "host": "db"}, [to("ann", "db")]),
        ({"dbname": "x", "host": "a,b", "port": "1,2"}, [to("x", "a", 1), to("x", "b", 2)]),
        ({"dbname": "shop", "host": "a,b", "port": "1"}, [to("shop", "a", 1), to("shop", "b", 1)]),
        ({"dbname": "shop", "host": "a,b"}, [to("shop", "a"), to("shop", "b")]),
        ({"dbname": "shop", "service": "s"}, []),
    ],
)  # fmt: skip
def test_what_is_said_is_found(params, found):
    """A host by name, by address, by a socket's directory; several of them; a file says no more."""
    assert targets(params) == found


def test_what_is_not_said_is_in_variables(monkeypatch):
    """Libpq's own: an application need not say anything then."""
    assert targets({}) == [to(getpass.getuser())]
    for name, value in (("PGHOST", "db"), ("PGPORT", "6000"), ("PGUSER", "ann")):
        monkeypatch.setenv(name, value)
    assert targets({}) == [to("ann", "db", 6000)]
    monkeypatch.setenv("PGDATABASE", "shop")
    assert targets({"host": "other"}) == [to("shop", "other", 6000)]
    monkeypatch.setenv("PGSERVICE", "s")
    assert targets({"host": "other", "dbname": "shop"}) == []


@pytest.mark.parametrize(
    ("shadow", "params"),
    [
        ({}, {"dbname": "shop-gray", "host": "/run", "user": "ann", "password": "p"}),
        (
            {"host": "localhost", "port": 5432},
            {"dbname": "shop-gray", "host": "/run", "user": "ann", "password": "p"},
        ),
        (
            {"port": 6000},
            {"dbname": "shop-gray", "host": "/run", "port": "6000", "user": "ann", "password": "p"},
        ),
        (
            {"host": "db2", "user": "bob", "password": "env:SHADOW_PASSWORD"},
            {"dbname": "shop-gray", "host": "db2", "port": "5432", "user": "bob", "password": "q"},
        ),
    ],
)
def test_what_the_shadow_does_not_say_stays(shadow, params, monkeypatch):
    """The same server with the same account, unless the rule names another one."""
    monkeypatch.setenv("SHADOW_PASSWORD", "q")
    given = {"dbname": "shop", "host": "/run", "user": "ann", "password": "p"}
    assert aimed(given, to("shop"), redirect(**shadow)) == params


def test_an_address_does_not_outlive_its_host():
    """Libpq connects to the address, whatever the host is called."""
    given = {"dbname": "shop", "host": "db", "hostaddr": "10.0.0.1"}
    new = aimed(given, to("shop", "db"), redirect(host="db2"))
    assert new == {"dbname": "shop-gray", "host": "db2", "port": "5432"}


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("SELECT %s", False),
        ("SELECT '%%s', %s", False),
        ("SELECT 'a''b', %(name)s -- 100%%", False),
        ("SELECT 'it''s', \"n\", $$ x $$, %s", False),
        ("SELECT a FROM t WHERE b LIKE 'x%%' AND c = %s", False),
        ("SELECT '%s'", True),
        ("SELECT '%%%s'", True),
        ("SELECT 'a''%(name)s'", True),
        ('SELECT "%s"', True),
        ("SELECT 1 -- %s", True),
        ("SELECT 1 /* %s */", True),
        ("SELECT $a$ %s $a$", True),
        (r"SELECT E'it\'s', %s", True),
    ],
)
def test_marks_in_quotes_are_seen(text, marked):
    """In doubt there is one: a value that ends a string is SQL."""
    assert marks_in_quotes(text) is marked


def test_a_statement_goes_out_as_it_came():
    """Text as text, bytes as bytes, in the connection's encoding; unchanged as it was."""
    for query in ("SELECT 'ä'", "SELECT 'ä'".encode("latin-1")):
        text = as_text(query, "latin-1", None)
        assert text == "SELECT 'ä'"
        assert as_given(query, text, text, "latin-1") is query
        changed = as_given(query, text, "SELECT 'ö'", "latin-1")
        assert changed in ("SELECT 'ö'", "SELECT 'ö'".encode("latin-1"))
        assert type(changed) is type(query)
    assert as_text(5, "utf-8", None) is None
    assert as_text(b"SELECT '\xff'", "utf-8", None) == "SELECT '\udcff'"
