"""A service with a method of each cardinality, on real servers of both kinds, and a plain client.

Messages are text. Each method answers with what `say` returns; those that answer with a stream do
so a few times over.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import grpc.aio

SERVICE = "shop.Cart"
WAYS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
ANSWERS = 3
"""How many messages a stream answers with."""

METHODS = {"unary_unary": "Get", "unary_stream": "List", "stream_unary": "Put"}
METHODS |= {"stream_stream": "Chat"}

Metadata = Sequence[tuple[str, str]]
Say = Callable[[Any], str]
"""Answers a call, given the context of its server."""


def encode(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()  # aio has encoded a str already


def decode(data: bytes) -> str:
    return data.decode()


def path(way: str) -> str:
    """Return the full name of the method of a cardinality."""
    return f"/{SERVICE}/{METHODS[way]}"


def handlers(functions: dict[str, Callable[..., Any]]) -> Any:
    """Return a generic handler, as generated code makes one, of functions by cardinality."""
    made = {
        METHODS[way]: getattr(grpc, f"{way}_rpc_method_handler")(function, decode, encode)
        for way, function in functions.items()
    }
    return grpc.method_handlers_generic_handler(SERVICE, made)


def sync_functions(say: Say) -> dict[str, Callable[..., Any]]:
    def unary_unary(request: str, context: Any) -> str:
        return say(context)

    def unary_stream(request: str, context: Any) -> Iterator[str]:
        for _ in range(ANSWERS):
            yield say(context)

    def stream_unary(requests: Iterator[str], context: Any) -> str:
        # All of them first: an answer ahead of what is written is the library's own error.
        said = [say(context) for _ in list(requests)]
        return said[-1] if len(set(said)) == 1 else f"not one: {said}"

    def stream_stream(requests: Iterator[str], context: Any) -> Iterator[str]:
        for _ in requests:
            yield say(context)

    return {function.__name__: function for function in _four(locals())}


def aio_functions(say: Say) -> dict[str, Callable[..., Any]]:
    async def unary_unary(request: str, context: Any) -> str:
        await asyncio.sleep(0)
        return say(context)

    async def unary_stream(request: str, context: Any) -> AsyncIterator[str]:
        for _ in range(ANSWERS):
            await asyncio.sleep(0)
            yield say(context)

    async def stream_unary(requests: AsyncIterator[str], context: Any) -> str:
        said = [say(context) for _ in [one async for one in requests]]
        return said[-1] if len(set(said)) == 1 else f"not one: {said}"

    async def stream_stream(requests: Any, context: Any) -> None:
        while await context.read() is not grpc.aio.EOF:
            await context.write(say(context))

    return {function.__name__: function for function in _four(locals())}


def _four(names: dict[str, Any]) -> list[Any]:
    return [names[way] for way in WAYS]


@contextmanager
def sync_server(say: Say, *, threads: int = 4, **options: Any) -> Iterator[str]:
    """Serve on a free port; yield the address."""
    functions = options.pop("functions", None) or sync_functions(say)
    server = grpc.server(ThreadPoolExecutor(threads), **options)
    server.add_generic_rpc_handlers((handlers(functions),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait(10)


@contextmanager
def aio_server(say: Say, *, threads: int = 4, **options: Any) -> Iterator[str]:
    """Serve on a free port, from a loop on a thread of its own; yield the address."""
    functions = options.pop("functions", None) or aio_functions(say)
    loop, started, stopped = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    ports: list[int] = []

    async def main() -> None:
        pool = ThreadPoolExecutor(threads)
        server = grpc.aio.server(migration_thread_pool=pool, **options)
        server.add_generic_rpc_handlers((handlers(functions),))
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        started.set()
        await stopped.wait()
        await server.stop(None)

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield f"127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(20)
        loop.close()


SERVERS: dict[str, Any] = {"sync": sync_server, "aio": aio_server}


def method_of(channel: Any, way: str) -> Any:
    """Return what calls the method of a cardinality, as generated stubs have it."""
    return getattr(channel, way)(path(way), encode, decode)


def ask(channel: Any, way: str, metadata: Metadata = (), **options: Any) -> list[str]:
    """Call the method of a cardinality; return the messages of the answer."""
    options.setdefault("timeout", 30)
    request = iter(["1", "2"]) if way.startswith("stream") else "1"
    answer = method_of(channel, way)(request, metadata=metadata, **options)
    return list(answer) if way.endswith("stream") else [answer]


async def ask_async(channel: Any, way: str, metadata: Metadata = (), **options: Any) -> list[str]:
    """Do the same through a channel of grpc.aio."""
    options.setdefault("timeout", 30)
    request = iter(["1", "2"]) if way.startswith("stream") else "1"
    call = method_of(channel, way)(request, metadata=metadata, **options)
    return [answer async for answer in call] if way.endswith("stream") else [await call]


def lane_in(answers: list[str]) -> str:
    """Return the one answer that all of them are."""
    assert len(set(answers)) == 1, answers
    return answers[0]
