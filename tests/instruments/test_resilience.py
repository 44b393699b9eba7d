"""What rules about calls do with real clients: times, repetitions, instances that are left out."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

from fairlead.flow.call import Inherited
from fairlead.policy.balance import Balance, Budget, Cluster, Outlier
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.resilience import ATTEMPT, DEADLINE, RETRY, Injection, Retry
from fairlead.policy.routing.action import Answer
from fairlead.policy.routing.table import Route
from tests.flow.routes import call_route
from tests.instruments.backend import silent_port
from tests.instruments.callers import CALLERS, Caller
from tests.instruments.plane import Plane, hooked, inner, serving
from tests.instruments.rude import (
    FAILED,
    OK,
    Rude,
    always,
    body_one_by_one,
    huge_headers,
    one_by_one,
    reset,
    reset_in_body,
    rude,
    silent,
)

TIMED_OUT = (
    httpx.TimeoutException,
    requests.Timeout,
    requests.ConnectionError,
    urllib3.exceptions.MaxRetryError,
    urllib3.exceptions.ReadTimeoutError,
    TimeoutError,
)
FAILURES = (
    httpx.HTTPError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    aiohttp.ClientError,
    TimeoutError,
)
RULE = "VirtualService/b http[0]"


def ruled(addresses: Iterable[str], *routes: Route, clusters: Iterable[Cluster] = ()) -> Plane:
    """Return the plane of app `a`, whose calls of `b` are ruled so."""
    rules = CalleeRules(namespace="default", app="b", routes=routes, clusters=tuple(clusters))
    snapshot = inner({"b": dict.fromkeys(addresses, ""), "c": dict.fromkeys(addresses, "")})
    return Plane(replace(snapshot, calls=Calls(callees=(rules,))))


def retrying(*on: str, attempts: int = 2, timeout: float = 0.0, **more: Any) -> Route:
    return call_route(rule=RULE, retry=Retry(attempts=attempts, on=on, **more), timeout=timeout)


def told(error: BaseException) -> str:
    """Return what a log has of an error: causes and notes as well."""
    lines = traceback.format_exception(error)
    return "".join(line for line in lines if not line.startswith("  File"))


@pytest.fixture(params=CALLERS, ids=str)
def caller(request: pytest.FixtureRequest) -> Caller:
    one: Caller = request.param
    return one


def test_a_call_is_sent_again_until_it_is_answered_well(caller):
    """The server counts them: two that failed and one that did not."""
    answers = iter((FAILED, FAILED, OK))
    with rude(lambda one, peer: peer.sendall(next(answers))) as server:
        plane = ruled([server.address], retrying("5xx"))
        with hooked(plane, *caller.hooks):
            assert caller.get("http://b/x").status == 200
    assert len(server.requests) == 3
    assert [server.header(ATTEMPT, of) for of in range(3)] == ["1", "2", "3"]
    assert plane.counters.read().get("agent_faults") is None


def test_the_last_answer_is_the_callers(caller):
    """With its body: what was not the last one is closed, and nothing else is."""
    with rude(always(FAILED)) as server:
        plane = ruled([server.address], retrying("5xx"))
        with hooked(plane, *caller.hooks):
            reply = caller.get("http://b/x")
    assert (reply.status, reply.text) == (503, "bad")
    assert len(server.requests) == 3


def test_a_post_with_its_body_is_sent_again_where_its_rule_names_the_answer(caller):
    """All of the body, each time."""
    with rude(always(FAILED)) as server:
        route = retrying("retriable-status-codes", statuses=(503,))
        with hooked(ruled([server.address], route), *caller.hooks):
            caller.get("http://b/x", method="POST", body=b"order")
    assert [one.split(b"\r\n\r\n")[1] for one in server.requests] == [b"order"] * 3


@pytest.mark.parametrize("behave", [silent, reset, reset_in_body, one_by_one, body_one_by_one])
def test_a_post_that_was_sent_is_sent_once_whatever_happens(caller, behave):
    """F33: an order must not be taken twice because its answer was lost."""
    route = retrying("5xx", "reset", "gateway-error", timeout=1.5, per_try=0.75)
    with (
        rude(behave) as server,
        hooked(ruled([server.address], route), *caller.hooks),
        pytest.raises(FAILURES),
    ):
        caller.get("http://b/x", method="POST", body=b"order")
    assert len(server.requests) == 1


@pytest.mark.parametrize("behave", [silent, one_by_one, body_one_by_one])
def test_a_call_ends_in_time_however_slowly_it_is_answered(caller, behave):
    """F33: a byte each twentieth of a second keeps a client alive for ever, a deadline does not."""
    with rude(behave) as server:
        plane = ruled([server.address], call_route(rule=RULE, timeout=0.8))
        with hooked(plane, *caller.hooks):
            began = time.monotonic()
            with pytest.raises(TIMED_OUT) as raised:
                caller.get("http://b/x")
            took = time.monotonic() - began
        assert 0 < int(server.header(DEADLINE) or 0) <= 800
    assert took < 5
    assert f"fairlead: no answer of 'b' within 800 ms ({RULE})" in told(raised.value)
    assert plane.counters.read().get("agent_faults") is None


@pytest.mark.parametrize("behave", [silent, one_by_one])
def test_an_attempt_that_ends_in_time_says_whose_time_it_was(caller, behave):
    """Of two times of one rule its reader wants to know which one is too short."""
    with rude(behave) as server:
        plane = ruled([server.address], retrying("reset", attempts=1, per_try=0.3, timeout=9.0))
        with hooked(plane, *caller.hooks), pytest.raises(TIMED_OUT) as raised:
            caller.get("http://b/x")
    assert f"fairlead: no answer of 'b' within 300 ms ({RULE} perTryTimeout)" in told(raised.value)


def test_a_call_that_ends_in_its_callers_own_time_names_no_rule():
    """A rule must not be blamed for what somebody else has asked for."""
    with rude(silent) as server:
        plane = ruled([server.address], call_route(rule=RULE, timeout=9.0))
        with (
            hooked(plane, "httpx"),
            httpx.Client(timeout=0.3) as client,
            pytest.raises(httpx.ReadTimeout) as raised,
        ):
            client.get("http://b/x")
    assert "fairlead:" not in told(raised.value)


def test_a_get_that_was_reset_is_sent_again(caller):
    """Nothing is lost by asking twice."""
    answers = iter((reset, reset, always(OK)))

    def behave(one: Rude, peer: Any) -> None:
        next(answers)(one, peer)

    with (
        rude(behave) as server,
        hooked(ruled([server.address], retrying("reset")), *caller.hooks),
    ):
        assert caller.get("http://b/x").status == 200
    assert len(server.requests) == 3


def test_an_attempt_that_takes_too_long_is_given_up_for_the_next(caller):
    """Of two instances one has stopped answering: its callers wait a moment, and not for ever."""
    with rude(silent) as stuck, rude() as well:
        route = retrying("reset", per_try=0.7, timeout=10.0)
        with hooked(ruled([stuck.address, well.address], route), *caller.hooks):
            replies = [caller.get("http://b/x").status for _ in range(2)]
    assert replies == [200, 200]
    assert (len(stuck.requests), len(well.requests)) == (1, 2)


def test_huge_headers_end_in_an_error_and_in_no_repetition_of_a_post(caller):
    """F33: nobody reads four megabytes of headers; some clients do."""
    route = retrying("5xx", "reset", timeout=5.0)
    with (
        rude(huge_headers) as server,
        hooked(ruled([server.address], route), *caller.hooks),
        suppress(*FAILURES),
    ):
        caller.get("http://b/x", method="POST", body=b"order")
    assert len(server.requests) == 1


def test_the_time_of_the_request_that_is_served_is_passed_on(caller):
    """Three hops, one deadline: also to an app that no rule is about."""
    with rude() as server:
        plane = ruled([server.address])
        with hooked(plane, *caller.hooks), serving("") as served:
            served.above = Inherited(time.monotonic() + 30, attempt=2, spent=True)
            for host in ("b", "c"):
                caller.get(f"http://{host}/x")
                assert 10_000 < int(server.header(DEADLINE) or 0) <= 30_000
                assert (server.header(ATTEMPT), server.header(RETRY)) == ("2", "off")
            served.above = Inherited(time.monotonic() - 1)
            with pytest.raises(TIMED_OUT):
                caller.get("http://c/x")
    assert len(server.requests) == 2


def test_an_abort_on_purpose_is_an_answer(caller):
    """Of the client's own kind, with its status, and nobody is called."""
    injection = Injection(status=418, abort_percent=100.0)
    with (
        rude() as server,
        hooked(ruled([server.address], call_route(rule=RULE, injection=injection)), *caller.hooks),
    ):
        reply = caller.get("http://b/x")
    assert (reply.status, reply.text) == (418, "fault filter abort")
    assert server.requests == []


def test_a_rule_answers_a_call_itself(caller):
    """With its status, headers and body; neither repeated nor sent to anybody."""
    answer = Answer(status=503, body="closed", headers=(("x-why", "night"),))
    retry = Retry(attempts=2, on=("5xx",))
    route = call_route(rule=RULE, answer=answer, retry=retry)
    with rude() as server, hooked(ruled([server.address], route), *caller.hooks):
        reply = caller.get("http://b/x")
    assert (reply.status, reply.text) == (503, "closed")
    assert {name.lower(): text for name, text in reply.headers.items()}["x-why"] == "night"
    assert server.requests == []


def test_a_call_that_is_one_too_many_is_answered_for_its_callee(caller):
    """As a proxy would: 503, and the callee hears nothing of it."""
    clusters = [Cluster(rule="DestinationRule/b", most_requests=1)]
    with rude() as server:
        plane = ruled([server.address], clusters=clusters)
        hosts = plane.engine.callees._standing["default", "b", ""].hosts
        held = hosts.begin(server.address)
        assert held is not None
        with hooked(plane, *caller.hooks):
            assert caller.get("http://b/x").status == 503
            hosts.end(held, None)
            assert caller.get("http://b/x").status == 200
    assert len(server.requests) == 1


def test_a_connection_that_is_not_made_in_its_time_is_given_up_for_the_next(caller):
    """A machine that is gone says nothing; the client's own ten seconds are too long."""
    clusters = [Cluster(connect=0.3, balance=Balance(algorithm="ROUND_ROBIN"))]
    with silent_port() as gone, rude() as server:
        plane = ruled([gone, server.address], clusters=clusters)
        with hooked(plane, *caller.hooks):
            began = time.monotonic()
            assert [caller.get("http://b/x").status for _ in range(2)] == [200, 200]
            assert time.monotonic() - began < 8


def test_an_instance_that_fails_is_left_out_and_comes_back(caller):
    """Its calls go to the other one for the base time."""
    outlier = Outlier(consecutive_5xx=2, most_ejected=100.0, interval=0.1, base_ejection=60.0)
    clusters = [Cluster(outlier=outlier, balance=Balance(algorithm="ROUND_ROBIN"))]
    with rude(always(FAILED)) as bad, rude() as good:
        plane = ruled([bad.address, good.address], clusters=clusters)
        with hooked(plane, *caller.hooks):
            for _ in range(4):
                caller.get("http://b/x")
            before = len(bad.requests)
            assert [caller.get("http://b/x").status for _ in range(4)] == [200] * 4
            assert len(bad.requests) == before == 2
            bad.behave = always(OK)
            hosts = plane.engine.callees._standing["default", "b", ""].hosts
            hosts._look = hosts.known[bad.address].until = time.monotonic()
            for _ in range(4):
                caller.get("http://b/x")
            assert len(bad.requests) > before


def test_a_storm_of_errors_does_not_become_a_storm_of_calls(caller):
    """F33: with the budget spent, calls are sent once, and say so to whom they call."""
    clusters = [Cluster(budget=Budget(percent=0.0, least=1))]
    with rude(always(FAILED)) as server:
        plane = ruled([server.address], retrying("5xx", backoff=0.0), clusters=clusters)
        attempts = plane.engine.callees._attempts["default", "b"]
        attempts._repeats[attempts._second % 10] = 50
        with hooked(plane, *caller.hooks):
            for _ in range(10):
                assert caller.get("http://b/x").status == 503
    assert len(server.requests) == 10
    assert server.header(RETRY) == "off"


def test_instances_get_their_share(caller):
    """Least of two: nobody is forgotten (five standard deviations of a binomial one)."""
    clusters = [Cluster(balance=Balance(algorithm="LEAST_REQUEST"))]
    with rude() as one, rude() as two, rude() as three:
        servers = (one, two, three)
        with hooked(ruled([s.address for s in servers], clusters=clusters), *caller.hooks):
            for _ in range(90):
                caller.get("http://b/x")
    seen = Counter({server.address: len(server.requests) for server in servers})
    assert seen.total() == 90
    assert min(seen.values()) >= 30 - 5 * (90 * 2 / 9) ** 0.5


def test_nothing_is_left_under_way_when_many_threads_have_called():
    """What a lost update leaves in a count is there for ever: an instance nobody would call."""
    answers = (FAILED, OK, OK)

    def behave(one: Rude, peer: Any) -> None:
        peer.sendall(answers[len(one.requests) % 3])

    caller = next(one for one in CALLERS if one.name == "httpx")
    clusters = [Cluster(balance=Balance(algorithm="LEAST_REQUEST"), outlier=Outlier())]
    with rude(behave) as one, rude(behave) as two:
        route = retrying("5xx", timeout=20.0)
        plane = ruled([one.address, two.address], route, clusters=clusters)
        with (
            hooked(plane, *caller.hooks),
            httpx.Client(timeout=20) as client,
            ThreadPoolExecutor(8) as pool,
        ):
            statuses = set(pool.map(lambda _: client.get("http://b/x").status_code, range(300)))
    callees = plane.engine.callees
    hosts = callees._standing["default", "b", ""].hosts
    attempts = callees._attempts["default", "b"]
    assert statuses <= {200, 503}
    assert [host.active for host in hosts.known.values()] == [0, 0]
    assert (hosts.active, attempts._active, attempts._repeated) == (0, 0, 0)
