"""Handlers of grpc.aio may be functions of several kinds; each is served as what it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import grpc

from fairlead.instruments.propagate import current_lane
from tests.instruments.plane import Plane, entry, hooked
from tests.instruments.rpc import WAYS, aio_server, ask, lane_in, sync_functions

GRAY = (("baggage", "x-opensergo-traffic=gray"),)


@contextmanager
def channel_to(plane: Plane, functions: dict[str, Callable[..., Any]]) -> Iterator[Any]:
    """Serve these functions, hooked."""
    with ExitStack() as stack:
        stack.enter_context(hooked(plane, "grpc_aio_server", "python"))
        address = stack.enter_context(aio_server(str, functions=functions))
        yield stack.enter_context(grpc.insecure_channel(address))


def test_plain_functions_run_in_threads_on_the_lane_of_their_call() -> None:
    """The library takes them for the sake of who is on the way to asyncio."""
    plane, threads = Plane(), set()

    def say(context: Any) -> str:
        threads.add(threading.current_thread().name.rpartition("_")[0])
        return current_lane(plane) or "base"

    with channel_to(plane, sync_functions(say)) as channel:
        for way in WAYS[:2]:  # the library has no way to read a stream in a thread
            assert lane_in(ask(channel, way, GRAY)) == "gray"
            assert lane_in(ask(channel, way)) == "base"
    assert all(name.startswith("ThreadPoolExecutor") for name in threads)


def test_plain_functions_at_an_entry_see_no_label() -> None:
    """Their context is of a kind of its own."""
    plane = Plane(entry())

    def say(context: Any) -> str:
        return ",".join(key for key, _ in context.invocation_metadata() if key == "baggage") or "-"

    with channel_to(plane, sync_functions(say)) as channel:
        assert lane_in(ask(channel, "unary_stream", GRAY)) == "-"


def test_methods_of_a_servicer_are_functions_of_their_kind() -> None:
    """Generated code hands over bound methods."""
    plane = Plane()

    class Cart:
        async def get(self, request: str, context: Any) -> str:
            return current_lane(plane)

        async def list(self, request: str, context: Any) -> AsyncIterator[str]:
            yield current_lane(plane)
            await context.write(current_lane(plane))

        async def chat(self, requests: AsyncIterator[str], context: Any) -> AsyncIterator[str]:
            async for _ in requests:
                yield current_lane(plane)

        async def put(self, requests: AsyncIterator[str], context: Any) -> str:
            return "".join({current_lane(plane) async for _ in requests})

    cart = Cart()
    functions: dict[str, Callable[..., Any]]
    functions = dict(zip(WAYS, (cart.get, cart.list, cart.put, cart.chat), strict=True))
    with channel_to(plane, functions) as channel:
        assert {lane_in(ask(channel, way, GRAY)) for way in WAYS} == {"gray"}


def test_a_stream_whose_client_goes_away_ends_on_its_lane() -> None:
    """What a generator does last may call other services too."""
    plane, ended = Plane(), threading.Event()
    lanes: list[str] = []

    async def endless(request: str, context: Any) -> AsyncIterator[str]:
        try:
            while True:
                yield "more"
                await asyncio.sleep(0)
        finally:
            lanes.append(current_lane(plane))
            ended.set()

    functions = {"unary_stream": endless}
    with channel_to(plane, functions) as channel:
        call: Iterator[bytes] = channel.unary_stream("/shop.Cart/List")(b"1", metadata=GRAY)
        assert next(call) == b"more"
        call.cancel()  # type: ignore[attr-defined]
        assert ended.wait(20)
    assert lanes == ["gray"]
