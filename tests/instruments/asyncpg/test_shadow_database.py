"""Connections of a lane are opened to its shadow database, and serve no other side."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES ('x')"
REFUSED = asyncpg.exceptions.FeatureNotSupportedError


async def database(connection: Any) -> Any:
    return await connection.fetchval("SELECT current_database()")


@pytest.mark.parametrize("spelling", ["url", "words", "several", "variables"])
def test_a_lane_has_connections_of_its_own(shop: Shop, databases, spelling, monkeypatch):
    """However the application says where it connects to; no statement is parsed."""
    args = shop.args
    dsn, words = {
        "url": (shop.dsn, {}),
        "words": (None, args),
        "several": (None, {**args, "host": [args["host"]] * 2, "port": [args["port"]] * 2}),
        "variables": (None, {}),
    }[spelling]
    if spelling == "variables":
        for name, value in args.items():
            monkeypatch.setenv(f"PG{name.upper()}", str(value))

    async def main() -> None:
        with serving("gray"):
            connection = await asyncpg.connect(dsn, **words)
            await connection.execute(INSERT)
            await connection.execute("CREATE TABLE IF NOT EXISTS also_ddl (id int); SELECT 1")
            assert await database(connection) == shop.gray
            await connection.close()
        connection = await asyncpg.connect(dsn, **words)
        await connection.execute(INSERT)
        await connection.close()

    asyncio.run(main())
    assert shop.items() == ["base", "base", "x"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "x"]


def test_a_connection_serves_the_side_it_was_opened_on(shop: Shop, databases):
    """One that is kept in a global cannot be two."""

    async def main() -> None:
        base = await asyncpg.connect(shop.dsn)
        prepared = await base.prepare(INSERT)
        with serving("gray"):
            for way in (base.execute, base.fetch, base.prepare):
                with pytest.raises(REFUSED, match="opened to base"):
                    await way(INSERT)
            with pytest.raises(REFUSED):
                await prepared.fetch()
            with pytest.raises(REFUSED):
                await base.copy_records_to_table("orders", records=[(1, "x", 1)])
            gray = await asyncpg.connect(shop.dsn)
        for way in (gray.execute, gray.fetch, gray.prepare):
            with pytest.raises(REFUSED, match="lane gray"):
                await way(INSERT)
        await base.fetch("SELECT 1")
        await base.close()
        await gray.close()

    before = shop.state()
    asyncio.run(main())
    assert shop.state() == before


def test_a_connection_of_before_the_hook_is_of_base(shop: Shop):
    """Nobody redirected it, and where it is to is known."""

    async def main() -> None:
        connection = await asyncpg.connect(shop.dsn)
        prepared = await connection.prepare(INSERT)
        with (
            hooked(Plane(shop.databases()), "asyncpg_pool", "asyncpg"),
            serving("gray"),
            pytest.raises(REFUSED, match="opened to base"),
        ):
            await connection.execute(INSERT)
        with hooked(Plane(shop.tables()), "asyncpg_pool", "asyncpg"):
            del connection._protocol.fairlead
            with serving("gray"), pytest.raises(REFUSED, match="prepared on base"):
                await prepared.fetch()
        await connection.close()

    asyncio.run(main())
    assert shop.items() == ["base", "base"]


def test_another_server_and_user(shop: Shop, tmp_path):
    """Kind Shadow names an endpoint with everything that belongs to it."""
    shop.run("DROP ROLE IF EXISTS gray_three")
    shop.run("CREATE ROLE gray_three LOGIN SUPERUSER PASSWORD 'any'")
    (tmp_path / "password").write_text("any\n")
    there: dict[str, Any] = {
        "host": "localhost",
        "port": shop.server.port,
        "user": "gray_three",
        "password": f"file:{tmp_path}/password",
    }

    async def main() -> None:
        connection = await asyncpg.connect(shop.dsn)
        row = await connection.fetchrow("SELECT current_user, current_database()")
        assert tuple(row) == ("gray_three", shop.gray)
        await connection.close()

    source = {"host": shop.server.host, "port": shop.server.port}
    plane = Plane(shop.databases(source=source, **there))
    with hooked(plane, "asyncpg_pool", "asyncpg"), serving("gray"):
        asyncio.run(main())


def test_a_password_that_is_nowhere_is_named(shop: Shop):
    """By its variable, never by its text."""
    plane = Plane(shop.databases(password="env:NO_SUCH_VARIABLE"))
    with (
        hooked(plane, "asyncpg_pool", "asyncpg"),
        serving("gray"),
        pytest.raises(asyncpg.InterfaceError, match="NO_SUCH_VARIABLE"),
    ):
        asyncio.run(asyncpg.connect(shop.dsn))
