"""Calls by an app's name go to an instance of their lane, through channels of both kinds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from threading import Event, Timer
from typing import Any

import grpc
import pytest

from fairlead.instruments.rpc import address_of, name_in
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.backend import closed_port
from tests.instruments.grpc.conftest import Make, Seen
from tests.instruments.plane import Plane, eventually, inner, serving


@pytest.fixture(autouse=True)
def no_faults(plane: Plane) -> Any:
    yield
    assert plane.counted(AGENT_FAULTS) == {}


def test_each_call_goes_to_its_lane_whatever_the_cardinality(
    plane: Plane, make: Make, way: str
) -> None:
    """One channel serves calls of every lane, as one client does for HTTP."""
    client = make()
    for _ in range(3):
        assert set(client.ask(way)) == {"cart"}
        with serving("gray"):
            assert set(client.ask(way)) == {"cart-gray"}
        with serving("blue"):
            assert set(client.ask(way)) == {"cart"}


@pytest.mark.parametrize(
    "target", ["cart", "cart:50051", "dns:///cart:50051", "dns:cart", "Cart.Default:http"]
)
def test_targets_that_name_an_app(plane: Plane, make: Make, target: str) -> None:
    """Contract 6, but for the port: instances of an app are at ports of their own."""
    assert make(target).ask("unary_unary") == ["cart"]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("dns://8.8.8.8/cart:50051", ""),
        ("ipv4:127.0.0.1:50051", ""),
        ("unix:/run/cart", ""),
        ("unix:cart", ""),
        ("xds:///cart", ""),
        ("127.0.0.1:50051", "127.0.0.1"),
        ("[::1]:50051", ""),
    ],
)
def test_targets_that_name_none(target: str, name: str) -> None:
    """They say how to find the server."""
    assert name_in(target) == name


def test_addresses_are_reached_without_a_name_server() -> None:
    """Numbers are no names."""
    assert address_of("10.0.0.1:5") == "ipv4:10.0.0.1:5"
    assert address_of("[::1]:5") == "ipv6:[::1]:5"
    assert address_of("host:5") == "dns:///host:5"


def test_the_label_and_the_caller_go_with_the_call(
    plane: Plane, make: Make, base: Seen, gray: Seen
) -> None:
    """Contract 10: other people's baggage is kept, and a label that was passed on is not."""
    client = make()
    passed_on = (("baggage", "user=1,x-opensergo-traffic=blue"), ("fairlead-caller", "x"))
    with serving("gray"):
        client.ask("unary_unary", passed_on)
    assert gray.last("baggage") == "x-opensergo-traffic=gray,user=1"
    assert gray.last("fairlead-caller") == "a"
    client.ask("stream_stream", passed_on)
    assert base.last("baggage") == "user=1"
    client.ask("unary_stream")
    assert base.last("baggage") is None


def test_an_unknown_name_goes_on_untouched(plane: Plane, make: Make, base: Seen) -> None:
    """It is not ours to look up."""
    with serving("gray"):
        assert make(base.address).ask("unary_unary") == ["cart"]
    assert base.last("baggage") is None
    assert base.last("fairlead-caller") is None


def test_an_app_that_is_called_by_http_is_not_called_at_that_address(
    plane: Plane, make: Make, base: Seen
) -> None:
    """It may serve gRPC at another port, whose name and number are the caller's."""
    snapshot = inner({"localhost": {"127.0.0.1:1": ""}})
    (service,) = snapshot.services
    (endpoint,) = service.endpoints
    web = replace(service, endpoints=(replace(endpoint, protocol="http"),))
    plane.engine.apply(replace(snapshot, services=(web,)))
    port = base.address.rpartition(":")[2]
    assert make(f"localhost:{port}").ask("unary_unary") == ["cart"]


def test_a_process_that_only_passes_labels_on_labels_every_call(
    plane: Plane, make: Make, base: Seen
) -> None:
    """It knows no app; a label would end in it."""
    plane.propagation_only = True
    plane.engine.apply(replace(inner(), services=()))
    with serving("gray"):
        assert set(make(base.address).ask("stream_unary")) == {"cart"}
    assert base.last("baggage") == "x-opensergo-traffic=gray"


def test_the_next_endpoint_serves_where_one_refuses(
    plane: Plane, make: Make, base: Seen, way: str
) -> None:
    """Contract 13: those of the lane first, then base."""
    with closed_port() as one, closed_port() as other:
        services = {"cart": {one: "gray", other: "gray", base.address: ""}}
        plane.engine.apply(inner(services))
        client = make()
        for _ in range(3):
            with serving("gray"):
                assert set(client.ask(way)) == {"cart"}


def test_an_app_without_an_endpoint_is_unavailable(plane: Plane, make: Make, way: str) -> None:
    """Contract 6: the error names the app and the lane."""
    with serving("gray"), pytest.raises(grpc.RpcError) as raised:
        make("empty:50051").ask(way)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert raised.value.details() == "fairlead: no live endpoint of app 'empty' for lane 'gray'"


def test_an_app_whose_endpoints_all_refuse_is_unavailable(
    plane: Plane, make: Make, way: str
) -> None:
    """The error names the app, the lane, and who was tried."""
    with closed_port() as address:
        plane.engine.apply(inner({"cart": {address: ""}}))
        with pytest.raises(grpc.RpcError) as raised:
            make().ask(way)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert raised.value.details() == (
        f"fairlead: app 'cart' for lane 'base': {address} accepts no connection"
    )


def test_an_error_of_the_server_is_the_applications_to_hear(
    plane: Plane, make: Make, base: Seen, kind: str, way: str
) -> None:
    """It is not sent again: the other side has seen it."""
    if (kind, way) == ("aio", "stream_stream"):
        return  # while a stream is still written, the library's own error may get ahead
    base.behave = lambda context: context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
    with pytest.raises(grpc.RpcError) as raised:
        make().ask(way)
    assert (raised.value.code(), raised.value.details()) == (
        grpc.StatusCode.UNAVAILABLE,
        "not now",
    )
    assert len(base.calls) == 1


def test_a_deadline_ends_a_call(plane: Plane, make: Make, base: Seen, way: str) -> None:
    """Also that of a call by name."""

    def wait(context: Any) -> None:
        over = Event()
        context.add_callback(over.set)
        over.wait(30)

    base.behave = wait
    with pytest.raises(grpc.RpcError) as raised:
        make().ask(way, timeout=0.3)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_who_waits_until_ready_is_served_when_somebody_is(
    plane: Plane, make: Make, base: Seen, way: str
) -> None:
    """The endpoint comes a moment later, as at the start of a whole system."""
    with closed_port() as address:
        plane.engine.apply(inner({"cart": {address: ""}}))
        later = partial(plane.engine.apply, inner({"cart": {base.address: ""}}))
        timer = Timer(0.3, later)
        timer.start()
        assert set(make().ask(way, wait_for_ready=True)) == {"cart"}
        timer.join()


def test_who_waits_until_ready_waits_no_longer_than_its_deadline(
    plane: Plane, make: Make, way: str
) -> None:
    """The library's own code for that."""
    with pytest.raises(grpc.RpcError) as raised:
        make("empty").ask(way, wait_for_ready=True, timeout=0.3)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "app 'empty'" in raised.value.details()


def test_calls_are_counted_at_their_edge(plane: Plane, make: Make, way: str, base: Seen) -> None:
    """By the method's app; a code that is a server's fault is an error."""
    plane.engine.measure(True)
    client = make()
    with serving("blue"):
        client.ask(way)
    base.behave = lambda context: context.set_code(grpc.StatusCode.INTERNAL)
    with serving("blue"), pytest.raises(grpc.RpcError):
        client.ask(way)

    def counted() -> list[tuple[str, str, int, int, int]]:
        return [
            (key.label, key.lane, edge.calls, edge.errors, edge.fallbacks)
            for key, edge in plane.engine.measuring.edges.read()
        ]

    assert eventually(lambda: counted() == [("blue", "", 2, 1, 2)]), counted()
