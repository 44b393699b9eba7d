"""What a request says of the time of the calls that it causes, whatever serves it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from math import inf

import pytest
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from fairlead.flow.call import NOTHING_INHERITED, Inherited
from fairlead.instruments.inherit import inherited, read, sooner
from fairlead.policy.calls import Calls
from fairlead.policy.resilience import ATTEMPT, DEADLINE, RETRY
from tests.instruments.flask.test_flask import call as call_wsgi
from tests.instruments.plane import Plane, hooked, inner, serving
from tests.instruments.rules import enforce, rated
from tests.instruments.starlette.calls import call as call_asgi

SAID = {DEADLINE: "20000", ATTEMPT: "2", RETRY: "off"}


def told() -> dict[str, object]:
    above = inherited()
    return {"left": above.until - time.monotonic(), "rest": above[1:]}


def flask() -> Flask:
    made = Flask(__name__)
    made.get("/")(told)
    return made


def starlette() -> Starlette:
    async def serve(request: Request) -> JSONResponse:
        found = told()
        left = found["left"]
        return JSONResponse({**found, "left": None if left == inf else left})

    return Starlette(routes=[Route("/", serve)])


def asked(kind: str, headers: dict[str, str]) -> dict[str, object]:
    """Return what the code that serves a request sees."""
    if kind == "flask":
        return dict(json.loads(call_wsgi(flask(), headers)))
    return dict(json.loads(asyncio.run(call_asgi(starlette(), list(headers.items())))))


@pytest.mark.parametrize("gated", [False, True], ids=["plain", "gated"])
@pytest.mark.parametrize("kind", ["flask", "starlette"])
def test_a_request_says_how_long_its_caller_waits(kind: str, gated: bool) -> None:
    """In or out of gates, which keep a request in another object."""
    plane = Plane(replace(inner(), calls=Calls()))
    if gated:
        enforce(plane, rated("GET:/", 1000))
        plane.engine.apply(replace(plane.engine.plan.snapshot, calls=Calls()))
    with hooked(plane, kind):
        found = asked(kind, SAID)
    assert found["rest"] == [2, True]
    assert isinstance(found["left"], float)
    assert 10 < found["left"] <= 20
    assert plane.counters.read().get("agent_faults") is None


@pytest.mark.parametrize("kind", ["flask", "starlette"])
def test_where_nobody_rules_about_calls_nothing_is_read(kind: str) -> None:
    """Most control planes hold no such rule."""
    with hooked(Plane(), kind):
        assert asked(kind, SAID)["rest"] == [0, False]


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, None),
        ({DEADLINE: "soon"}, None),
        ({DEADLINE: "-1"}, None),
        ({DEADLINE: "1e3"}, None),
        ({DEADLINE: "\u0663"}, None),
        ({DEADLINE: "9" * 5000}, None),
        ({ATTEMPT: "0x2"}, None),
        ({RETRY: "on"}, None),
        ({ATTEMPT: "3"}, Inherited(inf, 3)),
        ({RETRY: "off"}, Inherited(inf, 0, spent=True)),
    ],
)
def test_a_stranger_says_nothing_that_is_no_number(
    headers: dict[str, str], found: Inherited | None
) -> None:
    """And what he says can only shorten his own request."""
    assert read(headers.get) == found


def test_no_time_is_no_time() -> None:
    """What a caller has given up is not begun."""
    above = read({DEADLINE: "0"}.get)
    assert above is not None
    assert above.until <= time.monotonic()


def test_of_two_times_the_shorter_one_counts() -> None:
    """Of gRPC's own, and of the header."""
    above = sooner(Inherited(time.monotonic() + 5), 1.0)
    assert above is not None
    assert above.until < time.monotonic() + 2
    assert sooner(None, None) is None
    assert sooner(None, 1e12) is None


def test_work_after_the_answer_has_the_time_it_takes() -> None:
    """A background task is not late because its request's caller has what he wanted."""
    with serving("") as served:
        served.above = Inherited(1.0)
        assert inherited().until == 1.0
        served.ended = True
        assert inherited() is NOTHING_INHERITED
