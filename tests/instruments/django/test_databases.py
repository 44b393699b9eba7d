"""On a lane with a shadow database, a thread has connections of the lane, and keeps all of them."""

from __future__ import annotations

import asyncio
import contextvars
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, connections, reset_queries, transaction
from django.db.utils import ConnectionHandler, NotSupportedError
from django.test import AsyncRequestFactory, RequestFactory

from tests.instruments.django import site
from tests.instruments.django.site import Location, ready, work
from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.sqlalchemy.shop import Shop, database, plane, snapshot

LANES = ("gray", "", "blue", "gray", "")


@pytest.fixture
def shop(tmp_path) -> Shop:
    shop = Shop(tmp_path)
    shop.prepare(site.schema())
    return shop


@pytest.fixture
def agent() -> Iterator[Plane]:
    agent = plane(database("gray"), database("blue"))
    site.PLANES.append(agent)
    yield agent
    site.PLANES.remove(agent)
    assert agent.counted("agent_faults") == {}


@pytest.fixture
def serve(shop: Shop, agent: Plane) -> Iterator[None]:
    with ready(agent, "sqlite3", NAME=str(shop.file), CONN_MAX_AGE=60):
        yield


def get(path: str, lane: str) -> tuple[str, str, str]:
    """Send a request on `lane` through the WSGI handler; return what the view says."""
    environ = RequestFactory().get(path).environ
    if lane:
        environ["HTTP_BAGGAGE"] = f"x-opensergo-traffic={lane}"
    # As a server's thread does it: in a context of its own, with the body closed at the end.
    body = contextvars.copy_context().run(site.wsgi_application, environ, lambda *_: None)
    try:
        lane, seen, number = b"".join(body).decode().split(" ")
    finally:
        body.close()
    return lane, seen, number


async def aget(path: str, lane: str) -> list[str]:
    """Send a request on `lane` through the ASGI handler; return what the view says."""
    headers = {"baggage": f"x-opensergo-traffic={lane}"} if lane else {}
    scope: Any = AsyncRequestFactory().get(path, headers=headers).scope
    said: list[bytes] = []
    ended = asyncio.Event()
    bodies = iter([{"type": "http.request", "body": b""}])

    async def receive() -> Any:
        for body in bodies:
            return body
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        said.append(message.get("body", b""))

    await site.asgi_application(scope, receive, send)
    ended.set()
    return b"".join(said).decode().split(" ")


@pytest.mark.usefixtures("serve")
def test_the_orm_works_on_the_shadow_and_leaves_base_alone(shop: Shop) -> None:
    """Models with keys, many rows at once, atomic blocks, callbacks: base holds what it held."""
    assert work("base") == ["base-new"]
    before = shop.whole()
    with serving("gray"):
        assert work("gray") == ["gray-new"]
    assert shop.whole() == before
    assert (shop.gray(), shop.gray("customers"), shop.gray("orders")) == (
        ["gray committed"],
        ["gray"],
        ["gray-new"],
    )
    gray = shop.whole("shop_gray")
    site.Customer.objects.all().delete()
    site.Location.objects.all().delete()
    assert work("again") == ["again-new"]
    assert shop.whole("shop_gray") == gray


@pytest.mark.usefixtures("serve")
def test_a_thread_keeps_a_connection_per_lane_over_its_requests(shop: Shop) -> None:
    """`CONN_MAX_AGE`: connecting anew for each request is what it is set against."""
    said = [get("/write", lane) for lane in LANES]
    assert [lane for lane, _, _ in said] == ["gray", "base", "blue", "gray", "base"]
    assert all(lane == seen for lane, seen, _ in said)
    numbers = [number for _, _, number in said]
    assert numbers[0] == numbers[3]
    assert numbers[1] == numbers[4]
    assert len(set(numbers)) == 3
    assert (shop.rows(), shop.gray()) == (["base"] * 2, ["gray"] * 2)
    assert len(connections.all(initialized_only=True)) == 3


@pytest.mark.usefixtures("serve")
def test_a_body_that_is_streamed_is_on_its_lane(shop: Shop) -> None:
    """It asks the database when the view has returned."""
    assert [get("/stream", lane)[:2] for lane in ("gray", "")] == [
        ("gray", "gray"),
        ("base", "base"),
    ]


def test_without_an_age_connections_of_every_lane_are_closed(shop: Shop, agent: Plane) -> None:
    """The default: a request closes what it used when it ends."""
    with ready(agent, "sqlite3", NAME=str(shop.file), CONN_MAX_AGE=0):
        for lane in LANES:
            get("/write", lane)
            assert [one.connection for one in connections.all(initialized_only=True)] == [
                None for _ in connections.all(initialized_only=True)
            ]


@pytest.mark.usefixtures("serve")
def test_connections_that_are_too_old_are_closed_whatever_lane_is_at_hand() -> None:
    """A thread that gets no more gray requests must not hold gray's connection for ever."""
    for lane in ("gray", ""):
        get("/write", lane)
    with serving("gray"):
        connection.close_at = time.monotonic() - 1
    assert connections["default"].connection is not None
    request_started.send(sender=None)
    with serving("gray"):
        assert connection.connection is None
    assert connections["default"].connection is not None
    request_finished.send(sender=None)
    connections.close_all()
    assert {one.connection for one in connections.all(initialized_only=True)} == {None}


@pytest.mark.usefixtures("serve")
def test_logs_of_queries_are_emptied_on_every_lane() -> None:
    """`DEBUG` collects them; a lane's would grow without end."""
    with serving("gray"):
        connection.force_debug_cursor = True
        Location.objects.count()
        assert len(connection.queries) == 1
    reset_queries()
    with serving("gray"):
        assert connection.queries == []


@pytest.mark.usefixtures("serve")
def test_an_atomic_block_stays_on_the_side_it_began_on(shop: Shop) -> None:
    """Code of another lane inside it is told, and the block ends where it began."""
    with serving("gray"):
        block = transaction.atomic()
        block.__enter__()
        Location.objects.create(location="gray")
    with pytest.raises(NotSupportedError, match="shadow database of lane gray"):
        Location.objects.count()
    with serving("blue"), pytest.raises(NotSupportedError, match="shadow database of lane gray"):
        Location.objects.create(location="blue")
    close_old_connections()
    block.__exit__(ValueError, ValueError(), None)
    assert not connection.in_atomic_block
    Location.objects.create(location="base")

    with transaction.atomic():
        with serving("gray"), pytest.raises(NotSupportedError, match="was opened to base"):
            Location.objects.count()
        Location.objects.create(location="more")
    assert (shop.rows(), shop.gray(), shop.rows(name="shop_blue")) == (["base", "more"], [], [])


@pytest.mark.usefixtures("serve")
def test_what_waits_for_a_commit_runs_on_the_lane(shop: Shop) -> None:
    """Callbacks belong to a connection, and write to the database of its lane."""
    said = []
    with serving("gray"), transaction.atomic():
        transaction.on_commit(lambda: said.append(connection.fairlead_databases[0].lane))
        transaction.on_commit(lambda: said.append(work("gray")[0]))
        assert connection.run_on_commit != []
    assert said == ["gray", "gray-new"]
    assert shop.rows("customers") == []


@pytest.mark.usefixtures("serve")
def test_a_view_that_fails_rolls_its_side_back(shop: Shop) -> None:
    """As the next request on the same thread finds it."""
    for lane in ("gray", ""):
        with pytest.raises(RuntimeError, match="the view failed"):
            get_failing(lane)
        assert get("/write", lane)[1] == (lane or "base")
    assert (shop.rows(), shop.gray()) == (["base"], ["gray"])


def get_failing(lane: str) -> None:
    request = RequestFactory().get("/fail")
    with serving(lane):
        site.fail(request)


@pytest.mark.usefixtures("serve")
def test_another_thread_has_connections_of_its_own(shop: Shop) -> None:
    """A wrapper says so when another thread uses it: a lane's is kept per thread, too."""
    said: list[tuple[str, str, str]] = []

    def requests(seed: int) -> None:
        dice = random.Random(seed)
        said.extend(get("/write", dice.choice(("", "gray", "blue"))) for _ in range(20))
        connections.close_all()

    threads = [threading.Thread(target=requests, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 80
    assert [one for one in said if one[0] != one[1]] == []
    assert set(shop.rows()) == {"base"}
    assert set(shop.gray()) == {"gray"}


@pytest.mark.usefixtures("serve")
@pytest.mark.parametrize("path", ["/awrite", "/write"])
def test_requests_at_once_in_one_event_loop_keep_apart(shop: Shop, path: str) -> None:
    """Each has a thread for what is synchronous, and hops there and back many times."""
    dice = random.Random(1)

    async def run() -> list[list[str]]:
        lanes = [dice.choice(("", "gray", "blue")) for _ in range(60)]
        return await asyncio.gather(*(aget(path, lane) for lane in lanes))

    said = asyncio.run(run())
    assert len(said) == 60
    assert [one for one in said if one[0] != one[1]] == []
    assert set(shop.rows()) == {"base"}
    assert set(shop.gray()) == {"gray"}


@pytest.mark.usefixtures("serve")
def test_the_asynchronous_orm_works_on_the_lane_of_its_task(shop: Shop) -> None:
    """Outside of requests all tasks share one thread, which is on another lane each time."""

    async def one(lane: str) -> None:
        with serving(lane):
            for _ in range(5):
                await Location.objects.acreate(location=lane or "base")
                seen = {row.location async for row in Location.objects.all()}
                assert seen == {lane or "base"}

    async def run() -> None:
        await asyncio.gather(*(one(lane) for lane in LANES * 3))

    asyncio.run(run())
    assert (len(shop.rows()), len(shop.gray())) == (30, 30)


@pytest.mark.usefixtures("serve")
def test_a_lane_whose_shadow_moves_connects_anew(shop: Shop, agent: Plane) -> None:
    """What a thread keeps open to the old shadow would be refused for ever."""
    get("/write", "gray")
    moved = replace(database("gray"), shadow=database("blue").shadow)
    agent.engine.apply(snapshot(moved))
    get("/write", "gray")
    agent.engine.apply(snapshot(database("blue")))
    get("/write", "blue")
    assert len(connections.all(initialized_only=True)) == 1
    assert shop.gray() == ["gray"]
    assert shop.rows(name="shop_blue") == ["gray", "blue"]


@pytest.mark.usefixtures("serve")
def test_a_connection_can_be_set_and_deleted_on_each_side() -> None:
    """Test runners lend a thread theirs; pools for threads take a thread's away."""
    base = connections["default"]
    with serving("gray"):
        gray = connections["default"]
        assert gray is not base
        assert connection == gray
        del connections["default"]
        assert connections["default"] is not gray
        connections["default"] = gray
        assert connections["default"] is gray
    assert connections["default"] is base
    assert connections.all() == [base]
    assert connections.all(initialized_only=True) == [base, gray]


@pytest.mark.usefixtures("serve")
def test_a_database_without_a_shadow_has_one_connection(agent: Plane) -> None:
    """In memory, as in a test run, another connection would be another database."""
    connections.settings["default"]["NAME"] = "file:memorydb_default?mode=memory&cache=shared"
    try:
        base = connections["default"]
        with serving("gray"):
            assert connections["default"] is base
            with pytest.raises(connections.exception_class):
                connections["other"]
    finally:
        connections.close_all()


def test_restoring_leaves_no_trace(agent: Plane) -> None:
    """A guest that leaves takes everything along."""
    before = dict(vars(ConnectionHandler))
    with hooked(agent, "django"):
        assert dict(vars(ConnectionHandler)) != before
    assert dict(vars(ConnectionHandler)) == before
