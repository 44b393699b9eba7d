"""Two servers of gRPC in a process of their own, one without hooks and one with them.

``python -m benchmarks.rpc_responder sync|aio`` prints their two addresses.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc.aio

from benchmarks.plane import Plane, snapshot
from fairlead.instruments.libs import grpc_aio_server, grpc_server
from fairlead.instruments.patch import Patches
from fairlead.instruments.propagate import current

SERVICE = "bench.Shop"
GET, LABELLED, SPENT = (f"/{SERVICE}/{name}" for name in ("Get", "Labelled", "Spent"))
"""Answers with the lane that it is on; with what came with the call; with CPU time so far."""

THREADS = 2


def lane(context: Any) -> str:
    """Return the lane of the call, ``""`` on base and where nothing is hooked."""
    del context
    found = current()
    return found.lane if found is not None else ""


def label(context: Any) -> str:
    """Return the baggage of the call."""
    return ";".join(value for key, value in context.invocation_metadata() if key == "baggage")


def spent(context: Any) -> str:
    """Return the CPU nanoseconds of this process, all its threads together."""
    del context
    return str(time.process_time_ns())


FUNCTIONS: dict[str, Callable[[Any], str]] = {GET: lane, LABELLED: label, SPENT: spent}


def _handlers(*, awaited: bool) -> Any:
    def handler(say: Callable[[Any], str]) -> Any:
        def plain(request: bytes, context: Any) -> bytes:
            del request
            return say(context).encode()

        async def coroutine(request: bytes, context: Any) -> bytes:
            return plain(request, context)

        return grpc.unary_unary_rpc_method_handler(coroutine if awaited else plain)

    named = {path.rpartition("/")[2]: handler(say) for path, say in FUNCTIONS.items()}
    return grpc.method_handlers_generic_handler(SERVICE, named)


def _sync() -> None:
    patches, ports, servers = Patches(), [], []
    for hooked in (False, True):
        if hooked:
            grpc_server.install(Plane(snapshot("c")), patches)
        server = grpc.server(ThreadPoolExecutor(THREADS))
        server.add_generic_rpc_handlers((_handlers(awaited=False),))
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        server.start()
        servers.append(server)
    _tell(ports)
    sys.stdin.read()
    for server in servers:
        server.stop(None).wait(5)


async def _aio() -> None:
    patches, ports, servers = Patches(), [], []
    for hooked in (False, True):
        if hooked:
            grpc_aio_server.install(Plane(snapshot("c")), patches)
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((_handlers(awaited=True),))
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        servers.append(server)
    _tell(ports)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for server in servers:
        await server.stop(None)


def _tell(ports: list[int]) -> None:
    print(*(f"127.0.0.1:{port}" for port in ports), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "aio":
        asyncio.run(_aio())
    else:
        _sync()
