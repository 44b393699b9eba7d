"""Calls to apps and hosts are resources, by every client library: refused, counted, let go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Thread

import pytest

from fairlead.flow.gate import Gate
from fairlead.flow.rejected import Rejected
from fairlead.policy.fallback import Fallback
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.backend import Backend, backend, closed_port
from tests.instruments.callers import CALLERS, Caller
from tests.instruments.plane import Plane, eventually, hooked, inner
from tests.instruments.rules import breaking, capped, closed, enforce, paced, rated


@pytest.fixture
def base() -> Iterator[Backend]:
    with backend("b") as one:
        yield one


@pytest.fixture(params=CALLERS, ids=str)
def caller(request: pytest.FixtureRequest) -> Caller:
    found: Caller = request.param
    return found


@pytest.fixture
def plane(base: Backend, caller: Caller) -> Iterator[Plane]:
    with closed_port() as nobody:
        plane = Plane(inner({"b": {base.address: ""}, "dead": {nobody: ""}}, app="shop"))
        with hooked(plane, *caller.hooks):
            yield plane
    assert plane.counted(AGENT_FAULTS) == {}


def cause_of(error: BaseException | None) -> Rejected:
    """Return the rejection behind a library's error."""
    while error is not None and not isinstance(error, Rejected):
        error = error.__cause__ or error.__context__
    assert error is not None
    return error


def gate(plane: Plane, name: str = "call:b") -> Gate:
    return plane.engine.gates.gate(name)


def test_a_call_that_is_refused_is_the_librarys_connect_error(
    caller: Caller, plane: Plane, base: Backend
) -> None:
    """What the application does where nobody can be reached is right here too."""
    enforce(plane, rated("call:b", 1))
    assert caller.get("http://b/").text == "b"
    with pytest.raises(caller.refused) as caught:
        caller.get("http://b.default/")
    rejected = cause_of(caught.value)
    assert (rejected.resource, rejected.rule, rejected.reason) == (
        "call:b",
        "FaultToleranceRule/r",
        "rate",
    )
    assert len(base.seen) == 1
    assert gate(plane).rejected == 1


def test_what_its_author_answers_is_the_librarys_own_response(
    caller: Caller, plane: Plane, base: Backend
) -> None:
    """A caller that reads statuses goes on as after any answer; afterwards, as ever."""
    answer = Fallback(status=503, headers=(("X-Why", "busy"),), body='{"busy": 1}')
    enforce(plane, closed("call:b", answer))
    reply = caller.get("http://b/x?y=1")
    assert (reply.status, reply.text, reply.headers["x-why"]) == (503, '{"busy": 1}', "busy")
    assert reply.headers["content-length"] == "11"
    assert base.seen == []
    enforce(plane)
    assert caller.get("http://b/").text == "b"


def test_a_server_that_fails_is_given_up(caller: Caller, plane: Plane, base: Backend) -> None:
    """Statuses from 500 on are errors; what the server cannot do it need not be asked."""
    enforce(plane, breaking("call:b", 2))
    assert [caller.get("http://b/fail").status for _ in range(2)] == [503, 503]
    with pytest.raises(caller.refused) as caught:
        caller.get("http://b/")
    assert cause_of(caught.value).reason == "breaker"
    assert len(base.seen) == 2


def test_an_app_that_cannot_be_reached_is_given_up(caller: Caller, plane: Plane) -> None:
    """A refused connection is an error, and all that is tried for one call is one."""
    enforce(plane, breaking("call:dead", 2, errors=("connect",)))
    for _ in range(3):
        with pytest.raises(caller.refused):
            caller.get("http://dead/")
    counted = gate(plane, "call:dead")
    assert (counted.passed, counted.errors, counted.rejected) == (2, 2, 1)


def test_a_call_that_waits_for_its_answer_is_inside(
    caller: Caller, plane: Plane, base: Backend
) -> None:
    """A slow dependency must not bind all workers; who comes when it has answered gets in."""
    enforce(plane, capped("call:b", 1))
    waiting = Thread(target=caller.get, args=("http://b/wait",))
    waiting.start()
    assert eventually(lambda: gate(plane).inflight == 1)
    with pytest.raises(caller.refused) as caught:
        caller.get("http://b/")
    assert cause_of(caught.value).reason == "concurrency"
    base.gate.set()
    waiting.join(20)
    assert gate(plane).inflight == 0
    assert caller.get("http://b/").text == "b"


def test_each_hop_of_a_redirect_is_a_call_of_its_own(
    caller: Caller, plane: Plane, base: Backend
) -> None:
    """It has ended before the next one begins: with room for one, a redirect is no deadlock."""
    enforce(plane, capped("call:b", 1))
    assert caller.get("http://b/redirect?to=http://b/").text == "b"
    assert caller.get("http://b/redirect?to=/").text == "b"
    assert (gate(plane).passed, gate(plane).inflight, gate(plane).most_inflight) == (4, 0, 1)


def test_calls_are_let_out_one_by_one(caller: Caller, plane: Plane) -> None:
    """A queue in the caller spares the callee the peak."""
    enforce(plane, paced("call:b", 100))
    started = time.monotonic()
    for _ in range(3):
        caller.get("http://b/")
    assert time.monotonic() - started >= 0.15
    assert (gate(plane).passed, gate(plane).rejected) == (3, 0)


def test_a_host_that_is_no_app_is_a_resource_where_a_rule_says_so(
    caller: Caller, plane: Plane, base: Backend
) -> None:
    """The payment provider is outside of the mesh, and needs sparing most."""
    enforce(plane, rated("call:127.0.0.1", 1))
    assert caller.get(f"http://{base.address}/").text == "b"
    with pytest.raises(caller.refused) as caught:
        caller.get(f"http://{base.address}/")
    assert cause_of(caught.value).resource == "call:127.0.0.1"
    assert len(base.seen) == 1
    assert base.last.header("fairlead-caller") is None
    enforce(plane, closed("call:127.0.0.1", Fallback(status=200, body="nothing")))
    assert caller.get(f"http://{base.address}/").text == "nothing"
    enforce(plane, closed("call:b"))
    assert caller.get(f"http://{base.address}/").text == "b"


def test_a_host_that_is_no_app_is_given_up_too(caller: Caller, plane: Plane, base: Backend) -> None:
    """By its statuses, and where nobody listens."""
    enforce(plane, breaking("call:127.0.0.1", 1))
    assert caller.get(f"http://{base.address}/fail").status == 503
    with pytest.raises(caller.refused) as caught:
        caller.get(f"http://{base.address}/")
    assert cause_of(caught.value).reason == "breaker"
    enforce(plane, breaking("call:localhost", 1))
    with closed_port() as nobody:
        port = nobody.rpartition(":")[2]
        with pytest.raises(caller.refused):
            caller.get(f"http://localhost:{port}/")
    assert gate(plane, "call:localhost").errors == 1


def test_a_fault_of_ours_lets_the_call_pass(
    caller: Caller, base: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the name would be found if the call went on as if we were not there."""
    plane = Plane(inner({"b": {base.address: ""}}))
    enforce(plane, rated("call:b", 5))

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(plane.engine.gates, "gate", broken)
    with hooked(plane, *caller.hooks):
        assert caller.get("http://b/").text == "b"
    assert sum(plane.counted(AGENT_FAULTS).values()) == 1
