"""A service of grpc, from generated code, that passes on to another what it is asked."""

# mypy: ignore-errors
from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import shop_pb2_grpc


class Checkout(shop_pb2_grpc.CheckoutServicer):
    """Each method asks that of the cart, by its name."""

    def __init__(self) -> None:
        self._cart = shop_pb2_grpc.CartStub(grpc.insecure_channel("cart:50051"))

    def Price(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._passed_on(self._cart.Price, request, context)

    def Watch(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        yield from self._cart.Watch(request, timeout=20)

    def Pay(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._passed_on(self._cart.Pay, request, context)

    def _passed_on(self, method: Any, request: Any, context: Any) -> Any:
        try:
            return method(request, timeout=20)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())


server = grpc.server(ThreadPoolExecutor(8))
shop_pb2_grpc.add_CheckoutServicer_to_server(Checkout(), server)
server.add_insecure_port("127.0.0.1:0")
server.start()
server.wait_for_termination()
