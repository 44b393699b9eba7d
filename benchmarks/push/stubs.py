"""Clients of the benchmark: they read as little as an acknowledgement needs."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import grpc
import uvloop

from fairlead.protocols.xds import pb
from fairlead.protocols.xds.resource import CLUSTER, ENDPOINTS, tagged

METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
AT_ONCE = 100
"""Connections that are being opened at a time."""

Held = dict[str, dict[str, str]]
"""Versions by type and name."""

discovery = pb.package("envoy.service.discovery.v3")


def nonce_of(data: bytes) -> bytes:
    """Return the nonce of a response: its last field, of at most 127 bytes."""
    return data[data.rindex(b"\x2a", max(0, len(data) - 32)) + 2 :]


class Stubs:
    """Many streams, each on a connection of its own."""

    def __init__(self, port: str, count: int) -> None:
        self._address, self._count = f"127.0.0.1:{port}", count
        self._open: list[tuple[Any, Any, asyncio.Task[None]]] = []
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.failed = 0

    async def connect(self) -> None:
        """Open all streams."""
        self._open = list(await asyncio.gather(*(self._one({}) for _ in range(self._count))))

    async def storm(self) -> None:
        """Break all connections, and open them anew with the versions that are held."""
        for channel, _, task in self._open:
            task.cancel()
            await channel.close()
        held = await self._learned()
        self._open = list(await asyncio.gather(*(self._one(held) for _ in range(self._count))))

    async def _one(self, held: Held) -> tuple[Any, Any, asyncio.Task[None]]:
        async with self._gate:
            channel, call = await self._ask(held)
        return channel, call, asyncio.create_task(self._follow(call))

    async def _ask(self, held: Held) -> tuple[Any, Any]:
        channel = grpc.aio.insecure_channel(
            self._address, options=[("grpc.use_local_subchannel_pool", 1)]
        )
        call = channel.stream_stream(METHOD)()
        for type_url in (CLUSTER, ENDPOINTS):
            await call.write(self._first(type_url, held.get(type_url, {})))
        return channel, call

    def _first(self, type_url: str, held: dict[str, str]) -> bytes:
        names = list(NAMES) if type_url == ENDPOINTS else ["*"]
        request = discovery.DeltaDiscoveryRequest(
            type_url=type_url, resource_names_subscribe=names, initial_resource_versions=held
        )
        request.node.id = "stub"
        return bytes(request.SerializeToString())

    async def _learned(self) -> Held:
        """Return the versions of what there is now: everybody was sent the same."""
        channel, call = await self._ask({})
        found: Held = {}
        for _ in range(2):
            data = await call.read()
            answer = discovery.DeltaDiscoveryResponse.FromString(data)
            found[answer.type_url] = {one.name: one.version for one in answer.resources}
            await call.write(acknowledgement(answer.type_url, nonce_of(data)))
        await channel.close()
        return found

    async def _follow(self, call: Any) -> None:
        try:
            while (data := await call.read()) is not grpc.aio.EOF:
                type_url = ENDPOINTS if b"ClusterLoadAssignment" in data[-128:] else CLUSTER
                await call.write(acknowledgement(type_url, nonce_of(data)))
            self.failed += 1
        except grpc.RpcError:
            self.failed += 1


def acknowledgement(type_url: str, nonce: bytes) -> bytes:
    """Return a DeltaDiscoveryRequest that takes a response."""
    return tagged(2, type_url.encode()) + tagged(6, nonce)


NAMES = tuple(f"outbound|80||service-{one}.shop.svc.cluster.local" for one in range(1000))


async def main() -> None:
    """Do what is said on the standard input."""
    stubs = Stubs(sys.argv[1], int(sys.argv[2]))
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().strip():
        if line != "failed":
            await (stubs.storm() if line == "storm" else stubs.connect())
        print(json.dumps({"failed": stubs.failed}), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
