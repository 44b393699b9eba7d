"""Calls of an app by name are resources of who calls: they enter gates, and leave them."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import grpc
import pytest

from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.fallback import Fallback
from fairlead.policy.resilience import Retry
from fairlead.telemetry.names import AGENT_FAULTS, RATE_LIMITED, WOULD_LIMIT
from tests.flow.routes import Share
from tests.flow.routes import call_route as route_of
from tests.instruments.backend import closed_port
from tests.instruments.gates import inflight
from tests.instruments.grpc.conftest import Make, Seen
from tests.instruments.plane import Plane, eventually, inner
from tests.instruments.rpc import path
from tests.instruments.rules import breaking, capped, enforce, paced, rated


@pytest.fixture(autouse=True)
def no_faults(plane: Plane) -> Any:
    yield
    assert plane.counted(AGENT_FAULTS) == {}


def refused(client: Any, way: str) -> Any:
    with pytest.raises(grpc.RpcError) as raised:
        client.ask(way)
    return raised.value


def name(way: str) -> str:
    return f"call:cart:{path(way)}"


def test_a_call_beyond_a_limit_is_not_sent(plane: Plane, make: Make, base: Seen, way: str) -> None:
    """Its error is the library's, with the code and the message of the rule."""
    enforce(plane, rated(name(way), 1))
    client = make()
    client.ask(way)
    served = len(base.calls)
    error = refused(client, way)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.details() == f"rate limited: {name(way)}"
    assert len(base.calls) == served
    assert plane.counted(RATE_LIMITED) == {name(way): 1}
    assert inflight(plane, name(way)) == 0


def test_a_rule_that_only_simulates_counts(plane: Plane, make: Make, way: str) -> None:
    """Nobody is turned away."""
    enforce(plane, rated(name(way), 0, mode="simulate"))
    make().ask(way)
    assert plane.counted(WOULD_LIMIT) == {name(way): 1}


def test_the_author_of_a_rule_chooses_code_and_message(plane: Plane, make: Make, way: str) -> None:
    """As of a server's."""
    busy = Fallback(grpc_status=14, grpc_message="go away", body="for HTTP")
    enforce(plane, rated("call:cart", 0, busy))
    error = refused(make(), way)
    assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "go away")


def test_a_call_is_inside_until_its_answer_has_ended(
    plane: Plane, make: Make, base: Seen, way: str
) -> None:
    """A stream's too."""
    enforce(plane, capped(name(way), 1))
    inside: list[int] = []
    base.behave = lambda context: inside.append(inflight(plane, name(way)))
    client = make()
    client.ask(way)
    client.ask(way)
    assert set(inside) == {1}
    assert eventually(lambda: inflight(plane, name(way)) == 0)


def test_a_breaker_opens_by_codes_that_are_a_servers_fault(
    plane: Plane, make: Make, base: Seen, kind: str, way: str
) -> None:
    """The one who calls spares the one who cannot."""
    if (kind, way) == ("aio", "stream_stream"):
        pytest.skip("while a stream is still written, the library's own error may get ahead")
    enforce(plane, breaking(name(way)))
    client = make()
    base.behave = lambda context: context.abort(grpc.StatusCode.NOT_FOUND, "none")
    assert refused(client, way).details() == "none"
    base.behave = lambda context: context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
    assert refused(client, way).details() == "not now"
    assert eventually(lambda: refused(client, way).details().startswith("circuit open"))


def test_a_breaker_may_name_codes_and_connections(plane: Plane, make: Make, way: str) -> None:
    """``grpc:NOT_FOUND``, ``connect``."""
    enforce(plane, breaking(name(way), errors=("connect",)))
    with closed_port() as address:
        plane.engine.apply(inner({"cart": {address: ""}}))
        enforce(plane, breaking(name(way), errors=("connect",)))
        client = make()
        assert "accepts no connection" in refused(client, way).details()
        assert refused(client, way).details().startswith("circuit open")


def test_a_call_that_is_paced_waits_where_it_is_made(plane: Plane, make: Make, way: str) -> None:
    """In its thread, or in its task."""
    enforce(plane, paced(name(way), 50))
    client = make()
    for _ in range(3):
        client.ask(way)
    gate = plane.engine.gates.gate(name(way))
    assert (gate.passed, gate.rejected) == (3, 0)


def test_a_place_is_free_again_when_a_stream_is_cancelled_or_dropped(
    plane: Plane, base: Seen
) -> None:
    """Who lets go of a stream has ended it."""
    gone = threading.Event()
    base.behave = lambda context: (context.add_callback(gone.set), gone.wait(30), None)[2]
    enforce(plane, capped(name("unary_stream"), 1))
    with grpc.insecure_channel("cart") as channel:
        stream = channel.unary_stream(path("unary_stream"))
        for end in ("cancel", "drop", "cancel", "drop"):
            gone.clear()
            call: Any = stream(b"1", timeout=30)
            assert eventually(lambda: inflight(plane, name("unary_stream")) == 1)
            with pytest.raises(grpc.RpcError) as raised:
                next(stream(b"2"))
            assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            if end == "cancel":
                call.cancel()
            del call
            assert eventually(lambda: inflight(plane, name("unary_stream")) == 0)
            gone.set()


def test_a_breaker_hears_of_a_stream_under_a_rule_that_repeats(
    plane: Plane, make: Make, base: Seen
) -> None:
    """It is sent once, and its end is told all the same."""
    enforce(plane, breaking(name("unary_stream")))
    retry = Retry(attempts=2, on=("unavailable",))
    rules = (
        route_of(
            rule="VirtualService/cart http[0]",
            retry=retry,
            shares=(Share(host="cart.default.svc.cluster.local"),),
        ),
    )
    calls = Calls(callees=(CalleeRules(namespace="default", app="cart", routes=rules),))
    plane.engine.apply(replace(plane.engine.plan.snapshot, calls=calls))
    client = make()
    base.behave = lambda context: context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
    assert refused(client, "unary_stream").details() == "not now"
    assert eventually(
        lambda: refused(client, "unary_stream").details().startswith("circuit open"), 3.0
    )
