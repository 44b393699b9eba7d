"""What agents measured, below ``/fairlead/v1``: read by people, the console and the command line.

Each endpoint is about one namespace, or with ``namespace=*`` about all that its caller may read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from fairlead.control.access.caller import caller_of
from fairlead.control.access.roles import METRICS as METRICS_AT
from fairlead.control.access.roles import SETTINGS, TELEMETRY, Attributes
from fairlead.control.api import body as bodies
from fairlead.control.api.objects import check_namespace, timestamp
from fairlead.control.api.status import (
    Subject,
    bad_request,
    json_response,
    not_found,
    too_many,
    unsupported_media_type,
)
from fairlead.control.store import Author
from fairlead.control.telemetry.live import Live
from fairlead.control.telemetry.measurements import Measurements, Pictures
from fairlead.control.telemetry.memory import EDGE, INTERFACE, RULE, TOTAL
from fairlead.control.telemetry.page import figures, page
from fairlead.control.telemetry.query import EACH, LABELS, METRICS, Query
from fairlead.control.telemetry.watching import ALL
from fairlead.policy.workload import DEFAULT_NAMESPACE
from fairlead.protocols.watch.codec import ROOT
from fairlead.telemetry.exposition import CONTENT_TYPE

BODY_LIMIT = 16 << 10
EVERYWHERE = "*"
RECENT = 300
"""Seconds that a topology may be of."""

FRESH = 0.9
"""Seconds for which a picture is sent to whoever asks: each second it is made once."""

LONGEST_AGO = 366 * 86_400

Scope = Callable[[], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryApi:
    """The endpoints."""

    measured: Measurements
    stop: asyncio.Event
    requests: Callable[[], Mapping[str, int]]
    """How many requests there were, by what they ask for."""
    pictures: Pictures = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pictures", Pictures(self.measured.clocks, FRESH))

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the routes."""
        yield Route(METRICS_AT, self.metrics)
        yield Route(f"{ROOT}/services", self.services)
        yield Route(f"{ROOT}/service", self.service)
        yield Route(f"{ROOT}/statements", self.statements)
        yield Route(f"{ROOT}/topology", self.topology)
        yield Route(f"{ROOT}/overview", self.overview)
        yield Route(f"{ROOT}/lanes", self.lanes)
        yield Route(f"{ROOT}/series", self.series)
        yield Route(f"{ROOT}/live", self.live)
        yield Route(f"{ROOT}/settings", self.settings)
        yield Route(f"{ROOT}/settings", self.set, methods=["PUT"])

    async def metrics(self, request: Request) -> Response:
        """Show figures of the control plane and of all services to Prometheus."""
        found = figures(self.measured, self.requests)
        text = await asyncio.to_thread(page, found)
        return Response(text, media_type=CONTENT_TYPE)

    async def services(self, request: Request) -> Response:
        """Every app in one line."""
        found = self.measured.services.listed(self._scope(request)())
        return json_response({"items": found})

    async def service(self, request: Request) -> Response:
        """One app in full."""
        namespace, app = self._one(request)
        found = self.measured.services.shown(namespace, app)
        if found is None:
            raise not_found(Subject(group="fairlead.io", kind="services", name=app[:253]))
        return json_response(found)

    async def statements(self, request: Request) -> Response:
        """What an app sends to its databases, and what its lanes make of it."""
        self.measured.intake.work_off()
        return json_response({"items": self.measured.statements.shown(self._one(request))})

    async def topology(self, request: Request) -> Response:
        """Who calls whom."""
        scope, seconds = self._scope(request), _number(request, "seconds", 60)
        if not 10 <= seconds <= RECENT:
            raise bad_request(f"seconds {seconds:g} is not from 10 to {RECENT}")
        return json_response(self.measured.topology.shown(scope(), int(seconds)))

    async def overview(self, request: Request) -> Response:
        """Everything at a glance."""
        return json_response(self.measured.overview.shown(self._scope(request)()))

    async def lanes(self, request: Request) -> Response:
        """Every lane: its rules, its members, its share of traffic, and where it leaks."""
        return json_response({"items": self.measured.overview.lanes(self._scope(request)())})

    async def series(self, request: Request) -> Response:
        """Return the graph of an app."""
        app = self._one(request)
        query = _query(request, app, self.measured.clocks.now().timestamp())
        try:
            return json_response(await self.measured.graph(query))
        except TimeoutError as error:
            raise too_many("as many graphs are being worked out as may be") from error

    async def live(self, request: Request) -> Response:
        """Stream how things are, each second, and what happens, at once."""
        scope, app = self._scope(request, "watch"), request.query_params.get("app", "")
        tap = request.query_params.get("tap", "") in ("1", "true")
        measured = self.measured
        if app and request.query_params.get("namespace") == EVERYWHERE:
            raise bad_request("an app is of one namespace: name it")

        def covers(namespace: str) -> bool:
            return namespace in scope()

        async def stream() -> Any:
            watched = measured.watching.watch(scope(), app or ALL, tap=tap)
            with measured.news.reading(covers, app, taps=tap) as reader, watched:
                live = Live(
                    clocks=measured.clocks,
                    reader=reader,
                    pictures=tuple(self._pictures(scope, app)),
                    stop=self.stop,
                )
                async for piece in live.pieces():
                    yield piece

        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)

    def _pictures(self, scope: Scope, app: str) -> Iterator[tuple[str, Callable[[], bytes | None]]]:
        measured = self.measured

        def services() -> bytes:
            return orjson.dumps({"items": measured.services.listed(scope())})

        def service() -> bytes | None:
            found = measured.services.shown(scope()[0], app)
            return None if found is None else orjson.dumps(found)

        yield "services", lambda: self.pictures.of(("services", *scope()), services)
        if app:
            yield "service", lambda: self.pictures.of(("service", *scope(), app), service)

    async def settings(self, request: Request) -> Response:
        """Say how much agents measure."""
        caller_of(request).require("get", SETTINGS, "")
        return json_response(self._settings())

    async def set(self, request: Request) -> Response:
        """Change how much agents measure, at once."""
        caller = caller_of(request)
        caller.require("update", SETTINGS, "")
        if bodies.media_type(request) not in bodies.JSON_TYPES:
            raise unsupported_media_type("the body is to be sent as application/json")
        plain = bodies.parse_json(await bodies.read(request, BODY_LIMIT))[0]
        wanted = plain.get("telemetry") if isinstance(plain, dict) else None
        if not isinstance(wanted, dict):
            raise bad_request("the body is no object with the object telemetry")
        at = timestamp(self.measured.clocks.now())
        await self.measured.knobs.put(wanted, Author(who=caller.name, at=at))
        return json_response(self._settings())

    def _settings(self) -> dict[str, Any]:
        measured = self.measured
        return {"telemetry": measured.knobs.shown(), "history": measured.history()}

    def _one(self, request: Request) -> tuple[str, str]:
        """Return the namespace and the app that a request is about. Raises Refused."""
        namespace = request.query_params.get("namespace") or DEFAULT_NAMESPACE
        app = request.query_params.get("app", "")
        if not app or namespace == EVERYWHERE:
            caller_of(request).require("list", TELEMETRY, "" if app else namespace)
            raise bad_request("name one app and its namespace: ?app=…&namespace=…")
        check_namespace(namespace)
        caller_of(request).require("list", TELEMETRY, namespace)
        return namespace, app

    def _scope(self, request: Request, verb: str = "list") -> Scope:
        """Return what gives the namespaces that are asked about. Raises Refused."""
        caller = caller_of(request)
        namespace = request.query_params.get("namespace") or DEFAULT_NAMESPACE
        if namespace != EVERYWHERE:
            check_namespace(namespace)
            caller.require(verb, TELEMETRY, namespace)
            return lambda: [namespace]

        def may(one: str) -> bool:
            plural, _, group = TELEMETRY.partition(".")
            return caller.may(
                Attributes(verb=verb, path="", group=group, resource=plural, namespace=one)
            )

        may("")  # who may read nothing is told of nothing, and refused nothing
        return lambda: [one for one in self.measured.namespaces() if may(one)]


def _query(request: Request, app: tuple[str, str], now: float) -> Query:
    query = request.query_params
    sort = query.get("of", "") or (RULE if query.get("rule") else INTERFACE)
    if sort not in (INTERFACE, RULE, EDGE):
        raise bad_request(f"of {sort[:80]!r} is none of {INTERFACE}, {RULE}, {EDGE}")
    interface = query.get("interface", "")
    if sort == INTERFACE and not interface:
        sort = TOTAL
    asked = {
        label: "callee" if label == "to" else label for label in LABELS[sort]
    }  # `to` is a time
    wanted = {label: query[name] for label, name in asked.items() if name in query}
    if interface in ("", EACH):
        wanted.pop("interface", None)
    end = _moment(request, "to", now, now)
    begin = _moment(request, "from", now, end - 3600)
    if not begin < end:
        raise bad_request("from is not before to")
    metrics = frozenset(one for one in query.get("metric", "").split(",") if one)
    if unknown := sorted(metrics - METRICS):
        raise bad_request(f"metric {unknown[0][:80]!r} is none of {', '.join(sorted(METRICS))}")
    step = _number(request, "step", 0)
    if not 0 <= step <= 86_400:
        raise bad_request(f"step {step:g} is no number of seconds up to 86400")
    return Query(
        app=app,
        sort=sort,
        wanted=wanted,
        begin=min(max(begin, now - LONGEST_AGO), now),
        end=min(end, now),
        step=int(step),
        metrics=metrics,
    )


def _moment(request: Request, name: str, now: float, otherwise: float) -> float:
    """Return a time of a query: unix seconds, or seconds from now where it is not above 0."""
    if not request.query_params.get(name):
        return otherwise
    number = _number(request, name, 0)
    return now + number if number <= 0 else number


def _number(request: Request, name: str, otherwise: float) -> float:
    text = request.query_params.get(name, "")
    if not text:
        return otherwise
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise bad_request(f"{name} {text[:80]!r} is no number")
    return number
