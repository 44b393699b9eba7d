"""Spans of an application that has OpenTelemetry say what was decided, and no header is ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from opentelemetry import baggage, context
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import SpanKind
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fairlead.telemetry import attributes as names
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.limits import limit
from tests.instruments.plane import serving

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def request(inside: Callable[[], Any], *headers: tuple[bytes, bytes], around: Any = None) -> int:
    """Have a Starlette application serve a request, `around` which somebody else may stand."""
    found: list[int] = []

    async def endpoint(_: Any) -> PlainTextResponse:
        inside()
        return PlainTextResponse("done")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        found.extend([message["status"]] if "status" in message else [])

    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b""}
    scope["headers"] = [*headers]
    application: Any = Starlette(routes=[Route("/x", endpoint)])
    if around is not None:
        application = around(application)
    asyncio.run(application(scope, receive, send))
    return found[0]


def test_every_span_of_a_request_has_its_lane(collector, tracer):
    """Traces are searched for it, and grouped by it."""
    with serving("gray"), tracer.start_as_current_span("work"):
        tracer.start_span("inner").end()
    tracer.start_span("alone").end()

    assert collector.named("work").attributes[names.LANE] == "gray"
    assert collector.named("inner").attributes[names.LANE] == "gray"
    assert collector.named("alone").attributes[names.LANE] == "base"


@pytest.mark.usefixtures("form")
def test_a_span_that_began_before_the_lane_was_known_has_it_too(collector, tracer):
    """OpenTelemetry's middleware may stand around the whole application."""

    def around(application: Any) -> Any:
        async def call(scope: Any, receive: Any, send: Any) -> None:
            with tracer.start_as_current_span("server"):
                await application(scope, receive, send)

        return call

    label = (b"baggage", b"x-opensergo-traffic=gray")
    assert request(lambda: None, label, around=around) == 200
    assert collector.named("server").attributes[names.LANE] == "gray"


def test_a_rejection_is_an_event_of_the_span(plane, collector, tracer):
    """The trace of a 429 says which rule it was."""
    limit(plane, "GET:/x")

    with tracer.start_as_current_span("server"):
        assert request(lambda: None) == 429

    span = collector.named("server")
    assert span.events[names.REJECTED][names.INTERFACE] == "GET:/x"
    assert span.events[names.REJECTED][names.REASON] == "rate"
    assert span.attributes[names.RULE] == span.events[names.REJECTED][names.RULE]


def test_the_span_of_a_call_says_which_instance_was_chosen(collector, tracer, called):
    """Its URL has the app's name only."""
    with tracer.start_as_current_span("GET", kind=SpanKind.CLIENT):
        httpx.get("http://b/x")

    assert collector.named("GET").attributes[names.INSTANCE] == called.address
    assert collector.named("GET").attributes[names.INSTANCE_LANE] == "base"


def test_calls_without_a_span_of_their_own_are_events(collector, tracer, called):
    """There may be several of them in one request."""
    with tracer.start_as_current_span("server", kind=SpanKind.SERVER):
        httpx.get("http://b/x")

    event = collector.named("server").events[names.CALLED]
    assert event[names.INTERFACE] == "call:b"
    assert event[names.INSTANCE] == called.address


def test_the_header_is_the_applications_own(collector, tracer, called):
    """Two writers of one trace would break it: the span of its client library is the parent."""
    instrumentor = HTTPXClientInstrumentor()
    provider = tracer_provider(tracer)
    with httpx.Client() as client:
        instrumentor.instrument_client(client, tracer_provider=provider)
        parent = extract({"traceparent": PARENT})
        with tracer.start_as_current_span("server", context=parent) as server:
            client.get("http://b/x")

    span = next(one for one in collector.spans if one.name != "server")
    assert span.trace == PARENT[3:35]
    assert called.last.header("traceparent") == f"00-{span.trace}-{span.id}-01"
    assert span.attributes[names.INSTANCE] == called.address
    assert server.get_span_context().trace_id == int(PARENT[3:35], 16)


def tracer_provider(tracer: Any) -> Any:
    """Return a provider that gives this tracer, for who asks for one."""

    class Provider:
        def get_tracer(self, *_: Any, **__: Any) -> Any:
            return tracer

    return Provider()


def test_nothing_is_written_where_a_span_is_current(tracer, called):
    """The application's propagators decide who is told of its trace."""

    def call() -> None:
        with tracer.start_as_current_span("work"):
            httpx.get("http://b/x")

    request(call, (b"traceparent", PARENT.encode()))

    assert called.last.header("traceparent") is None


def test_without_a_span_the_trace_goes_on_as_everywhere(plane, called):
    """An application may have imported the SDK and have it switched off."""
    request(lambda: httpx.get("http://b/x"), (b"traceparent", PARENT.encode()))

    assert called.last.header("traceparent") == PARENT


def test_baggage_has_the_lane_of_the_work_at_hand(plane):
    """A service that has OpenTelemetry and no agent passes it on."""
    carrier: dict[str, str] = {}
    token = context.attach(baggage.set_baggage("theirs", "1"))
    try:
        with serving("gray"):
            W3CBaggagePropagator().inject(carrier)
    finally:
        context.detach(token)

    assert sorted(carrier["baggage"].split(",")) == ["theirs=1", "x-opensergo-traffic=gray"]


def test_a_label_that_came_in_is_not_passed_on_by_baggage(plane):
    """At an entry it is a stranger's, and OpenTelemetry has read it before us."""
    came = extract({"baggage": "x-opensergo-traffic=gray,theirs=1"})
    token = context.attach(came)
    carrier: dict[str, str] = {}
    try:
        with serving(""):
            inject(carrier)
    finally:
        context.detach(token)

    assert carrier["baggage"] == "theirs=1"
    assert plane.counted(AGENT_FAULTS) == {}
