"""Channels of grpc.aio by an app's name: styles of streams, interceptors, cancelling, closing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.instruments.backend import closed_port
from tests.instruments.grpc.conftest import Seen, base, gray, plane
from tests.instruments.plane import Plane, inner, serving
from tests.instruments.rpc import ask_async, method_of

__all__ = ["base", "gray", "plane"]

Work = Callable[[Any], Awaitable[None]]


def run(work: Work, **options: Any) -> None:
    """Do `work` with a channel to the app, twice: not connected, and then connected."""

    async def main() -> None:
        async with grpc.aio.insecure_channel("cart:50051", **options) as channel:
            await work(channel)
            await work(channel)

    asyncio.run(main())


def test_streams_are_read_and_written_by_hand(plane: Plane) -> None:
    """The other style of grpc.aio."""

    async def work(channel: Any) -> None:
        with serving("gray"):
            call = method_of(channel, "stream_stream")(timeout=30)
        await call.wait_for_connection()
        for _ in range(3):
            await call.write("1")
            assert await call.read() == "cart-gray"
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK

    run(work)


def test_calls_side_by_side_keep_their_lanes(plane: Plane) -> None:
    """The lane is that of the task that makes the call."""

    async def one(channel: Any, lane: str) -> None:
        with serving(lane):
            for way in ("unary_unary", "unary_stream", "stream_unary", "stream_stream"):
                found = await ask_async(channel, way)
                assert set(found) == {"cart-gray" if lane else "cart"}

    async def work(channel: Any) -> None:
        await asyncio.gather(*(one(channel, "gray" if turn % 2 else "") for turn in range(20)))

    run(work)


def test_interceptors_of_the_application_see_the_call_once(plane: Plane, base: Seen) -> None:
    """Whatever it takes to send it; and what they add is sent."""
    seen: list[bytes | str] = []

    class Interceptor(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
        async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            seen.append(details.method)
            details.metadata.add("x-seen", "1")
            return await continuation(details, request)

    async def work(channel: Any) -> None:
        with serving("gray"):
            assert await ask_async(channel, "unary_unary") == ["cart"]
        assert base.last("x-seen") == "1"
        assert set(await ask_async(channel, "unary_stream")) == {"cart"}

    with closed_port() as address:
        plane.engine.apply(inner({"cart": {address: "gray", base.address: ""}}))
        run(work, interceptors=[Interceptor()])
    assert len(seen) == 2


def test_a_call_that_is_cancelled_at_once_is_never_made(plane: Plane, base: Seen) -> None:
    """Nobody waits for it any more."""

    async def work(channel: Any) -> None:
        call = method_of(channel, "unary_unary")("1")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert base.calls == []

    run(work)


def test_a_task_that_is_cancelled_ends_its_call(plane: Plane, base: Seen) -> None:
    """A timeout around a call is how asyncio sets deadlines."""

    async def work(channel: Any) -> None:
        here, gone, loop = asyncio.Event(), threading.Event(), asyncio.get_running_loop()

        def wait(context: Any) -> None:
            context.add_callback(gone.set)
            loop.call_soon_threadsafe(here.set)
            gone.wait(30)

        base.behave = wait
        task = asyncio.ensure_future(ask_async(channel, "unary_unary"))
        await asyncio.wait_for(here.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(gone.wait, 30)

    run(work)


def test_a_channel_that_is_closed_closes_what_is_behind_it(plane: Plane, base: Seen) -> None:
    """With the same grace."""

    async def main() -> None:
        channel = grpc.aio.insecure_channel("cart")
        assert await ask_async(channel, "unary_unary") == ["cart"]
        call = method_of(channel, "stream_stream")(timeout=30)
        await call.write("1")
        assert await call.read() == "cart"
        await channel.close(0.01)
        assert await call.code() is grpc.StatusCode.CANCELLED
        with pytest.raises(grpc.aio.UsageError):
            await ask_async(channel, "unary_unary")

    asyncio.run(main())


def test_an_application_hears_when_an_app_can_be_reached(plane: Plane, base: Seen) -> None:
    """Many wait for that before their first call; the endpoint may be yet to come."""

    async def main(address: str) -> None:
        async with grpc.aio.insecure_channel("cart") as channel:
            plane.engine.apply(inner({"cart": {address: ""}}))
            assert channel.get_state() is grpc.ChannelConnectivity.IDLE
            ready = asyncio.ensure_future(channel.channel_ready())
            await channel.wait_for_state_change(grpc.ChannelConnectivity.IDLE)
            assert not ready.done()
            plane.engine.apply(inner({"cart": {}}))
            assert channel.get_state() is grpc.ChannelConnectivity.TRANSIENT_FAILURE
            plane.engine.apply(inner({"cart": {base.address: ""}}))
            await asyncio.wait_for(ready, 30)
            assert channel.get_state() is grpc.ChannelConnectivity.READY

    with closed_port() as address:
        asyncio.run(main(address))
