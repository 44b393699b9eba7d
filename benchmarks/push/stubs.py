"""Clients of the benchmark, each with a connection of its own, and the node of an Envoy."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import sys
import time
from collections.abc import Iterator

import uvloop

from benchmarks.push.wire import Stub
from fairlead.protocols.xds import pb
from fairlead.protocols.xds.pb import TYPE
from fairlead.protocols.xds.resource import CLUSTER, ENDPOINTS, tagged

NAMES = tuple(f"outbound|80||service-{one}.shop.svc.cluster.local" for one in range(1000))
ORDERS = 40
"""Orders in which names are asked for: those of a map are anything."""
EXTENSIONS = 480
"""That an Envoy's node lists: 60 KB."""
discovery = pb.package("envoy.service.discovery.v3")


def nodes(count: int) -> Iterator[bytes]:
    """Yield first fields of requests: who asks, at the length at which an Envoy says it."""
    node = pb.package("envoy.config.core.v3").Node
    rest = node(user_agent_name="envoy")
    for number in range(EXTENSIONS):
        name = f"envoy.filters.http.extension_{number:03}"
        rest.extensions.add(name=name, category="envoy.filters.http", type_urls=[TYPE + name])
    shared = rest.SerializeToString()
    for number in range(count):
        name = f"sidecar~10.0.{number // 250}.{number % 250}~app-{number}.shop~shop.svc.local"
        yield tagged(1, node(id=name).SerializeToString() + shared)


def request(type_url: str, names: list[bytes], held: list[bytes]) -> bytes:
    """Return a first request, without its node."""
    return tagged(2, type_url.encode()) + b"".join((*names, *held))


def firsts(held: dict[str, dict[str, str]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield first requests of both types for clients that have `held`, in several orders."""
    kept = {
        type_url: [
            tagged(5, tagged(1, name.encode()) + tagged(2, version.encode()))
            for name, version in versions.items()
        ]
        for type_url, versions in held.items()
    }
    names = [tagged(3, name.encode()) for name in NAMES]
    dice = random.Random(1)
    for _ in range(ORDERS):
        for one in (names, *kept.values()):
            dice.shuffle(one)
        yield (
            request(CLUSTER, [tagged(3, b"*")], kept.get(CLUSTER, [])),
            request(ENDPOINTS, names, kept.get(ENDPOINTS, [])),
        )


class Fleet:
    """Many clients."""

    def __init__(self, port: str, count: int) -> None:
        self._port, self._count = int(port), count
        self.open: list[Stub] = []
        self.failed = 0
        self._learned: list[bytes] = [b""]
        self._versions: dict[str, dict[str, str]] = {}

    async def connect(self) -> float:
        """Break all connections there are, and open all at once with what was held.

        Returns when that began, of the clock that all processes share.
        """
        openings, who = list(firsts(self._held())), list(nodes(self._count))
        loop, began = asyncio.get_running_loop(), time.monotonic()
        for one in self.open:
            one.close()

        async def opened(number: int) -> Stub:
            clusters, endpoints = openings[number % ORDERS]
            stub = Stub(self._fail, who[number] + clusters, endpoints)
            stub.learned = None if number else self._learned
            await loop.create_connection(lambda: stub, "127.0.0.1", self._port)
            return stub

        self.open = await asyncio.gather(*map(opened, range(self._count)))
        return began

    def _fail(self) -> None:
        self.failed += 1

    def _held(self) -> dict[str, dict[str, str]]:
        """Return what there is now, by type and name: everybody was sent the same."""
        for data in self._learned[:-1]:
            answer = discovery.DeltaDiscoveryResponse.FromString(data)
            known = self._versions.setdefault(answer.type_url, {})
            known |= {one.name: one.version for one in answer.resources}
        self._learned = [b""]
        return self._versions


async def main() -> None:
    """Do what is said on the standard input."""
    if len(sys.argv) > 3:
        os.sched_setaffinity(0, {int(sys.argv[3])})
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    fleet = Fleet(sys.argv[1], int(sys.argv[2]))
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().strip():
        began = await fleet.connect() if line == "connect" else 0.0
        said = {"failed": fleet.failed, "began": began, "cpu": time.process_time()}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
