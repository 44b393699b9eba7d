"""A process that a request starts is on its lane, forked or not; a pool's workers are nobody's."""

from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from fairlead.instruments.propagate import current
from tests.instruments.plane import Plane, hooked, serving

METHODS = ("fork", "spawn", "forkserver")

Queue = Any


def lane() -> str | None:
    """Return the lane of the request at hand in this process."""
    origin = current()
    return None if origin is None else origin.lane


def lane_of(_: int) -> str | None:
    return lane()


def report(queue: Queue) -> None:
    queue.put(lane())


@pytest.fixture(autouse=True)
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "python"):
        yield plane


@pytest.mark.parametrize("method", METHODS)
def test_a_process_keeps_the_lane_of_the_request_that_starts_it(method: str) -> None:
    """Where it is not forked there is no context to inherit: the lane is sent along."""
    context: Any = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    with serving("gray"):
        process = context.Process(target=report, args=(queue,))
        process.start()
        assert process._target is report
        assert queue.get() == "gray"
        process.join(10)
    process = context.Process(target=report, args=(queue,))
    process.start()
    assert queue.get() is None
    process.join(10)


@pytest.mark.parametrize("method", METHODS)
def test_a_process_pool_takes_each_items_lane(method: str) -> None:
    """Its processes start with the first item, a gray one, and go on to serve everybody's."""
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        with serving("gray"):
            assert pool.submit(lane).result(10) == "gray"
            assert list(pool.map(lane_of, range(2), timeout=10)) == ["gray", "gray"]
        assert pool.submit(lane).result(10) is None
        with serving("blue"):
            assert pool.submit(lane).result(10) == "blue"


def test_the_workers_of_a_pool_of_processes_are_nobodys() -> None:
    """Forked in the middle of a gray request they would be copies of it."""
    context = multiprocessing.get_context("fork")
    with serving("gray"):
        pool = context.Pool(1)
    with pool:
        assert pool.apply(lane) is None


LANE = "import os; print(os.environ.get('FAIRLEAD_LANE'))"


def said(**options: Any) -> str:
    command = [sys.executable, "-c", LANE]
    printed: bytes = subprocess.check_output(command, **options)
    return printed.decode().strip()


def test_a_command_that_a_request_starts_has_its_lane_for_its_own(monkeypatch):
    """Its rows would be base's otherwise."""
    monkeypatch.setenv("FAIRLEAD_LANE", "blue")
    assert said() == "blue"
    with serving("gray"):
        assert said() == "gray"
        assert said(env={}) == "gray"
    with serving(""):
        assert said() == ""
        assert said(env={"FAIRLEAD_LANE": "blue"}) == ""


def test_a_command_that_a_loop_starts_has_its_requests_lane():
    """Asyncio starts it by the same class."""

    async def main() -> bytes:
        command = await asyncio.create_subprocess_exec(
            sys.executable, "-c", LANE, stdout=subprocess.PIPE
        )
        return (await command.communicate())[0]

    with serving("gray"):
        assert asyncio.run(main()) == b"gray\n"
