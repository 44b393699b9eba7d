"""Streams of xDS on gRPC: bytes that are made once go to everybody who lacks them.

A stream asks for nothing per call of an application; what it costs is a push. Requests are bounded
by gRPC (`LARGEST`), names by the session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

import grpc

from fairlead.protocols.xds import pb
from fairlead.protocols.xds.node import Node
from fairlead.protocols.xds.resource import CLUSTER, ENDPOINTS, EXTENSION, LISTENER, ROUTES, View
from fairlead.protocols.xds.session import DeltaSession, Session, WholeSession
from fairlead.protocols.xds.subscription import Refused, Rejection

LARGEST = 4 << 20
"""Bytes of a request."""
MOST_LOADS = 10_000
"""Clusters that reports of load are kept of."""
REPORT_EVERY = 10
"""Seconds between two reports of load."""

OPTIONS = (
    # gRPC refuses streams at random beyond 1,000 that wait: a fleet comes back all at once.
    ("grpc.server.max_pending_requests", 100_000),
    ("grpc.server.max_pending_requests_hard_limit", 200_000),
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.so_reuseport", 0),
)

SINGLE = {
    "envoy.service.cluster.v3.ClusterDiscoveryService": ("Clusters", CLUSTER),
    "envoy.service.endpoint.v3.EndpointDiscoveryService": ("Endpoints", ENDPOINTS),
    "envoy.service.listener.v3.ListenerDiscoveryService": ("Listeners", LISTENER),
    "envoy.service.route.v3.RouteDiscoveryService": ("Routes", ROUTES),
    "envoy.service.extension.v3.ExtensionConfigDiscoveryService": ("ExtensionConfigs", EXTENSION),
}

Views = Callable[[Node], View | None]
"""What a node may see; None while that is worked out: then it is offered."""
Told = Callable[[Node, Rejection], None]

log = logging.getLogger(__name__)


class Stream:
    """A stream that is open."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.node: Node | None = None
        """For whom there is a view, or will be."""
        self._news, self._refused, self._ended = asyncio.Event(), "", False

    def offer(self, view: View) -> None:
        """Let the client have `view`, when it can take it."""
        if view is not self.session.view:
            self.session.offer(view)
            self._news.set()

    async def run(self, requests: AsyncIterator[bytes], context: Any, server: Streams) -> None:
        """Answer until the client leaves."""
        reading = asyncio.create_task(self._read(requests, server))
        try:
            while not self._ended:
                await self._news.wait()
                self._news.clear()
                while (data := self.session.next()) is not None:
                    await context.write(data)
        except Refused as error:
            self._refused = str(error)
        finally:
            reading.cancel()
        if self._refused:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, self._refused)

    async def _read(self, requests: AsyncIterator[bytes], server: Streams) -> None:
        try:
            async for data in requests:
                server.requests += 1
                rejection = self.session.hear(data)
                server.heard(self, rejection)
                if not self.session.quiet():
                    self._news.set()
        except Refused as error:
            self._refused = str(error)
        finally:
            self._ended = True
            self._news.set()


class Streams:
    """All open streams, and the services that clients call."""

    def __init__(self, views: Views, told: Told) -> None:
        self._views, self._told = views, told
        self.open: set[Stream] = set()
        self.requests = 0
        """Requests of discovery that ever came: calls of applications cost none."""
        self.loads: dict[str, int] = {}
        """Calls by cluster that clients have reported (LRS)."""

    def heard(self, stream: Stream, rejection: Rejection | None) -> None:
        """Note what a client has said."""
        node = stream.session.node
        if node is None:
            return
        if rejection is not None:
            self._told(node, rejection)
        if stream.node is not node:
            # What it asks for now is nothing that its view has: it waits for another.
            stream.node, stream.session.view = node, None
        if stream.session.view is None and (view := self._views(node)) is not None:
            stream.offer(view)

    def publish(self) -> None:
        """Offer everybody what is there now."""
        for stream in self.open:
            node = stream.session.node
            if node is not None and (view := self._views(node)) is not None:
                stream.offer(view)

    def services(self) -> Iterator[Any]:
        """Yield what a gRPC server serves."""
        talk = grpc.stream_stream_rpc_method_handler
        yield grpc.method_handlers_generic_handler(
            "envoy.service.discovery.v3.AggregatedDiscoveryService",
            {
                "StreamAggregatedResources": talk(self._talk(WholeSession)),
                "DeltaAggregatedResources": talk(self._talk(DeltaSession)),
            },
        )
        for service, (name, type_url) in SINGLE.items():
            whole, delta = self._talk(WholeSession, type_url), self._talk(DeltaSession, type_url)
            methods = {f"Stream{name}": talk(whole), f"Delta{name}": talk(delta)}
            yield grpc.method_handlers_generic_handler(service, methods)
        yield grpc.method_handlers_generic_handler(
            "envoy.service.load_stats.v3.LoadReportingService",
            {"StreamLoadStats": talk(self._load)},
        )
        yield grpc.method_handlers_generic_handler(
            "envoy.service.status.v3.ClientStatusDiscoveryService",
            {
                "StreamClientStatus": talk(self._statuses),
                "FetchClientStatus": grpc.unary_unary_rpc_method_handler(self._status),
            },
        )

    def _talk(self, form: type[Session], only: str = "") -> Any:
        async def talk(requests: AsyncIterator[bytes], context: Any) -> None:
            stream = Stream(form(only))
            self.open.add(stream)
            try:
                await stream.run(requests, context, self)
            finally:
                self.open.discard(stream)

        return talk

    async def _load(self, requests: AsyncIterator[bytes], context: Any) -> None:
        stats = pb.package("envoy.service.load_stats.v3")
        wanted = stats.LoadStatsResponse(
            send_all_clusters=True, load_reporting_interval={"seconds": REPORT_EVERY}
        )
        first = True
        async for data in requests:
            if first:
                await context.write(wanted.SerializeToString())
                first = False
            for one in stats.LoadStatsRequest.FromString(data).cluster_stats:
                self._count(one)

    def _count(self, stats: Any) -> None:
        name = stats.cluster_name
        if name not in self.loads and len(self.loads) >= MOST_LOADS:
            return
        sent = sum(one.total_issued_requests for one in stats.upstream_locality_stats)
        self.loads[name] = self.loads.get(name, 0) + sent

    async def _statuses(self, requests: AsyncIterator[bytes], context: Any) -> None:
        async for _ in requests:
            await context.write(self._state())

    async def _status(self, request: bytes, context: Any) -> bytes:
        del request, context
        return self._state()

    def _state(self) -> bytes:
        """Return a ClientStatusResponse: what every client was sent, and whether it took it."""
        status = pb.package("envoy.service.status.v3")
        found = status.ClientStatusResponse()
        for stream in self.open:
            node = stream.session.node or Node()
            client = found.config.add()
            client.node.id, client.node.user_agent_name = node.id, node.agent
            for one in stream.session.subscriptions.values():
                config = client.generic_xds_configs.add(
                    type_url=one.type_url, version_info=one.acknowledged
                )
                if one.rejection is not None:
                    config.config_status, config.client_status = "ERROR", "NACKED"
                    config.error_state.details = one.rejection.reason
                    config.error_state.version_info = one.rejection.version
                else:
                    config.config_status = "STALE" if one.waiting else "SYNCED"
        return bytes(found.SerializeToString())


class Door(NamedTuple):
    """Where clients come in."""

    address: str
    credentials: Any = None
    """Of gRPC's server; None where nothing is encrypted."""


async def serve(streams: Streams, *doors: Door) -> tuple[Any, list[int]]:
    """Listen at `doors`; return the server, which is to be stopped, and the port of each.

    Raises OSError: an address cannot be had.
    """
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers(tuple(streams.services()))
    ports = [_opened(server, *one) for one in doors]
    await server.start()
    return server, ports


def _opened(server: Any, address: str, credentials: Any) -> int:
    try:
        if credentials is None:
            return int(server.add_insecure_port(address))
        return int(server.add_secure_port(address, credentials))
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address} for xDS: somebody has it") from error
