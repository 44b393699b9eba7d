"""Methods of servers of either kind are resources: calls enter their gates, and leave them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2, type_pb2

from fairlead.flow.result import Result
from fairlead.instruments.rpc import field_of, ip_of
from fairlead.instruments.rpc_passage import RpcFacts, RpcPassage
from fairlead.policy.fallback import Fallback
from fairlead.telemetry.names import AGENT_FAULTS, RATE_LIMITED, WOULD_LIMIT
from tests.instruments.gates import allow, breaker, cap, enforce, hot, inflight, rate, throttle
from tests.instruments.grpc_server.conftest import Serve
from tests.instruments.plane import Plane, entry, eventually
from tests.instruments.rpc import ask, lane_in, method_of, path

GET = "/shop.Cart/Get"


@pytest.fixture(autouse=True)
def no_faults(plane: Plane) -> Any:
    yield
    assert plane.counted(AGENT_FAULTS) == {}


def refused(channel: Any, way: str, metadata: Any = ()) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as raised:
        ask(channel, way, metadata)
    return raised.value


def test_a_call_beyond_a_limit_is_turned_away_in_the_words_of_grpc(
    plane: Plane, serve: Serve, way: str
) -> None:
    """Of the method, whatever its cardinality; and a client that retries is told when."""
    enforce(plane, rate(path(way), 2))
    channel = serve()
    assert len(ask(channel, way) + ask(channel, way)) >= 2
    error = refused(channel, way)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.details() == f"rate limited: {path(way)}"
    assert int(dict(error.trailing_metadata())["grpc-retry-pushback-ms"]) > 0
    assert plane.counted(RATE_LIMITED) == {path(way): 1}
    assert inflight(plane, path(way)) == 0


def test_the_author_of_a_rule_chooses_code_and_message(
    plane: Plane, serve: Serve, way: str
) -> None:
    """FaultToleranceRule's fallback of kind RPC."""
    busy = Fallback(grpc_status=14, grpc_message="go away", body="for HTTP")
    enforce(plane, rate(path(way), 0, fallback=busy))
    error = refused(serve(), way)
    assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "go away")


def test_a_rule_for_a_service_counts_all_of_its_methods(plane: Plane, serve: Serve) -> None:
    """``/package.Service`` is wider than each of them."""
    enforce(plane, rate("/shop.Cart", 2))
    channel = serve()
    ask(channel, "unary_unary")
    ask(channel, "stream_stream")
    assert refused(channel, "unary_stream").details() == "rate limited: /shop.Cart/List"


def test_a_rule_that_only_simulates_counts(plane: Plane, serve: Serve, way: str) -> None:
    """Nobody is turned away."""
    enforce(plane, rate(path(way), 0, mode="simulate"))
    ask(serve(), way)
    assert plane.counted(WOULD_LIMIT) == {path(way): 1}


def test_a_call_is_inside_until_its_stream_has_ended(plane: Plane, serve: Serve, way: str) -> None:
    """Threads and tasks alike."""
    inside: list[int] = []

    def say(context: Any) -> str:
        inside.append(inflight(plane, path(way)))
        return "here"

    ask(serve(say), way)
    assert set(inside) == {1}
    assert eventually(lambda: inflight(plane, path(way)) == 0)


def test_a_place_is_free_again_when_a_stream_is_cancelled(
    plane: Plane, kind: str, serve: Serve
) -> None:
    """The client has gone; its handler may wait for something else, and does not see it."""
    go_on = threading.Event()

    def endless(request: str, context: Any) -> Iterator[str]:
        yield "first"
        go_on.wait(30)
        yield "last"

    async def endless_async(request: str, context: Any) -> AsyncIterator[str]:
        yield "first"
        await asyncio.to_thread(go_on.wait, 30)
        yield "last"

    enforce(plane, cap("/shop.Cart/List", 1))
    function: Any = endless if kind == "sync" else endless_async
    channel = serve(functions={"unary_stream": function})
    stream = method_of(channel, "unary_stream")("1")
    assert next(stream) == "first"
    error = refused(channel, "unary_stream")
    assert error.details() == "overloaded: /shop.Cart/List"
    stream.cancel()
    assert eventually(lambda: inflight(plane, "/shop.Cart/List") == 0)
    go_on.set()
    assert ask(channel, "unary_stream") == ["first", "last"]


@pytest.mark.parametrize(
    ("code", "opens"), [("UNAVAILABLE", True), ("INTERNAL", True), ("NOT_FOUND", False)]
)
def test_codes_that_are_a_servers_fault_open_a_breaker(
    plane: Plane, kind: str, serve: Serve, way: str, code: str, opens: bool
) -> None:
    """What is wrong with a request is none."""

    def functions(chosen: grpc.StatusCode) -> dict[str, Any]:
        def unary_unary(request: Any, context: Any) -> str:
            context.abort(chosen, "no")
            return ""

        def unary_stream(request: Any, context: Any) -> Iterator[str]:
            yield "one"
            context.abort(chosen, "no")

        async def aborting(request: Any, context: Any) -> None:
            await context.abort(chosen, "no")

        if kind == "aio":
            return dict.fromkeys(["unary_unary", "stream_unary", "stream_stream"], aborting) | {
                "unary_stream": aborting
            }
        return {
            "unary_unary": unary_unary,
            "stream_unary": unary_unary,
            "unary_stream": unary_stream,
            "stream_stream": unary_stream,
        }

    enforce(plane, breaker(path(way)))
    channel = serve(functions=functions(grpc.StatusCode[code]))
    assert refused(channel, way).code() is grpc.StatusCode[code]
    said = f"circuit open: {path(way)}" if opens else "no"
    assert refused(channel, way).details() == said


def test_an_exception_and_a_code_that_is_set_are_endings_too(
    plane: Plane, kind: str, serve: Serve
) -> None:
    """Neither has an abort; a breaker may name the codes that it minds."""

    def setting(request: str, context: Any) -> str:
        context.set_code(grpc.StatusCode.NOT_FOUND)
        if request == "2":
            raise LookupError(request)
        return ""

    async def setting_async(request: str, context: Any) -> str:
        return setting(request, context)

    enforce(plane, breaker(GET, errors=("grpc:NOT_FOUND",)))
    channel = serve(functions={"unary_unary": setting if kind == "sync" else setting_async})
    assert refused(channel, "unary_unary").code() is grpc.StatusCode.NOT_FOUND
    assert "circuit open" in refused(channel, "unary_unary").details()


def test_calls_are_paced(plane: Plane, serve: Serve, way: str) -> None:
    """They wait in their thread or task; none is turned away."""
    enforce(plane, throttle(path(way), 50, 30_000))
    channel = serve()
    calls = [threading.Thread(target=ask, args=(channel, way)) for _ in range(4)]
    for call in calls:
        call.start()
    for call in calls:
        call.join(30)
    gate = plane.engine.gates.gate(path(way))
    assert (gate.passed, gate.rejected) == (4, 0)
    assert eventually(lambda: gate.inflight == 0)


def test_what_rules_may_ask_about_a_call(plane: Plane, serve: Serve, way: str) -> None:
    """Metadata are headers, the peer is the client, and a message has fields."""
    found: list[RpcFacts] = []
    metadata = [("x-user", "7"), ("cookie", "a=1;b=2"), ("fairlead-caller", "orders")]

    def say(context: Any) -> str:
        message = {"sku": "s"} if way.startswith("unary") else None
        shown = context.invocation_metadata()
        found.append(RpcFacts(plane, path(way), shown, message, context))
        facts = found[-1]
        names = [("header", "X-User"), ("cookie", "b"), ("grpc", "sku"), ("client-ip", "")]
        values = [facts.value(*name) for name in [*names, ("path", ""), ("query", "q")]]
        return f"{facts.caller()} {facts.entrance()} {values}"

    channel = serve(say)
    sku = "s" if way.startswith("unary") else None
    expected = f"orders  {['7', '2', sku, '127.0.0.1', path(way), None]}"
    assert lane_in(ask(channel, way, metadata)) == expected
    plane.engine.apply(entry())
    assert found[-1].caller() == ""  # an entry believes nobody


def test_values_of_parts_are_limited_one_by_one(plane: Plane, serve: Serve) -> None:
    """Of metadata here; of the peer, which is one for all, in every cardinality."""
    enforce(plane, hot(GET, "header", "x-user"), hot("/shop.Cart/List", "client-ip"))
    channel = serve()
    for user in ("1", "2"):
        ask(channel, "unary_unary", [("x-user", user)])
    ask(channel, "unary_unary")
    assert "rate limited" in refused(channel, "unary_unary", [("x-user", "1")]).details()
    ask(channel, "unary_stream")
    assert "rate limited" in refused(channel, "unary_stream").details()


def test_callers_are_told_apart(plane: Plane, serve: Serve) -> None:
    """Who is not allowed is told not to try again."""
    enforce(plane, allow(GET, "orders"))
    channel = serve()
    ask(channel, "unary_unary", [("fairlead-caller", "orders")])
    error = refused(channel, "unary_unary", [("fairlead-caller", "till")])
    assert error.details() == f"not allowed: {GET}"
    assert dict(error.trailing_metadata())["grpc-retry-pushback-ms"] == "-1"


def test_fields_of_protobuf_are_found_by_their_path() -> None:
    """Nested, repeated, in a map, and binary."""
    message = type_pb2.Type(name="t", oneofs=["a", "b"], fields=[type_pb2.Field(number=7)])
    assert field_of(message, "name") == "t"
    assert field_of(message, "oneofs") == ["a", "b"]
    assert field_of(message, "fields.0.number") == 7
    assert field_of(message, "source_context.file_name") == ""
    assert field_of(message, "SerializeToString") is None
    struct = struct_pb2.Struct()
    struct["user"] = "7"
    assert field_of(struct, "fields.user.string_value") == "7"
    assert field_of(struct, "fields.nobody.string_value") is None
    assert "nobody" not in struct


def test_fields_of_messages_are_found_by_their_path() -> None:
    """Of protobuf's, of mappings, of objects with attributes; nothing is called."""

    class Item:
        sku = "s"
        _hidden = "no"

        def call(self) -> str:
            raise AssertionError

    class Order:
        item = Item()
        items = ("a", "b")
        raw = b"\xff"

    assert field_of(Order(), "item.sku") == "s"
    assert field_of(Order(), "items") == ["a", "b"]
    assert field_of(Order(), "items.1") == "b"
    assert field_of(Order(), "raw") == "\xff"
    assert field_of({"a": {"b": 3}}, "a.b") == 3
    for name in ("item._hidden", "item.call", "items.7", "items.x", "nothing", "item", ""):
        assert field_of(Order(), name) is None
    assert field_of(None, "a") is None


def test_peers_are_addresses() -> None:
    """As the library writes them."""
    assert ip_of("ipv4:10.0.0.1:5000") == "10.0.0.1"
    assert ip_of("ipv6:[::1]:5000") == "::1"
    assert ip_of("ipv6:%5B::1%5D:5000") == "::1"
    assert ip_of("unix:/run/s") is None


def test_a_call_is_what_a_breaker_looks_at() -> None:
    """It has the attributes of a Result."""
    passage = RpcPassage("", lambda: None)
    assert {name: getattr(passage, name) for name in Result._fields} == Result()._asdict()
