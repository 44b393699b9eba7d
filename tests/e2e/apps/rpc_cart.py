"""A service of grpc.aio, from generated code, that says which instance of it answered."""

# mypy: ignore-errors
from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import shop_pb2
import shop_pb2_grpc

NAME = "cart" + os.environ.get("VERSION", "")


class Cart(shop_pb2_grpc.CartServicer):
    """Each method answers with the name of the instance."""

    async def Price(self, request: Any, context: Any) -> Any:  # noqa: N802
        return shop_pb2.Answer(text=NAME)

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        for _ in range(3):
            yield shop_pb2.Answer(text=NAME)

    async def Pay(self, request: Any, context: Any) -> Any:  # noqa: N802
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the bank is closed")


async def main() -> None:
    server = grpc.aio.server()
    shop_pb2_grpc.add_CartServicer_to_server(Cart(), server)
    server.add_insecure_port("127.0.0.1:0")
    await server.start()
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()
    await server.stop(5)


asyncio.run(main())
