"""Among a thousand calls of every kind, side by side, none is on another's lane."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import grpc
import grpc.aio
import pytest

from fairlead.instruments.propagate import current_lane
from fairlead.telemetry.names import AGENT_FAULTS, LANE_OUTLIVED_REQUEST
from tests.instruments.plane import Plane, eventually, hooked, inner
from tests.instruments.rpc import (
    WAYS,
    aio_server,
    ask,
    ask_async,
    sync_functions,
    sync_server,
)

CALLS, THREADS = 1000, 8

Functions = dict[str, Callable[..., Any]]


def passing_on(plane: Plane, cart: Any) -> Functions:
    """Return handlers that say their lane, and who the cart is that they reach, for each answer."""
    ways = itertools.cycle(WAYS)

    def say(context: Any) -> str:
        lane = current_lane(plane)
        answers = set(ask(cart, next(ways)))
        return f"{lane} {'+'.join(answers)} {current_lane(plane)}"

    return sync_functions(say)


def passing_on_async(plane: Plane, cart: list[Any]) -> Functions:
    """Return the same in coroutines and asynchronous generators."""
    ways = itertools.cycle(WAYS)

    async def say() -> str:
        if not cart:
            cart.append(grpc.aio.insecure_channel("cart"))
        lane = current_lane(plane)
        answers = set(await ask_async(cart[0], next(ways)))
        return f"{lane} {'+'.join(answers)} {current_lane(plane)}"

    async def unary_unary(request: str, context: Any) -> str:
        return await say()

    async def unary_stream(request: str, context: Any) -> AsyncIterator[str]:
        for _ in range(2):
            yield await say()

    async def stream_unary(requests: AsyncIterator[str], context: Any) -> str:
        said = [asyncio.ensure_future(say()) async for _ in requests]
        return (await asyncio.gather(*said))[-1]

    async def stream_stream(requests: AsyncIterator[str], context: Any) -> AsyncIterator[str]:
        async for _ in requests:
            yield await say()

    return {one.__name__: one for one in (unary_unary, unary_stream, stream_unary, stream_stream)}


@pytest.fixture
def fronts() -> Iterator[tuple[Plane, list[Any]]]:
    """Run carts of both lanes and kinds, and a service of each kind before them."""
    plane = Plane()
    with ExitStack() as stack:
        stack.enter_context(hooked(plane, "grpc", "grpc_aio", "grpc_server", "grpc_aio_server"))
        stack.enter_context(hooked(plane, "python"))
        endpoints = {}
        for serve, lane in itertools.product((sync_server, aio_server), ("", "gray")):

            def say(context: Any, lane: str = lane) -> str:
                return f"{lane}={current_lane(plane)}"

            endpoints[stack.enter_context(serve(say, threads=16))] = lane
        plane.engine.apply(inner({"cart": endpoints}))
        cart = stack.enter_context(grpc.insecure_channel("cart:50051"))
        functions = passing_on(plane, cart)
        sync = stack.enter_context(sync_server(str, threads=16, functions=functions))
        channels: list[Any] = []
        functions = passing_on_async(plane, channels)
        aio = stack.enter_context(aio_server(str, functions=functions))
        yield plane, [stack.enter_context(grpc.insecure_channel(one)) for one in (sync, aio)]


def test_no_call_is_ever_on_anothers_lane(fronts: tuple[Plane, list[Any]]) -> None:
    """Servers and clients, sync and asyncio, in every cardinality, some of them cancelled."""
    plane, channels = fronts

    def one(number: int) -> str | None:
        lane = ("gray", "")[number % 2]
        way, channel = WAYS[number // 2 % 4], channels[number // 8 % 2]
        metadata = [("baggage", "x-opensergo-traffic=gray")] if lane else []
        if number % 16 == 6:
            stream = channel.unary_stream("/shop.Cart/List")(b"1", metadata=metadata, timeout=60)
            next(stream)
            stream.cancel()
            return None
        found = set(ask(channel, way, metadata, timeout=60))
        return None if found == {f"{lane} {lane}={lane} {lane}"} else f"{lane} {way}: {found}"

    with ThreadPoolExecutor(THREADS) as pool:
        leaks = [leak for leak in pool.map(one, range(CALLS)) if leak]
    assert leaks == []
    assert plane.counted(AGENT_FAULTS) == {}
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {}
    gates = list(plane.engine.gates)
    assert eventually(lambda: not any(gate.inflight for gate in gates), 30)
