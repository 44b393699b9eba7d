"""``POST /v3/discovery:clusters`` and the like: xDS for who polls, as JSON.

A request is a DiscoveryRequest, the answer a DiscoveryResponse; 304 where the version asked with is
the one in force.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from google.protobuf.json_format import ParseError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.control.access.caller import caller_of
from fairlead.control.access.roles import SNAPSHOTS
from fairlead.control.api import body as bodies
from fairlead.control.api.status import bad_request, json_response, unsupported_media_type
from fairlead.protocols.xds import pb
from fairlead.protocols.xds.node import Node
from fairlead.protocols.xds.resource import CLUSTER, ENDPOINTS, EXTENSION, LISTENER, ROUTES, View
from fairlead.protocols.xds.session import WholeSession
from fairlead.protocols.xds.subscription import Refused

TYPES = {
    "clusters": CLUSTER,
    "endpoints": ENDPOINTS,
    "listeners": LISTENER,
    "routes": ROUTES,
    "extension_configs": EXTENSION,
}
PATIENCE = 5.0
"""Seconds that a poll waits for the first view of its namespace."""

DISCOVERY = "envoy.service.discovery.v3."


class Polling:
    """The endpoints. `view` makes what a node may see."""

    def __init__(self, view: Callable[[Node], Awaitable[View]]) -> None:
        self._view = view

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the route."""
        yield Route("/v3/discovery:{kind}", self.poll, methods=["POST"])

    async def poll(self, request: Request) -> Response:
        """Return what there is."""
        only = TYPES.get(request.path_params["kind"])
        if only is None:
            raise bad_request(f"use one of {', '.join(TYPES)}")
        if bodies.media_type(request) not in bodies.JSON_TYPES:
            raise unsupported_media_type("the body is to be sent as application/json")
        plain, _ = bodies.parse_json(await bodies.read(request))
        session = WholeSession(only)
        try:
            asked = pb.from_json(plain, DISCOVERY + "DiscoveryRequest")
            held = asked.version_info
            asked.response_nonce = ""
            session.hear(asked.SerializeToString())
        except (ParseError, Refused) as error:
            raise bad_request(str(error)) from error
        node = session.node or Node()
        caller_of(request).require("watch", SNAPSHOTS, node.namespace, node.app)
        try:
            async with asyncio.timeout(PATIENCE):
                session.offer(await self._view(node))
        except TimeoutError:
            return Response(status_code=503)
        data = session.next() or b""
        found = pb.message(DISCOVERY + "DiscoveryResponse").FromString(data)
        if held and held == found.version_info:
            return Response(status_code=304)
        return json_response(pb.to_json(found))
