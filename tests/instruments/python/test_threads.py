"""Contract 9: what a request starts keeps its lane, what serves many takes each item's."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import logging.handlers
import queue
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Any

import anyio.to_thread
import pytest

from fairlead.instruments.propagate import current, current_lane
from fairlead.telemetry.names import LANE_OUTLIVED_REQUEST
from tests.instruments.plane import Plane, hooked, inner, serving

LANES = ("gray", "", "blue", "gray")


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "python"):
        yield plane


def in_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_a_thread_keeps_the_lane_of_the_request_that_starts_it(plane: Plane) -> None:
    """Also one that it starts in turn; and starting changes nothing here."""
    lanes: list[str] = []

    def work() -> None:
        lanes.append(current_lane(plane))
        in_thread(lambda: lanes.append(current_lane(plane)))

    for lane in LANES:
        with serving(lane):
            in_thread(work)
            assert current_lane(plane) == lane
    in_thread(work)
    assert lanes == ["gray", "gray", "", "", "blue", "blue", "gray", "gray", "", ""]


def test_a_thread_started_for_nobody_is_on_the_instances_lane(plane: Plane) -> None:
    """Contract 8: schedulers, consumers, start-up."""
    plane.engine.apply(inner(lane="gray"))
    lanes: list[str] = []
    in_thread(lambda: lanes.append(current_lane(plane)))
    assert lanes == ["gray"]


def test_a_subclass_of_thread_and_a_timer_keep_the_lane(plane: Plane) -> None:
    """Whatever `run` is."""
    lanes: list[str] = []

    class Mine(threading.Thread):
        def run(self) -> None:
            lanes.append(current_lane(plane))

    with serving("gray"):
        threads = [Mine(), threading.Timer(0.0, lambda: lanes.append(current_lane(plane)))]
        for thread in threads:
            thread.start()
            thread.join(5)
    assert lanes == ["gray", "gray"]


def test_only_the_lane_is_carried(plane: Plane) -> None:
    """The rest of a context is the application's: a thread starts without it."""
    variable = contextvars.ContextVar("variable", default="none")
    seen: list[str] = []
    with serving("gray"):
        variable.set("request's")
        in_thread(lambda: seen.append(variable.get()))
        with ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(variable.get).result(5))
    assert seen == ["none", "none"]


def test_a_thread_that_outlives_its_request_is_counted(plane: Plane) -> None:
    """It keeps its lane, and doctor can say that it happened."""
    over, lanes = threading.Event(), []

    def straggle() -> None:
        over.wait(5)
        lanes.append(current_lane(plane))

    with serving("gray"):
        thread = threading.Thread(target=straggle)
        thread.start()
    over.set()
    thread.join(5)
    assert lanes == ["gray"]
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {"gray": 1}


def test_a_worker_that_a_gray_request_started_serves_base_items_as_base(plane: Plane) -> None:
    """Contract 9 names it: an executor starts its threads on the first submit."""
    with ThreadPoolExecutor(1) as pool:
        lanes = []
        for lane in LANES:
            with serving(lane):
                lanes.append(pool.submit(current_lane, plane).result(5))
        lanes.append(pool.submit(current_lane, plane).result(5))
    assert lanes == [*LANES, ""]
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {}


def test_an_executor_maps_and_calls_back_on_the_lane(plane: Plane) -> None:
    """A callback runs in the worker, after the item's lane has been put down."""
    lanes: queue.Queue[str] = queue.Queue()

    def say(future: Future[str]) -> None:
        lanes.put(current_lane(plane))

    gate = threading.Event()

    def item() -> str:
        gate.wait(5)
        return current_lane(plane)

    with ThreadPoolExecutor(2) as pool:
        with serving("gray"):
            assert list(pool.map(lambda _: current_lane(plane), range(4))) == ["gray"] * 4
        with serving("blue"):
            future = pool.submit(item)
            future.add_done_callback(say)
            gate.set()
            assert future.result(5) == "blue"
            assert lanes.get(timeout=5) == "blue"
        with serving(""):
            pool.submit(item).add_done_callback(say)
            assert lanes.get(timeout=5) == ""


def test_an_error_in_an_item_leaves_the_worker_clean(plane: Plane) -> None:
    """The next item belongs to somebody else."""

    def fail() -> None:
        raise LookupError("the application's")

    with ThreadPoolExecutor(1) as pool:
        with serving("gray"), pytest.raises(LookupError):
            pool.submit(fail).result(5)
        assert pool.submit(current).result(5) is None


def test_a_thread_pool_takes_each_items_lane(plane: Plane) -> None:
    """By every method it has; its own threads start with a gray request."""
    with serving("gray"):
        pool = ThreadPool(2)
    with pool:
        for lane in LANES:
            with serving(lane):
                seen: queue.Queue[str] = queue.Queue()

                def say(_: Any, seen: queue.Queue[str] = seen) -> None:
                    seen.put(current_lane(plane))

                def lane_of(_: Any) -> str:
                    return current_lane(plane)

                def items() -> Iterator[int]:
                    for item in range(3):
                        say(item)
                        yield item

                assert pool.apply(lane_of, (1,)) == lane
                pool.apply_async(lane_of, (1,), {}, say).wait(5)
                pool.apply_async(lane_of, (1,), callback=say).wait(5)
                pool.map_async(lane_of, [1], callback=say).wait(5)
                assert pool.map(lane_of, range(4)) == [lane] * 4
                assert pool.starmap(lane_of, [(1,), (2,)]) == [lane] * 2
                assert list(pool.imap(lane_of, items())) == [lane] * 3
                assert list(pool.imap_unordered(lane_of, items(), 2)) == [lane] * 3
                assert [seen.get(timeout=5) for _ in range(9)] == [lane] * 9
        assert pool.apply(current) is None


def test_a_queue_listener_belongs_to_nobody(plane: Plane) -> None:
    """It writes everybody's records, also when the first gray request set logging up."""
    seen: queue.Queue[object] = queue.Queue()

    class Sink(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.put(current())

    records: queue.Queue[Any] = queue.Queue()
    listener = logging.handlers.QueueListener(records, Sink())
    with serving("gray"):
        listener.start()
        records.put(logging.makeLogRecord({"msg": "x"}))
        assert seen.get(timeout=5) is None
    listener.stop()


def test_a_server_on_a_thread_belongs_to_nobody(plane: Plane) -> None:
    """Metrics are served by one in many programs, started on first use."""
    seen: queue.Queue[object] = queue.Queue()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            seen.put(current())

    class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
        daemon_threads = True
        server_address: tuple[str, int]

    with Server(("127.0.0.1", 0), Handler) as server:
        with serving("gray"):
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
        socket.create_connection(server.server_address, timeout=5).close()
        assert seen.get(timeout=5) is None
        server.shutdown()
        thread.join(5)


def test_tasks_timers_and_callbacks_of_a_loop_inherit_the_lane(plane: Plane) -> None:
    """Asyncio does that by itself; nothing of ours gets in its way."""

    async def work() -> list[str]:
        loop, lanes = asyncio.get_running_loop(), []
        called: asyncio.Queue[str] = asyncio.Queue()
        for lane in LANES:
            with serving(lane):
                loop.call_soon(lambda: called.put_nowait(current_lane(plane)))
                loop.call_later(0, lambda: called.put_nowait(current_lane(plane)))
                task = asyncio.create_task(asyncio.sleep(0, None))
                task.add_done_callback(lambda _: called.put_nowait(current_lane(plane)))

                async def child() -> str:
                    return current_lane(plane)

                lanes.append(await asyncio.create_task(child()))
                lanes += [await called.get() for _ in range(3)]
        return lanes

    assert asyncio.run(work()) == [lane for lane in LANES for _ in range(4)]


def test_threads_that_a_loop_uses_take_each_items_lane(plane: Plane) -> None:
    """`to_thread`, `run_in_executor` and anyio's workers, nested as far as you like."""

    def nested(depth: int) -> str:
        if not depth:
            return current_lane(plane)
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(nested, depth - 1).result(5)

    async def by_every_way() -> set[str]:
        loop = asyncio.get_running_loop()
        return {
            await asyncio.to_thread(current_lane, plane),
            await loop.run_in_executor(None, current_lane, plane),
            await loop.run_in_executor(None, nested, 2),
            await anyio.to_thread.run_sync(current_lane, plane),
            await asyncio.to_thread(asyncio.run, child()),
        }

    async def child() -> str:
        return await asyncio.to_thread(current_lane, plane)

    async def work() -> list[set[str]]:
        seen = []
        for lane in LANES:
            with serving(lane):
                seen.append(await by_every_way())
        return [*seen, await by_every_way()]

    assert asyncio.run(work()) == [*({lane} for lane in LANES), {""}]
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {}


def test_a_copied_context_has_the_lane_it_was_copied_with(plane: Plane) -> None:
    """Libraries carry contexts themselves; then theirs is right."""
    with serving("gray"):
        context = contextvars.copy_context()
    with serving("blue"), ThreadPoolExecutor(1) as pool:
        assert context.run(current_lane, plane) == "gray"
        assert pool.submit(context.run, current_lane, plane).result(5) == "gray"
        assert pool.submit(current_lane, plane).result(5) == "blue"


def test_an_async_generator_is_on_the_lane_of_who_steps_it(plane: Plane) -> None:
    """It has no context of its own."""

    async def steps() -> Any:
        for _ in range(2):
            yield current_lane(plane)

    async def work() -> list[str]:
        shared = steps()
        lanes = []
        for lane in ("gray", "blue"):
            with serving(lane):
                lanes.append(await anext(shared))
        return lanes

    assert asyncio.run(work()) == ["gray", "blue"]


def test_a_thread_may_be_given_a_partial_or_nothing_to_do(plane: Plane) -> None:
    """What tells workers apart must not stumble over them."""
    with serving("gray"):
        in_thread(partial(current_lane, plane))
        thread = threading.Thread()
        thread.start()
        thread.join(5)


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    owners: list[Any] = [threading.Thread, ThreadPoolExecutor, ThreadPool, Future]
    before = [dict(vars(owner)) for owner in owners]
    with hooked(Plane(), "python"):
        assert [dict(vars(owner)) for owner in owners] != before
    assert [dict(vars(owner)) for owner in owners] == before
