"""Rules about calls, with channels of both kinds: times, repetitions, who is left out."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

import grpc
import pytest

from fairlead.flow.call import Inherited
from fairlead.policy.balance import Balance, Cluster, Outlier
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.resilience import ATTEMPT, DEADLINE, Injection, Retry
from fairlead.policy.routing.action import Answer
from fairlead.policy.routing.table import Route
from fairlead.telemetry.names import AGENT_FAULTS
from tests.flow.routes import Share
from tests.flow.routes import call_route as route_of
from tests.instruments.grpc.conftest import Make, Seen
from tests.instruments.plane import Plane, serving

CART = Share(host="cart.default.svc.cluster.local")
call_route = partial(route_of, shares=(CART,))
RULE = "VirtualService/cart http[0]"
ONE = "unary_unary"


@pytest.fixture(autouse=True)
def no_faults(plane: Plane) -> Any:
    yield
    assert plane.counted(AGENT_FAULTS) == {}


def ruled(plane: Plane, *routes: Route, **cluster: Any) -> None:
    clusters = (Cluster(**cluster),) if cluster else ()
    rules = CalleeRules(namespace="default", app="cart", routes=routes, clusters=clusters)
    snapshot = plane.engine.plan.snapshot
    plane.engine.apply(replace(snapshot, calls=Calls(callees=(rules,))))


def retrying(*on: str, timeout: float = 0.0, **more: Any) -> Route:
    return call_route(rule=RULE, retry=Retry(attempts=2, on=on, **more), timeout=timeout)


def abort(code: grpc.StatusCode, times: int = 10**6) -> Any:
    left = [times]

    def behave(context: Any) -> None:
        left[0] -= 1
        if left[0] >= 0:
            context.abort(code, "not now")

    return behave


@pytest.mark.parametrize(("status", "code"), [(404, "UNIMPLEMENTED"), (418, "UNKNOWN")])
def test_a_rule_answers_a_call_itself(
    plane: Plane, make: Make, base: Seen, status: int, code: str
) -> None:
    ruled(plane, call_route(rule=RULE, answer=Answer(status=status, body="closed")))
    with pytest.raises(grpc.RpcError) as raised:
        make().ask(ONE)
    assert (raised.value.code().name, raised.value.details()) == (code, "closed")
    assert not base.calls


def test_a_call_is_sent_again_for_the_code_that_is_named(
    plane: Plane, make: Make, base: Seen
) -> None:
    """The server counts: two that failed, and one that did not."""
    ruled(plane, retrying("unavailable"))
    base.behave = abort(grpc.StatusCode.UNAVAILABLE, 2)
    assert make().ask(ONE) == ["cart"]
    assert len(base.calls) == 3
    assert base.last(ATTEMPT) == "3"


@pytest.mark.parametrize("way", ["unary_stream", "stream_unary", "stream_stream"])
def test_streams_are_sent_once(plane: Plane, make: Make, base: Seen, way: str) -> None:
    """What has been read of one is gone."""
    ruled(plane, retrying("unavailable"))
    base.behave = abort(grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(grpc.RpcError):
        make().ask(way)
    assert len(base.calls) == 1


def test_the_last_error_is_the_callers(plane: Plane, make: Make, base: Seen) -> None:
    """With its code and its message, after as many attempts as there may be."""
    ruled(plane, retrying("unavailable"))
    base.behave = abort(grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(grpc.RpcError) as raised:
        make().ask(ONE)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert raised.value.details() == "not now"
    assert len(base.calls) == 3


def test_another_code_is_not_sent_again(plane: Plane, make: Make, base: Seen) -> None:
    """Every call of gRPC is a POST: what is not named is not repeated."""
    ruled(plane, retrying("unavailable", "reset", "5xx"))
    base.behave = abort(grpc.StatusCode.INTERNAL)
    with pytest.raises(grpc.RpcError):
        make().ask(ONE)
    assert len(base.calls) == 1


def test_a_call_ends_in_time(plane: Plane, make: Make, base: Seen, way: str) -> None:
    """By the library's own deadline, of which the server knows, too."""
    remaining: list[float] = []

    def behave(context: Any) -> None:
        remaining.append(context.time_remaining())
        time.sleep(1.5)

    ruled(plane, call_route(rule=RULE, timeout=0.6))
    base.behave = behave
    with pytest.raises(grpc.RpcError) as raised:
        make().ask(way)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    if way == "unary_unary":  # of the others the application holds the library's own call
        assert f"within 600 ms ({RULE})" in (raised.value.details() or "")
    assert 0 < remaining[0] <= 0.7  # clocks of two sorts
    assert 0 < int(base.last(DEADLINE) or 0) <= 600


def test_the_applications_own_timeout_is_passed_on(plane: Plane, make: Make, base: Seen) -> None:
    """The shorter of the two."""
    ruled(plane, call_route(rule=RULE, timeout=60.0))
    make().ask(ONE, timeout=20.0)
    assert 10_000 < int(base.last(DEADLINE) or 0) <= 20_000


def test_the_time_of_the_request_that_is_served_is_passed_on(
    plane: Plane, make: Make, base: Seen
) -> None:
    """Whatever it came by: HTTP or gRPC."""
    ruled(plane)
    with serving("") as served:
        served.above = Inherited(time.monotonic() + 20.0, attempt=2)
        make().ask(ONE)
    assert 10_000 < int(base.last(DEADLINE) or 0) <= 20_000
    assert base.last(ATTEMPT) == "2"


def test_an_abort_on_purpose_has_its_code(plane: Plane, make: Make, base: Seen, way: str) -> None:
    """And reaches nobody."""
    ruled(plane, call_route(rule=RULE, injection=Injection(grpc=5, abort_percent=100.0)))
    with pytest.raises(grpc.RpcError) as raised:
        make().ask(way)
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    assert raised.value.details() == "fault filter abort"
    assert base.calls == []


def test_an_abort_with_a_status_of_http_has_the_code_for_it(
    plane: Plane, make: Make, way: str
) -> None:
    """As gRPC maps them, on every data plane."""
    ruled(plane, call_route(rule=RULE, injection=Injection(status=401, abort_percent=100.0)))
    with pytest.raises(grpc.RpcError) as raised:
        make().ask(way)
    assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_an_instance_that_fails_is_left_out(
    plane: Plane, make: Make, base: Seen, gray: Seen, way: str
) -> None:
    """A lane's calls go to base meanwhile."""
    outlier = Outlier(consecutive_5xx=2, most_ejected=100.0, base_ejection=60.0)
    ruled(plane, outlier=outlier, balance=Balance(algorithm="LEAST_REQUEST"))
    gray.behave = abort(grpc.StatusCode.UNAVAILABLE)
    client = make()
    with serving("gray"):
        for _ in range(2):
            with pytest.raises(grpc.RpcError):
                client.ask(way)
        assert set(client.ask(way)) == {"cart"}
    assert len(gray.calls) == 2


def test_cancelling_a_call_that_may_be_repeated_ends_it(
    plane: Plane, make: Make, base: Seen
) -> None:
    """A deadline of the application's own counts for all attempts."""
    ruled(plane, retrying("unavailable"))
    base.behave = lambda context: time.sleep(1.0)
    with pytest.raises(grpc.RpcError) as raised:
        make().ask(ONE, timeout=0.4)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert len(base.calls) == 1
