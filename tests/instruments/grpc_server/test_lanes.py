"""Calls that servers of either kind serve are on the lane they came with, or are put on."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
import pytest

from fairlead.instruments.propagate import current, current_lane
from fairlead.policy.match import Condition
from fairlead.telemetry.names import COLOURED, INVALID_LABELS
from tests.instruments.grpc_server.conftest import Serve
from tests.instruments.plane import Plane, entry, inner
from tests.instruments.rpc import ask, lane_in

GRAY = (("baggage", "user=1,x-opensergo-traffic=gray"),)


def test_an_inner_app_trusts_the_label_whatever_the_cardinality(serve: Serve, way: str) -> None:
    """Contract 7; every step of a stream is on the lane, also the handler's reading."""
    assert lane_in(ask(serve(), way, GRAY)) == "gray"


@pytest.mark.parametrize(
    ("metadata", "lane"),
    [
        ((("x-opensergo-traffic", "gray"),), "gray"),
        ((("baggage", "x-blue=blue"),), "blue"),
        ((("baggage", "user=1"), ("baggage", "x-opensergo-traffic=gray")), "gray"),
        ((("baggage", "user=1"),), "base"),
        ((("x-opensergo-traffic-bin", b"gray"),), "base"),
        ((), "base"),
    ],
)
def test_a_label_is_looked_for_where_http_has_it(serve: Serve, metadata: Any, lane: str) -> None:
    """Metadata are headers."""
    assert lane_in(ask(serve(), "unary_unary", metadata)) == lane


def test_a_lane_does_not_leak_into_the_next_call(serve: Serve, way: str) -> None:
    """One thread, or one loop, serves them all."""
    channel = serve(threads=1)
    lanes = [lane_in(ask(channel, way, GRAY if turn % 3 == 0 else ())) for turn in range(12)]
    assert lanes == ["gray", "base", "base"] * 4


def test_an_entry_takes_the_label_away_and_sets_its_own(
    plane: Plane, serve: Serve, way: str
) -> None:
    """Contract 7: the handler, and whatever it passes on, sees nothing of a stranger's label."""
    plane.engine.apply(entry())

    def say(context: Any) -> str:
        pairs = [f"{key}={value}" for key, value in context.invocation_metadata()]
        shown = [pair for pair in pairs if pair.startswith(("baggage", "x-"))]
        return f"{current_lane(plane) or 'base'} {';'.join(shown)}"

    channel = serve(say)
    stranger = (*GRAY, ("x-opensergo-traffic", "gray"))
    assert lane_in(ask(channel, way, stranger)) == "base baggage=user=1"
    assert lane_in(ask(channel, way, (("x-user", "1"),))) == "gray x-user=1"
    assert plane.counted(COLOURED) == {"": 1, "gray": 1}


def test_an_entry_may_choose_by_the_address_of_the_caller(plane: Plane, serve: Serve) -> None:
    """The peer is known a step later than the metadata."""
    condition = Condition(source="source-ip", operator="==", values=("127.0.0.1",))
    plane.engine.apply(entry(condition))
    assert lane_in(ask(serve(), "unary_stream", GRAY)) == "gray"


def test_an_entry_may_choose_by_method(plane: Plane, serve: Serve) -> None:
    """What HTTP calls a path."""
    plane.engine.apply(entry(Condition(source="path", operator="prefix", values=("/shop.Cart/L",))))
    channel = serve()
    assert lane_in(ask(channel, "unary_stream")) == "gray"
    assert lane_in(ask(channel, "unary_unary")) == "base"


def test_a_label_that_can_name_no_lane_is_counted(plane: Plane, serve: Serve) -> None:
    """It comes from the network."""
    assert lane_in(ask(serve(), "unary_unary", (("baggage", "x-opensergo-traffic=%00"),))) == "base"
    assert sum(plane.counted(INVALID_LABELS).values()) == 1


def test_an_instance_on_a_lane_takes_what_has_no_label(plane: Plane, serve: Serve) -> None:
    """Contract 8."""
    plane.engine.apply(inner(lane="gray"))
    assert lane_in(ask(serve(), "stream_stream")) == "gray"


def test_interceptors_of_the_application_are_inside_the_call(
    plane: Plane, kind: str, serve: Serve
) -> None:
    """They ask other services who the caller is, and must ask them on its lane."""
    seen: list[str] = []

    class Sync(grpc.ServerInterceptor):  # type: ignore[misc]
        def intercept_service(self, continuation: Any, details: Any) -> Any:
            seen.append(current_lane(plane))
            return continuation(details)

    class Async(grpc.aio.ServerInterceptor):  # type: ignore[misc]
        async def intercept_service(self, continuation: Any, details: Any) -> Any:
            seen.append(current_lane(plane))
            return await continuation(details)

    channel = serve(interceptors=[Sync() if kind == "sync" else Async()])
    assert lane_in(ask(channel, "unary_unary", GRAY)) == "gray"
    assert lane_in(ask(channel, "unary_unary")) == "base"
    assert seen == ["gray", ""]


def test_a_call_ends_with_its_last_answer(serve: Serve, way: str) -> None:
    """What goes on after it has outlived its request."""
    origins: list[Any] = []

    def say(context: Any) -> str:
        origins.append(current())
        return "ended" if origins[-1].ended else "under way"

    assert lane_in(ask(serve(say), way)) == "under way"
    assert all(origin.ended for origin in origins)


def test_a_method_that_nobody_has_is_the_librarys_to_answer(serve: Serve) -> None:
    """Our interceptor comes before the question whether there is a handler."""
    call = serve().unary_unary("/shop.Cart/Nothing")
    with pytest.raises(grpc.RpcError) as raised:
        call(b"", timeout=30)
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
