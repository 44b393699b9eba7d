"""The server of the benchmark: a mesh of its own, and the clock."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

import uvloop

from fairlead.policy.mesh import Endpoint, Locality, Mesh, MeshCluster
from fairlead.protocols.xds.codec import Encoder
from fairlead.protocols.xds.resource import ENDPOINTS, Collection, View
from fairlead.protocols.xds.server import Streams, serve

SERVICES, INSTANCES, CHANGED = 1000, 10, 100
PATIENCE = 120.0


class Plane:
    """What is served, and how far clients are with it."""

    def __init__(self) -> None:
        self.turn = 0
        self.encoder = Encoder()
        self.view = self.encoder.view(self._mesh())
        self.streams = Streams(lambda node: self.view, lambda node, rejection: None)
        self.began = time.monotonic()

    def _mesh(self) -> Mesh:
        return Mesh(clusters=tuple(self._cluster(number) for number in range(SERVICES)))

    def _cluster(self, number: int) -> MeshCluster:
        changed = number < CHANGED and self.turn % 2
        endpoints = tuple(
            Endpoint(address=f"10.{number // 250}.{number % 250}.{one}:{8080 + bool(changed)}")
            for one in range(1, INSTANCES + 1)
        )
        name = f"outbound|80||service-{number}.shop.svc.cluster.local"
        return MeshCluster(name=name, localities=(Locality(weight=10, endpoints=endpoints),))

    async def push(self) -> dict[str, float]:
        """Change some services; return how long it takes until everybody has said so."""
        self.turn += 1
        view = self.encoder.view(self._mesh(), self.view)
        began = time.perf_counter()
        self.view = view
        self.streams.publish()
        await self._all(len(self.streams.open), view)
        return {"seconds": time.perf_counter() - began}

    async def gone(self) -> dict[str, float]:
        """Return when connections begin to break."""
        many = len(self.streams.open)
        async with asyncio.timeout(PATIENCE):
            while len(self.streams.open) >= many:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return {}

    async def settle(self, clients: int) -> dict[str, float]:
        """Return when so many have everything; say how long after the last word, and the RSS."""
        await self._all(clients, self.view)
        return {"seconds": time.monotonic() - self.began, "rss": rss()}

    async def _all(self, clients: int, view: View) -> None:
        newest = view.of(ENDPOINTS)
        async with asyncio.timeout(PATIENCE):
            while self._settled(newest) < clients:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def _settled(self, newest: Collection) -> int:
        known = (one.session.subscriptions.get(ENDPOINTS) for one in self.streams.open)
        return sum(
            one.seen is newest and not one.waiting and one.held is None
            for one in known
            if one is not None
        )


def rss() -> float:
    """Return the kilobytes that this process has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1024


async def main() -> None:
    """Do what is said on the standard input."""
    plane = Plane()
    server, port = await serve(plane.streams, "127.0.0.1:0")
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().split():
        if line[0] == "push":
            found = await plane.push()
        elif line[0] == "gone":
            found = await plane.gone()
        elif line[0] == "settle":
            found = await plane.settle(int(line[1]))
        else:
            found = {"port": port, "rss": rss()}
        print(json.dumps(found), flush=True)
        plane.began = time.monotonic()
    await server.stop(0)


if __name__ == "__main__":
    uvloop.run(main())
