"""A pool on threads hands out connections to a lane's own database, and takes each back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import psycopg_pool
import pytest

from fairlead.instruments.hooking import hook_all
from fairlead.instruments.instrument import State
from tests.instruments.plane import Plane, eventually, hooked, serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES (%s)"
POOLS = [psycopg_pool.ConnectionPool, psycopg_pool.NullConnectionPool]


@pytest.fixture(params=POOLS, ids=lambda one: one.__name__)
def pool(request, shop: Shop, databases) -> Iterator[Any]:
    least = 0 if request.param is psycopg_pool.NullConnectionPool else 2
    with request.param(shop.dsn, min_size=least, max_size=4, open=False) as pool:
        yield pool


def order(pool: Any, item: str) -> None:
    with pool.connection() as connection:
        connection.execute(INSERT, (item,))


def test_each_side_has_its_own_connections(shop: Shop, pool):
    """Lane after lane on one pool, as requests come."""
    for _ in range(3):
        with serving("gray"):
            order(pool, "gray")
        order(pool, "plain")
        with serving("blue"):
            order(pool, "blue")
    assert shop.items()[2:] == ["plain", "blue"] * 3
    assert shop.items(database=shop.gray)[2:] == ["gray"] * 3


def test_a_pool_that_a_gray_request_opens_is_of_base(shop: Shop, databases):
    """Its threads are started by the request; what they open is the application's own."""
    with serving("gray"):
        pool = psycopg_pool.ConnectionPool(shop.dsn, min_size=2, open=True)
        pool.wait(10)
        order(pool, "gray")
    order(pool, "plain")
    names = {connection.info.dbname for connection in pool._pool}
    pool.close()
    assert names == {shop.base}
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "gray"]


def test_an_instance_of_the_lane_keeps_both_sides_apart(shop: Shop):
    """Its threads are on the lane where no request is: a pool warms up on its own side."""
    plane = Plane(shop.databases(own="gray"))
    with (
        hooked(plane, "psycopg", "psycopg_pool"),
        psycopg_pool.ConnectionPool(shop.dsn, min_size=2, open=False) as pool,
    ):
        pool.wait(10)
        order(pool, "gray")
        with serving(""):
            order(pool, "plain")
        assert {connection.info.dbname for connection in pool._pool} == {shop.base}
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "gray"]


def test_a_connection_goes_back_where_it_came_from(shop: Shop, pool):
    """Also when the work that gives it back is on another lane, or on none."""
    with serving("gray"):
        gray = pool.getconn()
    base = pool.getconn()
    assert (gray.info.dbname, base.info.dbname) == (shop.gray, shop.base)
    with serving("gray"):
        pool.putconn(base)
    pool.putconn(gray)
    with serving("gray"), pool.connection() as connection:
        assert connection.info.dbname == shop.gray
    with pool.connection() as connection:
        assert connection.info.dbname == shop.base


def test_settings_and_callbacks_are_the_pools(shop: Shop, databases):
    """Callbacks of the application run on the side of the connection they are given."""
    seen: list[tuple[str, str]] = []

    def told(what: str) -> Any:
        def callback(connection: Any) -> None:
            row = connection.execute("SELECT current_database()").fetchone()
            seen.append((what, row[0]))
            connection.commit()

        return callback

    class Mine(psycopg_pool.ConnectionPool):
        extra = ""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.extra = "mine"
            super().__init__(*args, **kwargs)

        def getconn(self, timeout: float | None = None) -> Any:
            assert self.extra == "mine"
            return super().getconn(timeout)

    with Mine(
        shop.dsn, min_size=1, open=False, kwargs={"row_factory": psycopg.rows.tuple_row},
        configure=told("configure"), reset=told("reset"),
    ) as pool:  # fmt: skip
        for lane in ("gray", "", "gray"):
            with serving(lane):
                order(pool, lane or "plain")
        assert eventually(lambda: [what for what, _ in seen].count("reset") == 3)

    assert {(what, name) for what, name in seen if name == shop.gray} == {
        ("configure", shop.gray), ("reset", shop.gray),
    }  # fmt: skip
    assert ("configure", shop.base) in seen
    assert shop.items(database=shop.gray)[2:] == ["gray", "gray"]


def test_closing_closes_the_twins(shop: Shop, pool):
    """Nothing is left open at the server, and no thread runs on."""
    before = threading.active_count()
    with serving("gray"):
        order(pool, "gray")
        assert threading.active_count() > before
    pool.close()
    assert eventually(lambda: threading.active_count() < before)
    with serving("gray"), pytest.raises(psycopg_pool.PoolClosed):
        pool.getconn()
    open_now = f"SELECT pid FROM pg_stat_activity WHERE datname = '{shop.gray}'"
    assert eventually(lambda: len(shop.run(f"{open_now} AND application_name <> 'outside'")) == 0)


def test_a_pool_of_another_database_has_no_twin(shop: Shop, databases):
    """Connections cost the server memory."""
    dsn = shop.dsn.replace(f"/{shop.base}", "/postgres")
    with psycopg_pool.ConnectionPool(dsn, min_size=1, max_size=1, open=False) as pool:
        base = pool.getconn()
        pool.putconn(base)
        with serving("gray"):
            assert pool.getconn() is base
        pool.putconn(base)


def test_rules_that_change_close_the_twin(shop: Shop, databases):
    """What is in use is closed when it is put back."""
    with psycopg_pool.ConnectionPool(shop.dsn, min_size=1, open=False) as pool, serving("gray"):
        used = pool.getconn()
        databases.engine.apply(shop.databases(user=shop.server.user))
        other = pool.getconn()
        assert other is not used
        pool.putconn(used)
        assert used.closed
        pool.putconn(other)
        assert not other.closed


def test_threads_never_share_across_sides(shop: Shop, databases):
    """Thousands of statements, sides by turns."""
    errors: list[BaseException] = []

    def work(pool: Any, lane: str) -> None:
        try:
            for _ in range(150):
                with serving(lane), pool.connection() as connection:
                    for _ in range(2):
                        connection.execute(INSERT, (lane or "plain",))
        except BaseException as error:
            errors.append(error)

    with psycopg_pool.ConnectionPool(shop.dsn, min_size=1, max_size=3, open=False) as pool:
        threads = [threading.Thread(target=work, args=(pool, lane)) for lane in ("gray", "") * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert errors == []
    assert shop.items()[2:] == ["plain"] * 1200
    assert shop.items(database=shop.gray)[2:] == ["gray"] * 1200


def test_one_pool_serves_lanes_with_shadow_tables(shop: Shop, tables):
    """There the statement differs, not the connection."""
    with psycopg_pool.ConnectionPool(shop.dsn, min_size=1, max_size=1, open=False) as pool:
        for lane in ("gray", "", "gray"):
            with serving(lane):
                order(pool, lane or "plain")
        assert "_fairlead_twins" not in vars(pool)
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items("orders_gray") == ["shadow", "shadow", "gray", "gray"]


def test_what_was_hooked_is_restored(shop: Shop):
    """Methods are as they were, and a pool's connections are refused on the lane from then on."""
    before = dict(vars(psycopg_pool.ConnectionPool)), dict(vars(psycopg_pool.AsyncConnectionPool))
    with hooked(Plane(shop.databases()), "psycopg", "psycopg_pool"):
        assert vars(psycopg_pool.ConnectionPool) != before[0]
    assert vars(psycopg_pool.ConnectionPool) == before[0]
    assert vars(psycopg_pool.AsyncConnectionPool) == before[1]


def test_a_version_that_was_not_tried_is_skipped(shop: Shop, monkeypatch):
    """What a pool hands out on a lane with a shadow database is refused then."""
    monkeypatch.setattr("fairlead.instruments.hooking.version", lambda name: "3.0.1")
    hooks, states = hook_all(Plane(), {})
    hooks["psycopg_pool"](psycopg_pool)
    assert [(one.library, one.state) for one in states] == [("psycopg-pool", State.SKIPPED)]

    with (
        hooked(Plane(shop.databases()), "psycopg"),
        psycopg_pool.ConnectionPool(shop.dsn, min_size=1, open=False) as pool,
    ):
        order(pool, "plain")
        with serving("gray"), pytest.raises(psycopg.NotSupportedError, match="opened to base"):
            order(pool, "gray")
    assert shop.items(database=shop.gray) == ["shadow", "shadow"]
