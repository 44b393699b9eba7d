"""grpc-go: servers by their rules and on their lane, clients to the instances of an app."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.fallback import Fallback
from fairlead.policy.lane import Entry, Lane
from fairlead.policy.limit import ConcurrencyLimit, HotLimit, Param, RateLimit, Window
from fairlead.policy.rule import Rule
from tests.golang.modules.building import build_of, told

pytestmark = pytest.mark.timeout(900)

SERVICE = "/grpc.testing.TestService"
UNARY, STREAM = f"{SERVICE}/UnaryCall", f"{SERVICE}/FullDuplexCall"
DOWN = f"{SERVICE}/StreamingOutputCall"
GRAY = (Lane(name="gray"),)


@pytest.fixture(scope="module")
def program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program."""
    return build_of("rpc", go, tmp_path_factory.mktemp("rpc")).program("-race")


@contextmanager
def serving(program: Path, name: str, **parts: Any) -> Iterator[str]:
    """Serve; yield the address."""
    environment = told(program, **parts)
    command = [str(program), "serve", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.kill()


def calls(program: Path, target: str, *hows: str, **parts: Any) -> list[dict[str, Any]]:
    """Return what a client says of its calls, by their names."""
    done = subprocess.run(
        [program, "call", target, *hows],
        env=told(program, **parts),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    said: list[dict[str, Any]] = json.loads(done.stdout)
    return said


def cart(*addresses: str, gray: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return parts of a snapshot: an app, its instances, and a lane."""
    base = tuple(Endpoint(address=one) for one in addresses)
    on_lane = tuple(Endpoint(address=one, lane="gray") for one in gray)
    service = Service(namespace="default", app="cart", endpoints=(*base, *on_lane))
    return {"services": (service,), "lanes": GRAY}


def closed() -> str:
    """Return an address at which nobody accepts a connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def limit(resource: str, kind: type[Rule] = RateLimit, **more: Any) -> Rule:
    windows = (Window(threshold=1, window_ms=60_000),)
    more = more or {"windows": windows}
    return kind(rule="FaultToleranceRule/x", strategy="x", resource=resource, **more)


@pytest.mark.parametrize("target", ["cart:50051", "dns:///cart", "passthrough:///cart.default:1"])
def test_a_call_goes_to_an_instance_of_its_lane(program: Path, target: str) -> None:
    with serving(program, "base") as base, serving(program, "gray") as gray:
        apps = cart(base, gray=(gray,))
        (plain,) = calls(program, target, "unary", **apps)
        assert (plain["Served"], plain["Code"], plain["Seen"]) == ("base", "OK", 1)
        assert plain["Metadata"]["baggage"] == ["other=1"]
        (coloured,) = calls(program, target, "unary", lane="gray", **apps)
        assert coloured["Served"] == "gray"
        assert coloured["Metadata"]["baggage"] == ["x-opensergo-traffic=gray,other=1"]
        assert coloured["Metadata"]["fairlead-caller"] == ["front"]
        assert coloured["Metadata"]["x-user"] == ["7"]
        assert coloured["Metadata"][":authority"] == [target.rpartition("/")[2]]


def test_a_lane_without_an_instance_is_served_by_base(program: Path) -> None:
    with serving(program, "base") as base:
        said = calls(program, "cart", "unary", "streams", lane="gray", **cart(base))
        assert [one["Served"] for one in said] == ["base"] * 4


def test_who_accepts_no_connection_is_not_waited_for(program: Path) -> None:
    with serving(program, "base") as base:
        apps = cart(base, gray=(closed(),))
        said = calls(program, "cart", "unary", "unary", "streams", lane="gray", **apps)
        assert [one["Served"] for one in said] == ["base"] * 5
        assert [one["Seen"] for one in said[:2]] == [1, 1]


def test_where_nobody_is_the_error_names_the_app(program: Path) -> None:
    (said,) = calls(program, "cart", "unary", lane="gray", **cart())
    assert said["Code"] == "Unavailable"
    assert said["Text"] == "fairlead: no live endpoint of app 'cart' for lane 'gray'"
    address = closed()
    (said,) = calls(program, "cart", "unary", **cart(address))
    assert said["Code"] == "Unavailable"
    where = f"app 'cart' for lane 'base': {address}"
    assert said["Text"] == f"fairlead: {where} accepts no connection"


def test_a_call_that_waits_has_the_time_it_has(program: Path) -> None:
    (said,) = calls(program, "cart", "waits", **cart(closed()))
    assert said["Code"] == "DeadlineExceeded"
    with serving(program, "base") as base:
        (said,) = calls(program, "cart", "waits", **cart(base))
        assert said["Code"] == "OK"


def test_a_call_that_waits_ends_with_its_connection(program: Path) -> None:
    said = calls(program, "cart", "closes", "unary", **cart(closed()))
    assert [one["Code"] for one in said] == ["Canceled", "Canceled"]
    assert "closing" in said[0]["Text"]


def test_a_handler_that_panics_gives_its_place_back(program: Path) -> None:
    """Where somebody around it recovers."""
    rules = tuple(limit(one, ConcurrencyLimit, most=1) for one in (UNARY, DOWN))
    with serving(program, "base", flow=rules) as base:
        said = calls(program, base, "panics", "unary", "down panics", "down")
        assert [one["Code"] for one in said] == ["Internal", "OK", "Internal", "OK"]


def test_a_target_that_is_an_address_is_left_alone(program: Path) -> None:
    with serving(program, "base") as base:
        (said,) = calls(program, base, "unary", lane="gray", **cart())
        assert (said["Served"], said["Code"]) == ("base", "OK")
        assert said["Metadata"]["baggage"] == ["other=1"]


def test_an_entry_shows_no_labels_that_strangers_write(program: Path) -> None:
    with serving(program, "base", entry=Entry(), lanes=GRAY) as base:
        (said,) = calls(program, "cart", "unary", lane="gray", **cart(base))
        assert said["Metadata"]["baggage"] == ["other=1"]
        assert said["Around"] == "base"


def test_a_rule_turns_calls_of_a_method_away(program: Path) -> None:
    with serving(program, "base", flow=(limit(UNARY),)) as base:
        first, second = calls(program, base, "unary", "unary")
        assert (first["Code"], first["Around"]) == ("OK", "base")
        assert second["Code"] == "ResourceExhausted"
        assert second["Text"] == f"rate limited: {UNARY}"
        assert second["Around"] == ""
        assert int(second["Pushback"]) > 0


def test_a_rule_of_a_service_counts_its_methods_together(program: Path) -> None:
    answer = Fallback(grpc_status=14, grpc_message="come back")
    rule = limit(SERVICE, windows=(Window(threshold=1, window_ms=60_000),), fallback=answer)
    with serving(program, "base", flow=(rule,)) as base:
        first, second, third = calls(program, base, "unary", "streams")[:3]
        assert first["Code"] == "OK"
        assert {(one["Code"], one["Text"]) for one in (second, third)} == {
            ("Unavailable", "come back")
        }


def test_a_rule_reads_a_field_of_the_message(program: Path) -> None:
    sizes = Param(source="grpc", name="response_size")
    rule = limit(UNARY, HotLimit, param=sizes, threshold=0, items=(("3", 1.0),), window_ms=60_000)
    with serving(program, "base", flow=(rule,)) as base:
        said = calls(program, base, "unary", "unary", "fails")
        assert [one["Code"] for one in said] == ["OK", "ResourceExhausted", "ResourceExhausted"]


def test_a_stream_is_inside_until_it_ends(program: Path) -> None:
    with serving(program, "base", flow=(limit(STREAM, ConcurrencyLimit, most=1),)) as base:
        said = calls(program, base, "streams")
        assert [one["Code"] for one in said] == ["OK", "ResourceExhausted", "OK"]


def test_a_client_is_turned_away_before_anything_is_sent(program: Path) -> None:
    with serving(program, "base") as base:
        rule = limit(f"call:cart:{UNARY}")
        said = calls(program, "cart", "unary", "unary", flow=(rule,), **cart(base))
        assert [one["Code"] for one in said] == ["OK", "ResourceExhausted"]
        assert said[1]["Text"] == f"rate limited: call:cart:{UNARY}"


def test_a_clients_stream_is_inside_until_it_ends(program: Path) -> None:
    with serving(program, "base") as base:
        rule = limit("call:cart", ConcurrencyLimit, most=1)
        said = calls(program, "cart", "streams", flow=(rule,), **cart(base))
        assert [one["Code"] for one in said] == ["OK", "ResourceExhausted", "OK"]


def test_streams_one_way_go_to_their_lane_and_give_their_place_back(program: Path) -> None:
    rule = limit("call:cart", ConcurrencyLimit, most=1)
    with serving(program, "base") as base, serving(program, "on gray") as gray:
        apps = cart(base, gray=(gray,))
        ways = ("down", "up", "down", "up")
        said = calls(program, "cart", *ways, lane="gray", flow=(rule,), **apps)
        assert [one["Code"] for one in said] == ["OK"] * 4
        assert [one["Served"] for one in said] == ["on gray,on gray", ""] * 2
        assert [one["Seen"] for one in said] == [0, len("on gray")] * 2


def test_a_stream_that_is_given_up_gives_its_place_back(program: Path) -> None:
    rule = limit("call:cart", ConcurrencyLimit, most=1)
    with serving(program, "base") as base:
        said = calls(program, "cart", "cancels", "cancels", "unary", flow=(rule,), **cart(base))
        assert [one["Code"] for one in said] == ["Canceled", "Canceled", "OK"]
