"""A server in a process of its own that answers every request with two bytes, at little cost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_REST = b"\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok"
ANSWER = b"HTTP/1.1 200 OK" + _REST
REFUSAL = b"HTTP/1.1 400 Bad Request" + _REST
LABELLED = "/labelled"
"""Path that is refused without the label of lane gray, so that a hook that does nothing shows."""


class Responder(asyncio.Protocol):
    """Answers each request head; requests without a body only."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self._transport = transport
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        """Answer as many heads as have come in whole."""
        heads = (self._seen + data).split(b"\r\n\r\n")
        self._seen = heads.pop()
        assert isinstance(self._transport, asyncio.WriteTransport)
        for head in heads:
            wanted = head.startswith(b"GET /labelled")
            labelled = b"x-opensergo-traffic=gray" in head
            self._transport.write(ANSWER if labelled or not wanted else REFUSAL)


async def main() -> None:
    """Serve on a free loopback port, which is printed, until stdin ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Responder, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started it holds the other end: however that one goes, this one goes with it.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def responding() -> Iterator[str]:
    """Run the server and give its ``host:port``."""
    with child("benchmarks.responder") as port:
        yield f"127.0.0.1:{port}"


@contextmanager
def child(module: str, *words: str) -> Iterator[str]:
    """Run a module that serves until its stdin ends, and give the line that it prints.

    Caller and server share one processor. Where the scheduler puts them, and whether a processor
    has to wake up for an answer, changes the cost of a call by more than a hook does.
    """
    argv = [sys.executable, "-m", module, *words]
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(processors)})  # the other inherits it, with all its threads
    try:
        with subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            yield server.stdout.readline().strip()
            server.stdin.close()
            server.wait(10)
    finally:
        os.sched_setaffinity(0, processors)


if __name__ == "__main__":
    asyncio.run(main())
