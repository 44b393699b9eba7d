"""The hook leaves nothing behind, and fails closed."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from asyncpg import connect_utils, connection, cursor, pool, prepared_stmt

from fairlead.instruments.hooking import hook_all
from fairlead.instruments.instrument import State
from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES ('x')"
OWNERS = (
    connect_utils, connection.Connection, cursor.BaseCursor, cursor.Cursor, cursor.CursorIterator,
    pool.Pool, prepared_stmt.PreparedStatement,
)  # fmt: skip


def test_what_was_hooked_is_restored(shop: Shop):
    """Functions and methods are as they were."""

    async def write() -> None:
        made = await asyncpg.connect(shop.dsn)
        await made.execute(INSERT)
        await made.close()

    before = [dict(vars(owner)) for owner in OWNERS]
    with hooked(Plane(shop.tables()), "asyncpg_pool", "asyncpg"):
        assert [dict(vars(owner)) for owner in OWNERS] != before
        with serving("gray"):
            asyncio.run(write())

    assert [dict(vars(owner)) for owner in OWNERS] == before
    with serving("gray"):
        asyncio.run(write())
    assert shop.items() == ["base", "base", "x"]
    assert shop.items("orders_gray") == ["shadow", "shadow", "x"]


@pytest.mark.parametrize("version", ["0.26.0", "1.0"])
def test_a_version_that_was_not_tried_is_skipped(monkeypatch, version):
    """And reported: such a process is sent no call of a lane with shadows."""
    monkeypatch.setattr("fairlead.instruments.hooking.version", lambda name: version)
    hooks, states = hook_all(Plane(), {})
    for trigger in ("asyncpg.pool", "asyncpg"):
        hooks[trigger](asyncpg)
    assert [(one.library, one.state) for one in states] == [("asyncpg", State.SKIPPED)]


def test_a_fault_of_ours_refuses_on_a_lane_only(shop: Shop, tables, connected, monkeypatch):
    """Isolation fails closed; base does not hear of it."""

    async def work(made: Any) -> None:
        monkeypatch.setattr("fairlead.sql.rewriter.rewritten", None)
        refused = asyncpg.exceptions.FeatureNotSupportedError
        with serving("gray"), pytest.raises(refused, match="could not be judged"):
            await made.execute(INSERT)
        await made.execute(INSERT)

    connected(work)
    assert tables.counted("agent_faults") == {"asyncpg": 1}
    assert shop.items() == ["base", "base", "x"]


def test_a_closed_connection_answers_for_itself(shop: Shop, tables):
    """Its error is asyncpg's own, on every lane."""

    async def main() -> None:
        made = await asyncpg.connect(shop.dsn)
        made.terminate()
        for lane in ("", "gray"):
            with serving(lane), pytest.raises(asyncpg.InterfaceError, match="closed"):
                await made.execute(INSERT)
            with serving(lane), pytest.raises(asyncpg.InterfaceError, match="closed"):
                await made.fetch(INSERT)

    asyncio.run(main())


def test_what_was_a_coroutine_function_is_one(tables):
    """Frameworks ask before they call."""
    for name in ("execute", "fetch", "copy_records_to_table"):
        assert asyncio.iscoroutinefunction(getattr(connection.Connection, name))
