"""The server of the benchmark: a mesh of its own, and the clock.

With `bare` no rule of xDS is there: what gRPC itself takes to send as many bytes to as many.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import uvloop

from fairlead.policy.mesh import Endpoint, Locality, Mesh, MeshCluster
from fairlead.protocols.xds.codec import Encoder
from fairlead.protocols.xds.resource import CLUSTER, ENDPOINTS, View, tagged
from fairlead.protocols.xds.server import Door, Stream, Streams, serve
from fairlead.protocols.xds.subscription import Rejection

SERVICES, INSTANCES, CHANGED = 1000, 10, 100
PATIENCE = 120.0


def mesh(turn: int) -> Mesh:
    """Return all services, of which some take another port in odd turns."""
    return Mesh(clusters=tuple(_cluster(number, turn) for number in range(SERVICES)))


def _cluster(number: int, turn: int) -> MeshCluster:
    port = 8080 + (number < CHANGED and turn % 2)
    endpoints = tuple(
        Endpoint(address=f"10.{number // 250}.{number % 250}.{one}:{port}")
        for one in range(1, INSTANCES + 1)
    )
    name = f"outbound|80||service-{number}.shop.svc.cluster.local"
    return MeshCluster(name=name, localities=(Locality(weight=10, endpoints=endpoints),))


class Counted(Streams):
    """Streams, and how many answers came."""

    def __init__(self, plane: Plane) -> None:
        super().__init__(lambda node: plane.view, lambda node, rejection: None)
        self._plane = plane

    def heard(self, stream: Stream, rejection: Rejection | None) -> None:
        """Count it."""
        super().heard(stream, rejection)
        self._plane.count()


class Plane:
    """What is served, and how far clients are with it."""

    def __init__(self) -> None:
        self.turn, self.view, self.encoder = 0, View(), Encoder()
        self._left, self._done = 0, asyncio.Event()
        self.streams: Any = Counted(self)
        self.change()

    def change(self) -> None:
        """Make the next view."""
        self.turn += 1
        self.view = self.encoder.view(mesh(self.turn), self.view)

    def count(self) -> None:
        """Take in that a client has said something."""
        self._left -= 1
        if not self._left:
            self._done.set()

    async def push(self) -> dict[str, float]:
        """Change some services; return how long it takes until everybody has said so."""
        self.change()
        self._left = len(self.streams.open)
        self._done.clear()
        worked, began = time.process_time(), time.perf_counter()
        self.streams.publish()
        async with asyncio.timeout(PATIENCE):
            await self._done.wait()
        found = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - worked}
        assert self.settled() == len(self.streams.open)
        return found

    async def settle(self, clients: int) -> dict[str, float]:
        """Return when so many have everything, of the clock that all processes share."""
        async with asyncio.timeout(PATIENCE):
            while self.settled() < clients:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return {"at": time.monotonic(), "rss": rss(), "cpu": time.process_time()}

    def settled(self) -> int:
        """Return how many have everything."""
        return sum(self._has_all(one) for one in self.streams.open)

    def _has_all(self, one: Stream) -> bool:
        asked = one.session.subscriptions
        return all(
            (of := asked.get(type_url)) is not None
            and of.seen is self.view.of(type_url)
            and not of.waiting
            and of.held is None
            for type_url in (CLUSTER, ENDPOINTS)
        )


class Bare:
    """As many bytes to as many streams, and no more than gRPC."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self.open: set[asyncio.Queue[bytes]] = set()

    def publish(self) -> None:
        """Send everybody what a change is, at its length."""
        changed = list(self._plane.view.of(ENDPOINTS).resources.values())[:CHANGED]
        body = b"".join(one.delta for one in changed) + tagged(4, ENDPOINTS.encode())
        for one in self.open:
            one.put_nowait(body + tagged(5, b"%d" % self._plane.turn))

    def services(self) -> Iterator[Any]:
        """Yield the one service."""
        yield grpc.method_handlers_generic_handler(
            "envoy.service.discovery.v3.AggregatedDiscoveryService",
            {"DeltaAggregatedResources": grpc.stream_stream_rpc_method_handler(self._talk)},
        )

    async def _talk(self, requests: AsyncIterator[bytes], context: Any) -> None:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.open.add(queue)
        reading = asyncio.create_task(self._read(requests))
        try:
            while True:
                await context.write(await queue.get())
        finally:
            self.open.discard(queue)
            reading.cancel()

    async def _read(self, requests: AsyncIterator[bytes]) -> None:
        async for _ in requests:
            self._plane.count()


class BarePlane(Plane):
    """A clock for streams without rules."""

    def __init__(self) -> None:
        super().__init__()
        self.streams = Bare(self)

    def settled(self) -> int:
        """Return how many are there."""
        return len(self.streams.open)


def rss() -> float:
    """Return the kilobytes that this process has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1024


async def main() -> None:
    """Do what is said on the standard input."""
    bare, core = sys.argv[1] == "bare", int(sys.argv[2])
    if core >= 0:
        os.sched_setaffinity(0, {core})
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    plane = BarePlane() if bare else Plane()
    server, [port] = await serve(plane.streams, Door("127.0.0.1:0"))
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().split():
        if line[0] == "push":
            found = await plane.push()
        elif line[0] == "settle":
            found = await plane.settle(int(line[1]))
        else:
            found = {"port": port, "rss": rss()}
        print(json.dumps(found), flush=True)
    await server.stop(0)


if __name__ == "__main__":
    uvloop.run(main())
