"""Channels of grpc by an app's name: futures, streams, interceptors, threads, and their end."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from fairlead.instruments import rpc_client
from fairlead.instruments.pending import Pending
from fairlead.instruments.propagate import current, current_lane
from tests.instruments.backend import closed_port
from tests.instruments.gates import inflight
from tests.instruments.grpc.conftest import Seen
from tests.instruments.plane import Plane, eventually, inner, serving
from tests.instruments.rpc import ask, decode, encode, method_of
from tests.instruments.rules import capped, enforce


@pytest.fixture
def channel(plane: Plane) -> Iterator[Any]:
    with grpc.insecure_channel("cart:50051") as channel:
        yield channel


Future = Callable[[], Any]


@pytest.fixture(params=["connected", "not yet"])
def future(request: pytest.FixtureRequest, channel: Any) -> Future:
    """Return what begins a call, on an instance that is connected or one that is not."""
    if request.param == "connected":
        ask(channel, "unary_unary")
    return lambda: method_of(channel, "unary_unary").future("1", timeout=30)


def test_a_future_is_what_the_librarys_is(future: Future) -> None:
    """Also before the call is under way."""
    call, called, ended = future(), threading.Event(), threading.Event()
    call.add_done_callback(lambda done: called.set() if done.result() == "cart" else None)
    assert call.result(30) == "cart"
    assert call.exception() is None
    assert call.traceback() is None
    assert call.code() is grpc.StatusCode.OK
    assert called.wait(30)
    assert call.done()
    assert not call.running()
    assert not call.cancelled()
    assert not call.is_active()
    assert call.time_remaining() > 0
    assert call.add_callback(ended.set) is False
    assert "user-agent" not in dict(call.initial_metadata())


def test_a_call_can_be_cancelled_before_and_while_it_is_under_way(
    future: Future, base: Seen
) -> None:
    """The server hears of it."""
    gone, here = threading.Event(), threading.Event()

    def wait(context: Any) -> None:
        context.add_callback(gone.set)
        here.set()
        gone.wait(30)

    base.behave = wait
    call = future()
    assert here.wait(30)
    assert call.cancel()
    assert gone.wait(30)
    assert call.cancelled()
    with pytest.raises(grpc.FutureCancelledError):
        call.result(30)


def test_a_call_that_is_cancelled_while_it_connects_is_never_made(base: Seen) -> None:
    """Nobody waits for it any more."""
    pending = Pending()
    assert pending.cancel()
    assert pending.cancelled()
    assert pending.done()
    with pytest.raises(grpc.FutureCancelledError):
        pending.result(1)
    with pytest.raises(grpc.FutureTimeoutError):
        Pending().result(0.01)


def test_an_error_of_a_call_that_was_never_made_is_the_futures(plane: Plane) -> None:
    """A future does not raise when it is made."""
    with grpc.insecure_channel("empty") as channel:
        call = method_of(channel, "unary_unary").future("1")
        assert call.exception(30).code() is grpc.StatusCode.UNAVAILABLE
        with pytest.raises(grpc.RpcError):
            call.result(30)
        stream = method_of(channel, "unary_stream")("1")
        assert "app 'empty'" in stream.details()
        with pytest.raises(grpc.RpcError):
            next(stream)


def test_interceptors_of_the_application_see_the_call_once(plane: Plane, base: Seen) -> None:
    """Whatever it takes to send it; and what they add is sent."""
    seen: list[str] = []

    class Interceptor(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            seen.append(details.method)
            return continuation(details._replace(metadata=[("x-seen", "1")]), request)

        intercept_unary_stream = intercept_unary_unary

    with closed_port() as address:
        plane.engine.apply(inner({"cart": {address: "gray", base.address: ""}}))
        with grpc.insecure_channel("cart") as channel, serving("gray"):
            intercepted = grpc.intercept_channel(channel, Interceptor())
            assert ask(intercepted, "unary_unary") == ["cart"]
            assert base.last("x-seen") == "1"
            assert set(ask(intercepted, "unary_stream")) == {"cart"}
            assert method_of(intercepted, "unary_unary").future("1").result(30) == "cart"
    assert seen == ["/shop.Cart/Get", "/shop.Cart/List", "/shop.Cart/Get"]
    assert base.last("x-seen") == "1"


def test_requests_and_callbacks_are_on_the_lane_of_their_call(plane: Plane, channel: Any) -> None:
    """Threads of the library's step through the ones and call the others; they belong to nobody."""
    lanes: dict[str, list[str]] = {"gray": [], "": []}
    done = threading.Semaphore(0)

    def requests(lane: str) -> Iterator[str]:
        for _ in range(3):
            lanes[lane].append(current_lane(plane))
            yield "1"

    def called(lane: str) -> None:
        lanes[lane].append(current_lane(plane))
        done.release()

    for lane in ("gray", "", "gray", ""):
        with serving(lane):
            call = method_of(channel, "stream_stream")(requests(lane), timeout=30)
            call.add_callback(lambda lane=lane: called(lane))
            assert set(call) == {"cart-gray" if lane else "cart"}
            assert done.acquire(timeout=30)
            future = method_of(channel, "unary_unary").future("1", timeout=30)
            future.add_done_callback(lambda _, lane=lane: called(lane))
            assert done.acquire(timeout=30)
    assert {lane: set(found) for lane, found in lanes.items()} == {"gray": {"gray"}, "": {""}}


def test_the_librarys_threads_are_started_for_nobody(plane: Plane, channel: Any) -> None:
    """One that a gray request happens to start serves the calls of everybody else after it."""
    origins: list[Any] = []
    run = threading.Thread.run

    def look(self: threading.Thread) -> None:
        origins.append((getattr(self._target, "__module__", ""), current()))  # type: ignore[attr-defined]
        run(self)

    threading.Thread.run = look  # type: ignore[method-assign]
    try:
        with serving("gray"):
            assert method_of(channel, "unary_unary").future("1").result(30) == "cart-gray"
            assert list(method_of(channel, "unary_stream")("1"))
    finally:
        threading.Thread.run = run  # type: ignore[method-assign]
    library = [origin for module, origin in origins if module.startswith("grpc")]
    assert library
    assert set(library) == {None}


def test_a_channel_that_is_closed_closes_what_is_behind_it(plane: Plane, base: Seen) -> None:
    """As the library's own: calls under way end, and no more can be made."""
    gone = threading.Event()

    def wait(context: Any) -> None:
        context.add_callback(gone.set)
        gone.wait(30)

    base.behave = wait
    channel = grpc.insecure_channel("cart")
    stream = method_of(channel, "unary_stream")("1")
    assert eventually(lambda: bool(base.calls))
    channel.close()
    with pytest.raises(grpc.RpcError) as raised:
        next(stream)
    assert raised.value.code() is grpc.StatusCode.CANCELLED
    with pytest.raises(ValueError, match="closed"):
        ask(channel, "unary_unary")


def test_an_endpoint_that_is_gone_is_let_go_of_when_its_last_call_has_ended(
    plane: Plane, base: Seen, gray: Seen
) -> None:
    """Connections do not pile up behind a channel that lives as long as its process."""
    go_on = threading.Event()
    base.behave = lambda context: (go_on.wait(30), None)[1]
    with grpc.insecure_channel("cart") as channel:
        stream = method_of(channel, "unary_stream")("1", timeout=30)
        assert eventually(lambda: bool(base.calls))
        plane.engine.apply(inner({"cart": {gray.address: ""}}))
        assert ask(channel, "unary_unary") == ["cart-gray"]
        go_on.set()
        assert list(stream) == ["cart"] * 3


def test_arguments_are_taken_by_name_and_by_place(channel: Any) -> None:
    """As the library's own multi-callables take them."""
    unary = channel.unary_unary("/shop.Cart/Get", encode, response_deserializer=decode)
    assert unary("1", 30, None, None, None, None) == "cart"
    assert unary(request="1", timeout=30) == "cart"
    answer, call = unary.with_call("1", timeout=30)
    assert (answer, call.code()) == ("cart", grpc.StatusCode.OK)
    stream = method_of(channel, "stream_unary")
    assert stream(request_iterator=iter(["1"]), timeout=30) == "cart"
    with pytest.raises(TypeError):
        unary("1", nothing=1)


def test_a_message_that_cannot_be_sent_is_the_librarys_error(channel: Any) -> None:
    """Also where it is ours to send it."""
    unary = channel.unary_unary("/shop.Cart/Get", lambda _: None, decode)
    for call in (unary, unary.future):
        with pytest.raises(grpc.RpcError) as raised:
            call("1")
        assert raised.value.code() is grpc.StatusCode.INTERNAL


def test_a_channel_with_certificates_is_untouched(plane: Plane) -> None:
    """A name is what its certificate says."""
    with grpc.secure_channel("cart:50051", grpc.ssl_channel_credentials()) as channel:
        assert type(method_of(channel, "unary_unary")).__module__ == "grpc._channel"


def test_an_application_hears_when_an_app_can_be_reached(plane: Plane, base: Seen) -> None:
    """Many wait for that before their first call; the endpoint may be yet to come."""
    with closed_port() as address, grpc.insecure_channel("cart:50051") as channel:
        plane.engine.apply(inner({"cart": {address: ""}}))
        states: list[grpc.ChannelConnectivity] = []
        channel.subscribe(states.append, try_to_connect=True)
        ready = grpc.channel_ready_future(channel)
        assert eventually(lambda: grpc.ChannelConnectivity.TRANSIENT_FAILURE in states)
        assert not ready.done()
        plane.engine.apply(inner({"cart": {base.address: ""}}))
        ready.result(30)
        assert eventually(lambda: states[-1] is grpc.ChannelConnectivity.READY)
        channel.unsubscribe(states.append)
        plane.engine.apply(inner({"cart": {}}))
        heard = len(states)
        assert ask(grpc.insecure_channel(base.address), "unary_unary") == ["cart"]
        assert len(states) <= heard + 1


def test_a_name_that_is_no_apps_is_the_librarys_to_watch(plane: Plane, base: Seen) -> None:
    """Its own channel connects."""
    with grpc.insecure_channel(base.address) as channel:
        grpc.channel_ready_future(channel).result(30)


def test_streams_of_the_librarys_faster_kind_are_governed_too(plane: Plane, base: Seen) -> None:
    """An option of the channel; such a stream goes on only when somebody asks for the next."""
    options = [(grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)]
    enforce(plane, capped("call:cart:/shop.Cart/List", 1))
    with grpc.insecure_channel("cart", options) as channel:
        for _ in range(3):
            with serving("gray"):
                assert set(ask(channel, "unary_stream")) == {"cart-gray"}
        call = method_of(channel, "unary_stream")("1", timeout=30)
        assert next(call) == "cart"
        call.cancel()
        with pytest.raises(grpc.RpcError):
            list(call)
        assert set(ask(channel, "unary_stream")) == {"cart"}
        call = method_of(channel, "unary_stream")("1", timeout=30)
        del call
        assert eventually(lambda: inflight(plane, "call:cart:/shop.Cart/List") == 0)


def test_connections_are_bounded(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel to an app with a thousand instances does not keep a thousand open."""
    monkeypatch.setattr(rpc_client, "MOST_ENDPOINTS", 1)
    with grpc.insecure_channel("cart") as channel:
        for lane in ("gray", "", "gray", ""):
            with serving(lane):
                assert set(ask(channel, "stream_stream")) == {"cart-gray" if lane else "cart"}
        # By type(): isinstance() asks objects of other libraries, some of which do things then.
        reaches = [one for one in gc.get_objects() if type(one) is rpc_client.Reach]
        (reach,) = [one for one in reaches if not one.closed and one._channels]
        assert len(reach._channels) == 1


@pytest.mark.filterwarnings("ignore::grpc.experimental.ExperimentalApiWarning")
def test_a_stub_without_a_channel_is_governed(plane: Plane) -> None:
    """The library keeps the channel itself (`grpc.experimental.unary_unary`)."""
    answer = grpc.experimental.unary_unary(
        "1", "cart:50051", "/shop.Cart/Get", encode, decode, insecure=True, timeout=30
    )
    assert answer == "cart"


def test_a_call_that_waits_for_an_endpoint_can_be_given_up(plane: Plane, base: Seen) -> None:
    """No thread of ours waits for nobody."""
    before = threading.active_count()
    channel = grpc.insecure_channel("empty")
    call = method_of(channel, "unary_unary").future("1", wait_for_ready=True)
    other = method_of(channel, "unary_stream")("1", wait_for_ready=True)
    assert not call.done()
    assert call.cancel()
    channel.close()
    with pytest.raises(grpc.RpcError):
        next(other)
    assert eventually(lambda: threading.active_count() <= before)
