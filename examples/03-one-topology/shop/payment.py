"""Payment: gRPC. Every hundredth card is refused."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

COUNT = itertools.count(1)


def pay(request: bytes, context: Any) -> bytes:
    if next(COUNT) % 100 == 0:
        context.abort(grpc.StatusCode.UNAVAILABLE, "the bank is closed")
    return b"paid " + request


handlers = {"Pay": grpc.unary_unary_rpc_method_handler(pay)}
server = grpc.server(ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Payment", handlers),))
server.add_insecure_port("127.0.0.1:0")
server.start()
server.wait_for_termination()
