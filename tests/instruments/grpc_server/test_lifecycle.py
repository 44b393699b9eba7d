"""Servers of grpc say when they serve, at which ports, which methods they have, when they stop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from fairlead.policy.limit import RateLimit, Window
from tests.instruments.plane import Plane, eventually
from tests.instruments.rpc import SERVERS, ask, handlers, sync_functions


def limit(resource: str) -> RateLimit:
    window = Window(threshold=1, window_ms=1000)
    return RateLimit(rule="F/r", strategy="S/s", resource=resource, windows=(window,))


@pytest.fixture
def server(plane: Plane) -> Any:
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((handlers(sync_functions(lambda context: "here")),))
    yield server
    server.stop(None).wait(10)


def test_a_server_is_told_of_when_it_serves_and_left_before_it_stops(
    plane: Plane, kind: str
) -> None:
    """Contract 3 and 4: a caller must hear that an instance is gone while it still answers."""
    answered: list[str] = []
    with SERVERS[kind](lambda context: "here") as address:
        ((name, ports),) = plane.servers
        assert (name, ports and [f"127.0.0.1:{port}" for port in ports()]) == ("grpc", [address])
        assert plane.waited == 1

        def leaving() -> None:
            with grpc.insecure_channel(address) as channel:
                if kind == "sync":  # the loop of the other is busy with the test's own leaving
                    answered.extend(ask(channel, "unary_unary"))
            plane.left += 1

        plane.leaving = leaving  # type: ignore[method-assign]
        assert plane.left == 0
    assert plane.left == 1
    assert answered == (["here"] if kind == "sync" else [])


def test_the_last_server_of_a_process_that_stops_leaves(plane: Plane, server: Any) -> None:
    """A second one, for health checks, comes and goes while the first one serves."""
    server.add_insecure_port("127.0.0.1:0")
    server.start()
    with SERVERS["sync"](lambda context: "other"):
        pass
    assert plane.left == 0
    server.stop(None).wait(10)
    assert plane.left == 1


def test_a_server_that_never_started_leaves_nobody(plane: Plane, server: Any) -> None:
    """It is not why the process is registered."""
    server.stop(None)
    assert plane.left == 0


def test_a_port_that_callers_by_name_can_use_goes_before_one_with_certificates(
    plane: Plane, server: Any
) -> None:
    """They connect in plain text."""
    server.add_secure_port("127.0.0.1:0", grpc.local_server_credentials())
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    ((_, ports),) = plane.servers
    assert ports
    assert ports() == [port]


def test_a_unix_socket_is_no_port(plane: Plane, server: Any, tmp_path: Path) -> None:
    """It takes FAIRLEAD_ADDRESS to register."""
    server.add_insecure_port(f"unix:{tmp_path / 's'}")
    server.start()
    assert plane.servers == [("grpc", None)]


def test_rules_that_name_no_method_of_a_server_are_told_of(plane: Plane, server: Any) -> None:
    """Contract 22."""
    named = ["/shop.Cart/Get", "/shop.Cart", "/shop.Cart/Gett", "/bank.Account"]
    assert plane.interfaces.unmatched(limit(name) for name in named) == {
        "/shop.Cart/Gett": "/shop.Cart/Get",
        "/bank.Account": "",
    }


def test_a_handler_of_unknown_methods_may_have_any(plane: Plane, server: Any) -> None:
    """A proxy, or one that looks its methods up."""

    class Any(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, handler_call_details: object) -> None:
            return None

    server.add_generic_rpc_handlers((Any(),))
    assert plane.interfaces.unmatched([limit("/shop.Till/Pay")]) == {}


def test_registered_methods_are_methods(plane: Plane, server: Any) -> None:
    """Generated code registers them, from 1.67 on."""
    if not hasattr(server, "add_registered_method_handlers"):
        pytest.skip("this version has none")
    handler = grpc.unary_unary_rpc_method_handler(lambda request, context: request)
    server.add_registered_method_handlers("shop.Till", {"Pay": handler})
    assert plane.interfaces.unmatched([limit("/shop.Till/Pay")]) == {}


def test_a_process_that_is_disabled_hooks_nothing(kind: str) -> None:
    """The hooks are the only change; without them a server is the library's own."""
    plane = Plane()
    with SERVERS[kind](lambda context: "here") as address, grpc.insecure_channel(address) as one:
        assert ask(one, "stream_stream") == ["here", "here"]
    assert plane.servers == []


def test_a_server_can_be_ended_by_whoever_hears_the_signal(plane: Plane, kind: str) -> None:
    """From any thread, and in the library's own way: clients are told to let go."""
    with SERVERS[kind](lambda context: "here") as address, grpc.insecure_channel(address) as one:
        assert ask(one, "unary_unary") == ["here"]
        (end,) = plane.endings
        end(0.1)
        assert eventually(lambda: _is_unavailable(one))


def _is_unavailable(channel: Any) -> bool:
    try:
        ask(channel, "unary_unary")
    except grpc.RpcError as error:
        return error.code() is grpc.StatusCode.UNAVAILABLE
    return False
