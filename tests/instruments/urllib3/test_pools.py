"""Each endpoint has connections of its own, which live and end with the application's pool."""

from __future__ import annotations

import gc
import socket
import weakref
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import ClosedPoolError, EmptyPoolError, ReadTimeoutError

from fairlead.instruments import endpoint_pools
from tests.instruments.backend import Backend
from tests.instruments.plane import Plane, serving


@pytest.fixture
def manager() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager() as manager:
        yield manager


def test_a_pool_that_blocks_bounds_what_each_endpoint_gets(plane: Plane) -> None:
    """The setting is the application's, and so is its error."""
    pool: Any = urllib3.HTTPConnectionPool("b", maxsize=1, block=True)
    with pool, serving("gray"):
        held = pool.urlopen("GET", "/stream", preload_content=False)
        with pytest.raises(EmptyPoolError):
            pool.urlopen("GET", "/", pool_timeout=0.01)
        held.drain_conn()
        held.release_conn()
        assert pool.urlopen("GET", "/", pool_timeout=0.01).data == b"b-gray"


def test_lanes_share_no_connection(
    manager: urllib3.PoolManager, plane: Plane, base: Backend, gray: Backend
) -> None:
    """And a lane's own calls do share theirs."""
    for lane in ("gray", "", "gray", ""):
        with serving(lane):
            manager.request("GET", "http://b/")
    assert {seen.connection for seen in gray.seen} == {1}
    assert {seen.connection for seen in base.seen} == {1}


def test_threads_may_share_a_pool(plane: Plane, base: Backend, gray: Backend) -> None:
    """As urllib3 promises; each on its own lane."""
    answers: dict[str, set[bytes]] = {"": set(), "gray": set()}
    with urllib3.HTTPConnectionPool("b", maxsize=4) as pool:

        def work(lane: str) -> None:
            with serving(lane):
                answers[lane].update(pool.request("GET", "/").data for _ in range(20))

        threads = [Thread(target=work, args=(lane,)) for lane in ("", "gray") * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert answers == {"": {b"b"}, "gray": {b"b-gray"}}
    assert base.connections <= 2
    assert gray.connections <= 2


def test_closing_the_pool_closes_every_connection(plane: Plane, gray: Backend) -> None:
    """The endpoints' pools are the application's pool's; a closed one says so."""
    pool = urllib3.HTTPConnectionPool("b")
    with serving("gray"):
        pool.request("GET", "/")
        (endpoint,) = vars(pool)["_fairlead_endpoints"].values()
        pool.close()
        assert endpoint.pool is None
        with pytest.raises(ClosedPoolError):
            pool.request("GET", "/")


def test_a_pool_that_is_dropped_takes_its_endpoints_along(plane: Plane) -> None:
    """Without waiting for the collector: connections are files."""
    pool = urllib3.HTTPConnectionPool("b")
    with serving("gray"):
        pool.request("GET", "/")
    (endpoint,) = map(weakref.ref, vars(pool)["_fairlead_endpoints"].values())
    gc.disable()
    try:
        del pool
        assert endpoint() is None
    finally:
        gc.enable()


def test_endpoints_that_are_long_gone_are_forgotten(
    plane: Plane, monkeypatch: pytest.MonkeyPatch, base: Backend, gray: Backend
) -> None:
    """A pool lives as long as its program, and instances come and go."""
    monkeypatch.setattr(endpoint_pools, "MOST_ENDPOINTS", 1)
    with urllib3.HTTPConnectionPool("b") as pool:
        for lane in ("gray", "", "gray", ""):
            with serving(lane):
                pool.request("GET", "/")
        assert list(vars(pool)["_fairlead_endpoints"]) == [base.address]


def test_settings_of_the_pool_hold_for_its_endpoints(plane: Plane, gray: Backend) -> None:
    """The class, the default timeout, the options of the socket."""

    class Pool(urllib3.HTTPConnectionPool):
        calls = 0

        def urlopen(self, *args: Any, **options: Any) -> Any:
            type(self).calls += 1
            return super().urlopen(*args, **options)

    keepalive = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    with Pool("b", timeout=0.1, retries=False, socket_options=keepalive) as pool, serving("gray"):
        response = pool.request("GET", "/stream", preload_content=False)
        connection: Any = response.connection
        assert connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        response.drain_conn()
        with pytest.raises(ReadTimeoutError):
            pool.request("GET", "/wait")
    assert Pool.calls == 2
    assert len(gray.seen) == 2
