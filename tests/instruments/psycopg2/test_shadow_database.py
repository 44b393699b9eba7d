"""Connections of a lane are opened to its shadow database, and serve no other side."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from psycopg2 import extras

from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES ('x')"


@pytest.mark.parametrize("spelling", ["url", "words", "string", "both", "several"])
def test_a_lane_has_connections_of_its_own(shop: Shop, databases, connect, spelling):
    """However the application says where it connects to; no statement is parsed."""
    args = {key: value for key, value in shop.args.items() if value}
    string = " ".join(f"{key}={value}" for key, value in args.items()).replace("database", "dbname")
    dsn, words = {
        "url": (shop.dsn, {}),
        "words": (None, args),
        "string": (string, {}),
        "both": ("dbname=none", args),
        "several": (None, {**args, "host": f"{args['host']},{args['host']}"}),
    }[spelling]
    before = shop.state()
    with serving("gray"):
        connection = connect(dsn, **words)
        with connection, connection.cursor() as cursor:
            cursor.execute(INSERT)
            cursor.execute("CREATE TABLE IF NOT EXISTS also_ddl (id int); SELECT 1")
            cursor.callproc("abs", [-1])
    assert connection.info.dbname == shop.gray
    assert shop.state() == before
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "x"]

    connection = connect(dsn, **words)
    with connection, connection.cursor() as cursor:
        cursor.execute(INSERT)
    assert shop.items() == ["base", "base", "x"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "x"]


def test_variables_of_libpq_count(shop: Shop, databases, connect, monkeypatch):
    """An application may be told where its database is by them alone."""
    server = shop.server
    for name, value in (
        ("PGHOST", server.host), ("PGPORT", server.port), ("PGUSER", server.user),
        ("PGPASSWORD", server.password or "-"), ("PGDATABASE", shop.base),
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    with serving("gray"):
        assert connect("").info.dbname == shop.gray


def test_a_connection_serves_the_side_it_was_opened_on(shop: Shop, databases, connect):
    """One that is kept in a global cannot be two."""
    base = connect()
    with serving("gray"), pytest.raises(psycopg2.NotSupportedError, match="opened to base"):
        base.cursor().execute(INSERT)
    base.cursor().execute("SELECT 1")
    with serving("gray"):
        gray = connect()
    for way in ("execute", "callproc"):
        with pytest.raises(psycopg2.NotSupportedError, match="lane gray"):
            getattr(gray.cursor(), way)("now")
    assert shop.items() == ["base", "base"]


def test_an_asynchronous_connection_has_a_shadow_database(shop: Shop, databases, connect):
    """No question is asked there."""
    with serving("gray"):
        connection = connect(async_=True)
        extras.wait_select(connection)
        cursor = connection.cursor()
        cursor.execute(INSERT)
        extras.wait_select(connection)
        assert cursor.rowcount == 1
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "x"]
    assert shop.items() == ["base", "base"]


def test_another_server_and_user(shop: Shop, connect, tmp_path):
    """Kind Shadow names an endpoint with everything that belongs to it."""
    shop.run("DROP ROLE IF EXISTS gray_two; CREATE ROLE gray_two LOGIN SUPERUSER PASSWORD 'any'")
    (tmp_path / "password").write_text("any\n")
    there: dict[str, Any] = {
        "host": "localhost",
        "port": shop.server.port,
        "user": "gray_two",
        "password": f"file:{tmp_path}/password",
    }
    source = {"host": shop.server.host, "port": shop.server.port}
    plane = Plane(shop.databases(source=source, **there))
    with hooked(plane, "psycopg2"), serving("gray"):
        info = connect().info
        assert (info.user, info.dbname, info.password) == ("gray_two", shop.gray, "any")


def test_a_password_that_is_nowhere_is_named(shop: Shop, connect):
    """By its variable, never by its text."""
    plane = Plane(shop.databases(password="env:NO_SUCH_VARIABLE"))
    with (
        hooked(plane, "psycopg2"),
        serving("gray"),
        pytest.raises(psycopg2.OperationalError, match="NO_SUCH_VARIABLE"),
    ):
        connect()
