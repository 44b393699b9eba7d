"""Two processes that serve gRPC at one port, each by a socket of its own, as in its example."""

# mypy: ignore-errors
from __future__ import annotations

import multiprocessing
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor


def serve(port: int) -> None:
    import grpc

    server = grpc.server(ThreadPoolExecutor(2), options=(("grpc.so_reuseport", 1),))
    handler = grpc.unary_unary_rpc_method_handler(lambda request, context: b"%d" % os.getpid())
    methods = grpc.method_handlers_generic_handler("shop.Cart", {"Price": handler})
    server.add_generic_rpc_handlers((methods,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(("127.0.0.1", 0))
        context = multiprocessing.get_context(sys.argv[1])
        port = reserved.getsockname()[1]
        workers = [context.Process(target=serve, args=(port,)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
