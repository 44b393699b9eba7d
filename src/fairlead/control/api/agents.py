"""The endpoints of agents, below ``/fairlead/v1``: watch, acknowledge, register; and who is there.

Translates between HTTP and the parts that decide: nothing is decided here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from fairlead.control.access.caller import Caller, caller_of
from fairlead.control.access.roles import (
    ACKNOWLEDGEMENTS,
    REGISTRATIONS,
    REPORTS,
    SNAPSHOTS,
)
from fairlead.control.api import body as bodies
from fairlead.control.api.renewals import Registered, Told
from fairlead.control.api.standing import Standing
from fairlead.control.api.status import (
    Cause,
    Refused,
    bad_request,
    forbidden,
    json_response,
    too_many,
    unsupported_media_type,
)
from fairlead.control.instances import Instances, TooMany
from fairlead.control.nodes import Node, Nodes
from fairlead.control.overtaken import Overtaken
from fairlead.control.publish import Publisher
from fairlead.control.settings import Settings
from fairlead.control.store import Object
from fairlead.control.telemetry.intake import Unread
from fairlead.control.telemetry.measurements import Measurements
from fairlead.control.traffic import Traffic
from fairlead.policy.workload import DEFAULT_NAMESPACE
from fairlead.protocols.watch.codec import ROOT
from fairlead.protocols.watch.reader import InvalidMessage
from fairlead.protocols.watch.reading import (
    read_answer,
    read_departure,
    read_registration,
    read_revision,
    read_subscription,
)
from fairlead.protocols.watch.report import REPORTS as REPORTED_AT
from fairlead.protocols.watch.report import Report, reported_body
from fairlead.protocols.watch.report_reading import Whose, read_report
from fairlead.protocols.watch.server import lines

BODY_LIMIT = 512 << 10
"""Bytes of an agent's message: a registration with every hook, counter and report there may be."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """The endpoints."""

    settings: Settings
    nodes: Nodes
    publisher: Publisher
    instances: Instances
    traffic: Traffic
    measured: Measurements
    stop: asyncio.Event
    registered: Registered
    overtaken: Overtaken

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the routes."""
        yield Route(f"{ROOT}/watch", self.watch)
        yield Route(f"{ROOT}/ack", self.acknowledge, methods=["POST"])
        yield Route(f"{ROOT}/instances", self.register, methods=["POST"])
        yield Route(f"{ROOT}/instances", self.leave, methods=["DELETE"])
        yield Route(f"{ROOT}/replaced", self.hand_over, methods=["DELETE"])
        yield Route(REPORTED_AT, self.report, methods=["POST"])
        yield Route(f"{ROOT}/nodes", self.list_nodes)
        yield Route(f"{ROOT}/traffic", self.list_traffic)

    async def watch(self, request: Request) -> Response:
        """Stream a workload's snapshots for as long as its agent listens."""
        try:
            subscription, digest = read_subscription(request.query_params.multi_items())
        except InvalidMessage as error:
            raise invalid(error) from error
        s = subscription
        self._admit(request, "watch", SNAPSHOTS, (s.node, s.namespace, s.app))
        if self.stop.is_set() or len(self.nodes) >= self.settings.watchers:
            message = f"{len(self.nodes)} agents are connected, no more are taken"
            raise too_many(message)
        if digest:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.instances.unsettled()):
                    await self.stop.wait()
        if len(self.nodes) >= self.settings.watchers // 2:
            self._leave_room(s.namespace, s.app)
        await self.overtaken.heard(read_revision(request.query_params), s.app)
        node = await self.publisher.connect(subscription, digest)
        self.measured.watching.greet(node)
        return _Stream(self, node)

    async def acknowledge(self, request: Request) -> Response:
        """Take in what a node made of a snapshot."""
        try:
            node, answer = read_answer(await json_of(request))
        except InvalidMessage as error:
            raise invalid(error) from error
        known, caller = self.nodes.find(node), caller_of(request)
        if known is None:
            caller.settled = True  # of nobody's: it is passed over
        else:
            wanted = known.wanted
            caller.require("create", ACKNOWLEDGEMENTS, wanted.namespace, wanted.app)
        self.nodes.answer(node, answer)
        return Response(status_code=204)

    async def register(self, request: Request) -> Response:
        """Register an instance, or renew its lease."""
        body = await _body_of(request)
        try:
            r = read_registration(_json(body))
            self._admit(request, "create", REGISTRATIONS, (r.node, r.namespace, r.app))
            found = await self.instances.renew(r)
        except InvalidMessage as error:
            raise invalid(error) from error
        except TooMany as error:
            raise too_many(str(error)) from error
        self.registered.remember(body, r)
        whose = Whose(r.node, r.namespace, r.app, r.address, r.lane or "")
        answer = self.renewed(whose, (r.counters, r.contracts, r.report), found)
        return Response(answer, media_type="application/json")

    def renewed(self, whose: Whose, told: Told, found: tuple[str, str | None]) -> bytes:
        """Take in what came with a renewal; return the lease, of the lane that was found."""
        node, namespace, app = whose.node, whose.namespace, whose.app
        (counters, contracts, report), (lane, conflict) = told, found
        self.nodes.renewed(node, counters)
        self.traffic.report(node, namespace, app, counters)
        answer = {
            "lane": lane,
            "conflict": conflict,
            "reported": self._reported(whose, report),
            "wanted": self.measured.contracts.wanted((namespace, app), node, contracts),
            "lease": self.settings.lease,
            "renew": self.settings.renew,
        }
        return orjson.dumps(answer)

    def _reported(self, whose: Whose, report: Report | Unread | None) -> int:
        """Take in a report that came with a renewal, which holds whatever becomes of that."""
        intake = self.measured.intake
        try:
            if isinstance(report, Report):
                return intake.take(report)
            if report is not None:
                return intake.put(report, whose)
            return intake.last(whose.namespace, whose.app, whose.node)
        except Exception:
            log.exception("a report of the app %s (node %s) was lost", whose.app, whose.node)
            return report.seq if report is not None else 0

    async def report(self, request: Request) -> Response:
        """Take in what a process measured."""
        try:
            report = r = read_report(await json_of(request))
        except InvalidMessage as error:
            raise invalid(error) from error
        self._admit(request, "create", REPORTS, (r.node, r.namespace, r.app))
        return Response(self.reported(report), media_type="application/json")

    def reported(self, report: Report) -> bytes:
        """Take a report in; return the answer."""
        return reported_body(self.measured.intake.take(report))

    async def leave(self, request: Request) -> Response:
        """Take a process out of its instance, also one that is not known."""
        departure = self._departure(request)
        revision = await self.instances.leave(*departure)
        # A process closes its socket when it has this answer: until then callers can hear that the
        # instance is gone. They call any of its processes until the last one has left, which is
        # likely to be told to stop at the same time.
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.farewell):
                revision = revision or await self.instances.gone(*departure[:3])
                await self.nodes.told(revision, departure[-1])
        return Response(status_code=204)

    async def hand_over(self, request: Request) -> Response:
        """Take a process out of its instance, which stays for the process that replaces it."""
        await self.instances.hand_over(*self._departure(request))
        return Response(status_code=204)

    def _departure(self, request: Request) -> tuple[str, str, str, str]:
        try:
            departure = read_departure(request.query_params.multi_items())
        except InvalidMessage as error:
            raise invalid(error) from error
        namespace, app, _, node = departure
        self._admit(request, "delete", REGISTRATIONS, (node, namespace, app))
        return departure

    async def list_nodes(self, request: Request) -> Response:
        """Say of every agent what it enforces, and since when it is connected."""
        asked = request.query_params
        caller_of(request).require("list", "nodes.fairlead.io", asked.get("namespace") or "")
        standing = Standing(nodes=self.nodes, publisher=self.publisher, instances=self.instances)
        return json_response(standing.listed(asked.get("namespace"), asked.get("app")))

    async def list_traffic(self, request: Request) -> Response:
        """Say how requests are shared out between lanes, by entry app."""
        namespace = request.query_params.get("namespace", DEFAULT_NAMESPACE)
        caller_of(request).require("list", "traffic.fairlead.io", namespace)
        apps = [
            {
                "app": app,
                "requests": sum(lanes.values()),
                "lanes": list(_shares(lanes)),
                "observed": list(_shares(self.traffic.observed(namespace, app))),
            }
            for app, lanes in self.traffic.apps(namespace).items()
        ]
        return json_response({"namespace": namespace, "apps": apps})

    def _leave_room(self, namespace: str, app: str) -> None:
        """Raise Refused where one app has more nodes than it may, those that went included."""
        most = self.settings.limits.agents_of_one
        mine = sum((n.wanted.namespace, n.wanted.app) == (namespace, app) for n in self.nodes.all())
        if mine >= most:
            raise too_many(f"{most} agents of the app {app} are connected, no more are taken")

    def _admit(self, request: Request, verb: str, resource: str, who: tuple[str, str, str]) -> None:
        self.admit(caller_of(request), verb, resource, who)

    def admit(self, caller: Caller, verb: str, resource: str, who: tuple[str, str, str]) -> None:
        """Raise Refused unless the caller may speak for a node of an app: node, namespace, app."""
        node, namespace, app = who
        caller.require(verb, resource, namespace, app)
        known = self.nodes.find(node)
        if known is not None and (known.wanted.namespace, known.wanted.app) != (namespace, app):
            raise forbidden(f"the node {node} is of another app")


class _Stream(Response):
    """Sends the lines of one watch, each at once; gives up on a reader who has stopped."""

    media_type = "application/x-ndjson"

    def __init__(self, agents: Agents, node: Node) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._agents, self._node = agents, node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the agent is gone or the outbox is closed."""
        listening = asyncio.create_task(self._listen(receive))
        try:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            await self._send_lines(send)
        except TimeoutError:
            app, node = self._node.wanted.app, self._node.id
            log.warning("the agent of app %s (node %s) does not read: given up", app, node)
        finally:
            listening.cancel()
            self._agents.nodes.disconnect(self._node)

    async def _send_lines(self, send: Send) -> None:
        agents, deadline = self._agents, self._agents.settings.write_deadline

        def revision() -> int:
            return agents.publisher.world.revision

        message: dict[str, Any] = {"type": "http.response.body", "more_body": True}
        async for line in lines(self._node.outbox, revision, agents.settings.heartbeat):
            async with asyncio.timeout(deadline):
                await send({**message, "body": line})
        async with asyncio.timeout(deadline):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._node.outbox.close()


async def json_of(request: Request) -> Any:
    """Return the data of a JSON body. Raises Refused."""
    return _json(await _body_of(request))


async def _body_of(request: Request) -> bytes:
    if bodies.media_type(request) not in bodies.JSON_TYPES:
        raise unsupported_media_type("the body is to be sent as application/json")
    return await bodies.read(request, BODY_LIMIT)


def _json(body: bytes) -> Any:
    try:
        # Hundreds of these come each second. They are read field by field, each with its bounds.
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the body is not JSON: {error}") from error


def invalid(error: InvalidMessage) -> Refused:
    """Return the answer to a message that cannot be read, with every reason."""
    causes = [
        Cause(reason="FieldValueInvalid", field=field, message=message)
        for field, message in error.problems
    ]
    code = HTTPStatus.UNPROCESSABLE_ENTITY
    return Refused(code, "Invalid", f"the message is refused: {error}", causes=causes)


def _shares(lanes: dict[str, int]) -> Iterable[Object]:
    total = sum(lanes.values())
    for lane, requests in sorted(lanes.items()):
        yield {"lane": lane, "requests": requests, "share": requests / total if total else 0.0}
