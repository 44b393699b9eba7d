"""Connections of a lane are opened to its shadow database, and serve no other side."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES ('x')"


def spellings(shop: Shop) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return ways to say where the shop is."""
    args = dict(shop.args)
    args["dbname"] = args.pop("database")
    if not args["password"]:
        del args["password"]
    return {
        "url": (shop.dsn, {}),
        "words": ("", args),
        "string": (" ".join(f"{key}={value}" for key, value in args.items()), {}),
        "both": ("dbname=none", args),
        "address": ("", {**args, "hostaddr": "127.0.0.1", "host": "localhost"}),
        "several": ("", {**args, "host": f"{args['host']},{args['host']}"}),
    }


@pytest.mark.parametrize("spelling", ["url", "words", "string", "both", "address", "several"])
def test_a_lane_has_connections_of_its_own(shop: Shop, databases, spelling):
    """However the application says where it connects to; no statement is parsed."""
    conninfo, words = spellings(shop)[spelling]
    before = shop.state()
    with serving("gray"), psycopg.connect(conninfo, **words) as connection:
        connection.execute(INSERT)
        connection.execute("CREATE TABLE IF NOT EXISTS also_ddl (id int); SELECT 1")
        assert connection.info.dbname == shop.gray
    assert shop.state() == before
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "x"]

    with psycopg.connect(conninfo, **words) as connection:
        connection.execute(INSERT)
    assert shop.items() == ["base", "base", "x"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "x"]


def test_variables_of_libpq_count(shop: Shop, databases, monkeypatch):
    """An application may be told where its database is by them alone."""
    server = shop.server
    for name, value in (
        ("PGHOST", server.host), ("PGPORT", server.port), ("PGUSER", server.user),
        ("PGPASSWORD", server.password or "-"), ("PGDATABASE", shop.base),
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    with serving("gray"), psycopg.connect() as connection:
        assert connection.info.dbname == shop.gray


def test_a_service_file_is_left_alone_and_its_connection_refused(
    shop: Shop, databases, monkeypatch, tmp_path
):
    """What it leads to is known once it is connected: nothing is written then."""
    server = shop.server
    (tmp_path / "services").write_text(
        f"[shop]\nhost={server.host}\nport={server.port}\nuser={server.user}\n"
        f"password={server.password or '-'}\ndbname={shop.base}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    with (
        serving("gray"),
        psycopg.connect("service=shop") as connection,
        pytest.raises(psycopg.NotSupportedError, match="opened to base"),
    ):
        connection.execute(INSERT)


def test_a_connection_serves_the_side_it_was_opened_on(shop: Shop, databases):
    """One that is kept in a global cannot be two."""
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        with serving("gray"), pytest.raises(psycopg.NotSupportedError, match="opened to base"):
            connection.execute(INSERT)
        connection.execute("SELECT 1")
    with serving("gray"):
        connection = psycopg.connect(shop.dsn, autocommit=True)
    with pytest.raises(psycopg.NotSupportedError, match="lane gray"):
        connection.execute(INSERT)
    with pytest.raises(psycopg.NotSupportedError), serving("blue"):
        connection.execute(INSERT)
    connection.close()
    assert shop.items() == ["base", "base"]


def test_a_connection_of_before_the_hook_is_of_base(shop: Shop):
    """Nobody redirected it, and where it is to can be asked."""
    with psycopg.connect(shop.dsn) as connection, hooked(Plane(shop.databases()), "psycopg"):
        with serving("gray"), pytest.raises(psycopg.NotSupportedError, match="opened to base"):
            connection.execute(INSERT)
        connection.execute("SELECT 1")


def test_another_server_and_user(shop: Shop, tmp_path):
    """Kind Shadow names an endpoint with everything that belongs to it."""
    shop.run("DROP ROLE IF EXISTS gray_user; CREATE ROLE gray_user LOGIN SUPERUSER PASSWORD 'any'")
    (tmp_path / "password").write_text("any\n")
    there: dict[str, Any] = {
        "host": "localhost",
        "port": shop.server.port,
        "user": "gray_user",
        "password": f"file:{tmp_path}/password",
    }
    source = {"host": shop.server.host, "port": shop.server.port}
    with (
        hooked(Plane(shop.databases(source=source, **there)), "psycopg"),
        serving("gray"),
        psycopg.connect(shop.dsn) as connection,
    ):
        assert connection.info.user == "gray_user"
        assert connection.info.dbname == shop.gray
        assert connection.info.password == "any"


def test_a_password_that_is_nowhere_is_named(shop: Shop):
    """By its variable, never by its text."""
    plane = Plane(shop.databases(password="env:NO_SUCH_VARIABLE"))
    with (
        hooked(plane, "psycopg"),
        serving("gray"),
        pytest.raises(psycopg.OperationalError, match="NO_SUCH_VARIABLE"),
    ):
        psycopg.connect(shop.dsn)


def test_a_source_on_another_port_is_not_meant(shop: Shop):
    """A database of the same name elsewhere is another database."""
    source = {"host": shop.server.host, "port": shop.server.port + 1}
    with (
        hooked(Plane(shop.databases(source=source)), "psycopg"),
        serving("gray"),
        psycopg.connect(shop.dsn) as connection,
    ):
        assert connection.info.dbname == shop.base
        connection.execute("SELECT 1")


def test_on_a_loop(shop: Shop, databases):
    """AsyncConnection is connected by the same steps."""

    async def main() -> None:
        with serving("gray"):
            gray = await psycopg.AsyncConnection.connect(shop.dsn)
            await gray.execute(INSERT)
            await gray.commit()
        async with await psycopg.AsyncConnection.connect(shop.dsn) as base:
            await base.execute("SELECT 1")
            with serving("gray"), pytest.raises(psycopg.NotSupportedError):
                await base.execute(INSERT)
        with pytest.raises(psycopg.NotSupportedError):
            await gray.execute(INSERT)
        await gray.close()

    asyncio.run(main())
    assert shop.items() == ["base", "base"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "x"]
