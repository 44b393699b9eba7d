"""Requests of Flask applications run on the lane they came with, until their body is closed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper, setup_testing_defaults

import pytest
from flask import Flask, Response, request
from werkzeug.wsgi import wrap_file

from fairlead.flow.lane import Lanes
from fairlead.instruments.limiting import Turnstile
from fairlead.instruments.propagate import current, current_lane
from fairlead.policy.match import Condition
from fairlead.policy.snapshot import Snapshot
from fairlead.telemetry.names import AGENT_FAULTS, COLOURED, INVALID_LABELS, LANE_OUTLIVED_REQUEST
from tests.instruments.plane import Plane, entry, hooked, inner, serving

GRAY = {"Baggage": "x-opensergo-traffic=gray"}


def environ(headers: dict[str, str] | None = None, **rest: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"PATH_INFO": "/", **rest}
    for name, value in (headers or {}).items():
        made[f"HTTP_{name.upper().replace('-', '_')}"] = value
    setup_testing_defaults(made)
    return made


def begin(app: Any, headers: dict[str, str] | None = None, **rest: Any) -> Iterable[bytes]:
    """Send `app` one request as a server does; return the body, not yet read."""
    body: Iterable[bytes] = app(environ(headers, **rest), lambda status, headers, error=None: None)
    return body


def call(app: Any, headers: dict[str, str] | None = None, **rest: Any) -> str:
    """Send `app` one request as a server does; return its whole body."""
    body = begin(app, headers, **rest)
    try:
        return b"".join(body).decode()
    finally:
        if hasattr(body, "close"):
            body.close()


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "flask"):
        yield plane


def app(plane: Plane) -> Flask:
    """Return an application that answers with its lane and the headers it was given."""
    flask = Flask(__name__)

    @flask.get("/")
    def answer() -> str:
        names = ("Baggage", "X-Opensergo-Traffic", "X-Blue", "Accept", "Fairlead-Caller")
        seen = [f"{name}={request.headers[name]}" for name in names if name in request.headers]
        return "|".join([current_lane(plane), *seen])

    return flask


@pytest.mark.parametrize(
    ("headers", "lane"),
    [
        (GRAY, "gray"),
        ({"Baggage": "user=1, x-opensergo-traffic=gray;p=1,z=2"}, "gray"),
        ({"Baggage": "OpenSergo-Label=gray"}, "gray"),
        ({"X-Opensergo-Traffic": "gray"}, "gray"),
        ({"OpenSergo-Label": "blue", **GRAY}, "gray"),
        ({"Baggage": "x-opensergo-traffic=base"}, ""),
        ({"Baggage": "user=1"}, ""),
        ({}, ""),
    ],
)
def test_an_inner_app_trusts_the_label(plane: Plane, headers: dict[str, str], lane: str) -> None:
    """Contract 7: in the baggage or, failing that, in a plain header, under any key."""
    assert call(app(plane), headers).partition("|")[0] == lane


def test_a_request_leaves_its_context_as_it_found_it(plane: Plane) -> None:
    """A thread serves one request after the other."""
    call(app(plane), GRAY)
    assert current() is None
    with serving("blue") as before:
        before.ended = True
        assert call(app(plane)) == ""


def test_an_instance_on_a_lane_takes_what_has_no_label(plane: Plane) -> None:
    """Contract 8."""
    plane.engine.apply(inner(lane="gray"))
    assert call(app(plane)) == "gray"


def test_an_entry_takes_the_label_away_and_colours_by_its_rules(plane: Plane) -> None:
    """Contract 7: a client cannot choose its lane; every other member and header stays."""
    plane.engine.apply(entry())
    spoofed = {
        "Baggage": "user=1,x-opensergo-traffic=gray",
        "X-Opensergo-Traffic": "gray",
        "X-Blue": "blue",
        "Accept": "*/*",
    }
    assert call(app(plane), spoofed) == "|Baggage=user=1|Accept=*/*"
    assert call(app(plane), GRAY) == ""
    assert call(app(plane), {**spoofed, "X-User": "1"}).startswith("gray|")
    assert plane.counted(COLOURED) == {"": 2, "gray": 1}


def test_without_trust_a_label_is_dropped() -> None:
    """FAIRLEAD_TRUST=none: for apps that are called from outside the mesh."""
    plane = Plane(trust=False)
    with hooked(plane, "flask"):
        assert call(app(plane), {"X-Blue": "blue", **GRAY}) == ""


@pytest.mark.parametrize(
    ("snapshot", "trust"), [(entry(), True), (inner(), False), (inner(), True)]
)
def test_who_calls_is_kept_from_an_application_that_strangers_call(
    snapshot: Snapshot, trust: bool
) -> None:
    """It would pass it on as if it were true; with a label and without one."""
    plane = Plane(snapshot, trust=trust)
    believed = trust and snapshot.entry is None
    with hooked(plane, "flask"):
        for label in ({}, GRAY):
            seen = call(app(plane), {"Fairlead-Caller": "cart", "Accept": "*/*", **label})
            assert ("Fairlead-Caller=cart" in seen) is believed
            assert "Accept=*/*" in seen
    assert plane.counted(AGENT_FAULTS) == plane.counted(INVALID_LABELS) == {}


@pytest.mark.parametrize("value", ["x" * 65_536, "../../etc", "gray%0d%0aX-Evil: 1", "gräu"])
def test_a_hostile_label_is_ignored_and_counted(plane: Plane, value: str) -> None:
    """F20: refused by charset and length; the request goes on as one without a label."""
    body = call(app(plane), {"Baggage": f"x-opensergo-traffic={value}"})
    assert body.partition("|")[0] == ""
    assert plane.counted(INVALID_LABELS) == {"": 1}


def test_a_generator_stays_on_its_lane_to_its_end(plane: Plane) -> None:
    """The server iterates after the application has returned, one request between another."""
    streaming = Flask(__name__)

    @streaming.get("/")
    def endpoint() -> Response:
        def steps() -> Iterator[str]:
            try:
                for _ in range(3):
                    yield f"{current_lane(plane)};"
            finally:
                closed.append(current_lane(plane))

        return Response(steps())

    closed: list[str] = []
    bodies = [begin(streaming, GRAY), begin(streaming), begin(streaming, GRAY)]
    steps = [iter(body) for body in bodies]
    seen = [[next(step).decode() for step in steps] for _ in range(3)]
    assert seen == [["gray;", ";", "gray;"]] * 3
    assert current() is None
    for body in bodies:
        body.close()  # type: ignore[attr-defined]
    assert closed == ["gray", "", "gray"]
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {}


def test_what_runs_at_the_end_of_the_response_runs_on_the_lane(plane: Plane) -> None:
    """Flask calls these from the body's `close`."""
    lanes: list[str] = []
    flask = Flask(__name__)

    @flask.get("/")
    def endpoint() -> Response:
        response = Response("ok")
        response.call_on_close(lambda: lanes.append(current_lane(plane)))
        return response

    call(flask, GRAY)
    assert lanes == ["gray"]
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {}


def test_middleware_around_wsgi_app_runs_on_the_lane(plane: Plane) -> None:
    """It calls other apps, to authenticate for example; the rules decide once."""
    plane.engine.apply(entry())
    lanes: list[str] = []
    wrapped = app(plane)
    inside = wrapped.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        lanes.append(current_lane(plane))
        return inside(environ, start_response)

    wrapped.wsgi_app = middleware  # type: ignore[method-assign]
    assert call(wrapped, {"X-User": "1"}) == "gray"
    assert lanes == ["gray"]
    assert plane.counted(COLOURED) == {"gray": 1}


def test_a_server_may_be_given_the_method_itself(plane: Plane) -> None:
    """Some are told `module:app.wsgi_app`."""
    assert call(app(plane).wsgi_app, GRAY).startswith("gray")


def test_a_file_is_handed_to_the_server_as_the_server_made_it(plane: Plane) -> None:
    """Or it would be copied through Python instead of sent by the kernel."""
    flask = Flask(__name__)

    @flask.get("/")
    def endpoint() -> Response:
        wrapper = wrap_file(request.environ, io.BytesIO(b"file"))
        return Response(wrapper, direct_passthrough=True)

    body = begin(flask, GRAY, **{"wsgi.file_wrapper": FileWrapper})
    assert type(body) is FileWrapper
    assert b"".join(body) == b"file"


def test_a_list_keeps_its_length(plane: Plane) -> None:
    """Servers ask for it, to send a Content-Length."""

    class Listing(Flask):
        def wsgi_app(self, environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [])
            return [b"one"]

    assert len(begin(Listing(__name__), GRAY)) == 1  # type: ignore[arg-type]
    assert current() is None


def test_an_error_of_the_application_is_its_own(plane: Plane) -> None:
    """And the request has ended."""
    flask = Flask(__name__)
    flask.testing = True

    @flask.get("/")
    def endpoint() -> str:
        raise LookupError("the application's")

    with pytest.raises(LookupError):
        begin(flask, GRAY)
    assert current() is None


def test_work_that_outlives_its_request_is_counted(plane: Plane) -> None:
    """Contract 9: it keeps its lane, and doctor can say that it happened."""
    kept: list[Any] = []
    flask = Flask(__name__)

    @flask.get("/")
    def endpoint() -> str:
        kept.append(current())
        return current_lane(plane)

    assert call(flask, GRAY) == "gray"
    assert kept[0].ended


def test_a_fault_of_ours_lets_the_request_through(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F43: as one without a label, and counted."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    flask = Flask(__name__)
    flask.get("/")(lambda: "ok")
    plane.engine.measure(True)
    monkeypatch.setattr(Turnstile, "gate", broken)
    assert call(flask, GRAY) == "ok"
    plane.engine.plan = None  # type: ignore[assignment]
    assert call(flask, GRAY) == "ok"
    # Its lane, and twice its gate.
    assert plane.counted(AGENT_FAULTS) == {"wsgi": 1, "flask": 2}


def test_the_first_request_says_that_the_process_serves(plane: Plane) -> None:
    """Where a server has no hook of its own; once is enough."""
    plane.ready = False
    for _ in range(3):
        call(app(plane))
    assert (plane.waited, plane.servers) == (1, [("wsgi", None)])


def test_a_rule_that_fails_lets_no_label_through(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request goes on as one without a label, also for whoever copies headers."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    plane.engine.apply(entry())
    monkeypatch.setattr(Lanes, "colour", broken)
    assert call(app(plane), {"X-Blue": "blue", **GRAY}) == ""
    assert plane.counted(AGENT_FAULTS) == {"wsgi": 1}


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    before = dict(vars(Flask))
    with hooked(Plane(), "flask"):
        assert dict(vars(Flask)) != before
    assert dict(vars(Flask)) == before


def test_an_app_mounted_in_an_asgi_app_is_on_the_lane_of_the_whole_request() -> None:
    """Decided twice, half of a percentage would be on one lane outside and another one inside."""
    half = Condition(source="trace", operator="percentage", values=("50",), salt="gray")
    plane = Plane(entry(half))
    with hooked(plane, "flask"):
        for lane in ("gray", ""):
            with serving(lane):
                assert {call(app(plane)) for _ in range(20)} == {lane}
    assert plane.counted(COLOURED) == {}
