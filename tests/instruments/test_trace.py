"""The trace of a request goes on with the calls that are made for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fairlead.instruments.passage import Served
from fairlead.instruments.propagate import resume, suspend
from tests.instruments.backend import Backend, backend
from tests.instruments.callers import CALLERS, Caller
from tests.instruments.plane import Plane, hooked, inner

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OWN = "00-11111111111111111111111111111111-2222222222222222-01"
STATE = "congo=t61,rojo=00f0"
CAME = ((b"traceparent", PARENT.encode()), (b"tracestate", STATE.encode()))


@pytest.fixture
def called() -> Iterator[Backend]:
    with backend("b") as one:
        yield one


@pytest.fixture(params=CALLERS, ids=str)
def caller(request: pytest.FixtureRequest) -> Caller:
    caller: Caller = request.param
    return caller


@pytest.fixture
def plane(called: Backend, caller: Caller) -> Iterator[Plane]:
    plane = Plane(inner({"b": {called.address: ""}}))
    with hooked(plane, *caller.hooks):
        yield plane


def ask(caller: Caller, url: str, came: Any = CAME, **options: Any) -> None:
    """Call for a request that came with these headers."""
    served = Served("")
    served.headers = came
    token = resume(served)
    try:
        assert caller.get(url, **options).status == 200
    finally:
        suspend(token)


def test_a_call_carries_the_trace_of_its_request(plane, called, caller):
    """Without that a service without OpenTelemetry cuts every trace in two."""
    ask(caller, "http://b/x")

    assert called.last.header("traceparent") == PARENT
    assert called.last.header("tracestate") == STATE


def test_a_trace_that_the_application_writes_is_left_alone(plane, called, caller):
    """Its own client library is instrumented, or it knows better."""
    ask(caller, "http://b/x", headers={"TraceParent": OWN})

    assert called.last.header("traceparent") == OWN
    assert called.last.header("tracestate") is None


def test_a_call_that_is_made_for_nobody_has_no_trace(plane, called, caller):
    """A trace is not invented."""
    caller.get("http://b/x")

    assert called.last.header("traceparent") is None


def test_a_request_without_a_trace_is_given_one_where_that_is_wanted(plane, called, caller):
    """All of its calls are of the same one."""
    plane.observing.traces.begins = True
    served = Served("")
    token = resume(served)
    try:
        for _ in range(2):
            caller.get("http://b/x")
    finally:
        suspend(token)

    first, second = (one.header("traceparent") for one in called.seen)
    assert first == second
    assert first.endswith("-01")


def test_a_trace_that_begins_unsampled_says_so(plane, called, caller):
    """Whether it is recorded is decided where it begins."""
    plane.observing.traces.begins = True
    plane.observing.traces.sampling = lambda: 0.0

    ask(caller, "http://b/x", ())

    assert called.last.header("traceparent").endswith("-00")


def test_nothing_is_carried_where_it_is_switched_off(plane, called, caller):
    """FAIRLEAD_TRACE=off."""
    plane.observing.traces.on = False

    ask(caller, "http://b/x")

    assert called.last.header("traceparent") is None


def test_a_stranger_is_told_of_no_trace(plane, called, caller):
    """Ids go where labels go: to apps by their names."""
    ask(caller, f"http://{called.address}/x")

    assert called.last.header("traceparent") is None


def test_a_process_that_only_passes_labels_on_passes_traces_on_as_well(plane, called, caller):
    """It knows no app, so that no host is one."""
    plane.propagation_only = True

    ask(caller, f"http://{called.address}/x")

    assert called.last.header("traceparent") == PARENT


def through_asgi(headers: list[tuple[bytes, bytes]], inside: Callable[[], None]) -> None:
    """Have a Starlette application do something for a request with these headers."""

    async def endpoint(request: Any) -> PlainTextResponse:
        inside()
        return PlainTextResponse("done")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        assert message.get("status", 200) == 200

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    asyncio.run(Starlette(routes=[Route("/", endpoint)])(scope, receive, send))


def through_wsgi(headers: list[tuple[bytes, bytes]], inside: Callable[[], None]) -> None:
    """Have a Flask application do so."""
    app = Flask(__name__)

    @app.get("/")
    def endpoint() -> str:
        inside()
        return "done"

    given = [(name.decode(), value.decode()) for name, value in headers]
    assert app.test_client().get("/", headers=given).status_code == 200


@pytest.mark.parametrize("through", [through_asgi, through_wsgi], ids=["asgi", "wsgi"])
@pytest.mark.usefixtures("form")
def test_a_served_request_is_read_by_both_interfaces(through):
    """What it came with is looked at when a call is made, and not before."""
    plane, found = Plane(), []
    with hooked(plane, "starlette", "flask"):
        through(list(CAME), lambda: found.append(plane.observing.traces.carried()))
        through([], lambda: found.append(plane.observing.traces.carried()))

    assert found == [(PARENT, STATE), None]
