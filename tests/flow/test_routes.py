"""Routes of calls, driven by hand: what they may ask of a call, and who gets a copy."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from fairlead.flow.call import Call, Outcome, Unreachable
from fairlead.flow.view import View
from fairlead.policy.balance import Cluster
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.routing.action import Forward, Mirror, Weighted
from fairlead.policy.routing.match import (
    MESSAGE,
    Custom,
    Fraction,
    MetadataMatch,
    RouteMatch,
    TextMatch,
)
from fairlead.policy.routing.request import RequestLike
from tests.flow.lives import RULE, Facts, Life, Sender, always
from tests.flow.routes import Share, call_route, cluster

OTHER = "other.default.svc.cluster.local"


def test_a_field_of_a_message_decides():
    """Of a call without one, nothing holds: not even that it is something else."""
    match = MetadataMatch(
        filter=MESSAGE, path=("user.id",), text=TextMatch(kind="exact", value="7")
    )
    routes = [
        call_route(rule="1", match=RouteMatch(metadata=(match,)), timeout=1.0),
        call_route(rule="2"),
    ]
    life = Life(routes=routes)
    for facts, until in ((Facts(**{"grpc_user.id": "7"}), 101.0), (Facts(), None)):
        life.call(always(), facts=facts)
        assert life.last.until == until


@pytest.mark.parametrize(
    ("headers", "meant"),
    [
        ({"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}, True),
        ({"x-b3-traceid": "a" * 32}, True),
        ({"sw8": f"1-{'YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE='}-x-0"}, True),
        ({"eagleeye-traceid": "a" * 32}, True),
        ({"eagleeye-traceid": "b" * 32}, False),
        ({"sw8": "1-%%%-x"}, False),
        ({}, False),
    ],
)
def test_traces_of_every_kind_are_told_apart(headers, meant):
    """By a list of ids; the same id is on the same side whatever it is written in."""
    custom = Custom(name="fairlead.trace-id", arguments=(("ids", f"x, {'a' * 32}"),))
    routes = [
        call_route(rule="1", match=RouteMatch(custom=(custom,)), timeout=1.0),
        call_route(rule="2"),
    ]
    life = Life(routes=routes)
    life.call(always(), facts=Facts(**{f"header_{name}": one for name, one in headers.items()}))
    assert (life.last.until is not None) == meant


def test_a_share_of_traces_is_on_one_side():
    """Ten percent of them, and each of them every time."""
    custom = Custom(name="fairlead.trace-id", arguments=(("percent", "10"),))
    routes = [
        call_route(rule="1", match=RouteMatch(custom=(custom,)), timeout=1.0),
        call_route(rule="2"),
    ]
    life, seen = Life(routes=routes), []
    for number in range(2000):
        facts = Facts(**{"header_x-b3-traceid": f"{number:032x}"})
        sides = set()
        for _ in range(2):
            life.call(always(), facts=facts)
            sides.add(life.last.until is not None)
        (side,) = sides
        seen.append(side)
    assert 140 <= sum(seen) <= 260


def test_the_trace_that_is_passed_on_is_seen():
    """Where the application has written none itself."""
    call = Call("b", "GET", "")
    call.facts, call.trace = Facts(), ("00-1-2-01", "")
    assert View(call, lambda: 0.5).header("traceparent") == "00-1-2-01"


def test_a_matcher_of_a_package_is_asked():
    """One that raises, and one that nobody knows, matches nothing."""

    def weekday(request: RequestLike, arguments: object) -> bool:
        return bool(request.header("x-day")) and request.queries["q"] == "1"

    life = Life()
    life.engine.callees.matchers = {"shop.weekday": weekday}
    for name, until in (("shop.weekday", 101.0), ("shop.unknown", None)):
        match = RouteMatch(custom=(Custom(name=name),))
        life.apply(routes=[call_route(rule="1", match=match, timeout=1.0), call_route(rule="2")])
        life.call(always(), facts=Facts(path="/x?q=1", **{"header_x-day": "mon"}))
        assert life.last.until == until
        life.call(always(), facts=Facts(path="/x", **{"header_x-day": "mon"}))
        assert life.last.until is None


def test_another_app_has_its_own_subsets_and_lanes():
    """A subset of the other one's; it is named in errors."""
    life = Life(routes=[call_route(rule=RULE, shares=(Share("v1", host=OTHER),))])
    snapshot = life.engine.plan.snapshot
    assert snapshot.calls is not None
    theirs = CalleeRules(
        namespace="default",
        app="other",
        host=OTHER,
        clusters=(Cluster(subset="v1", addresses=("b2",)), Cluster(subset="v2", addresses=())),
    )
    calls = Calls(callees=(*snapshot.calls.callees, theirs))
    life.engine.apply(replace(snapshot, calls=calls))
    assert {life.address() for _ in range(5)} == {"b2"}
    assert (life.last.host, life.last.caller) == ("other.default", "a")

    gone = call_route(rule=RULE, shares=(Share("v2", host=OTHER),))
    rules = replace(snapshot.calls.callees[0], routes=(gone,))
    life.engine.apply(replace(snapshot, calls=Calls(callees=(rules, theirs))))
    error = life.call(always()).error
    assert isinstance(error, Unreachable)
    assert "'other.default'" in str(error)


def test_copies_are_a_share_of_the_calls_and_go_to_the_lane():
    """Each with the place that it goes to; the call itself knows nothing of it."""
    action = Forward(
        clusters=(Weighted(cluster=cluster()),),
        mirrors=(Mirror(cluster=cluster(host=OTHER), fraction=Fraction(numerator=25)),),
    )
    life = Life(("b1", ""), ("b2", "gray"), routes=[call_route(rule=RULE, action=action)])
    life.dice = iter(Random(7).random, None)
    sender = Sender()
    for _ in range(200):
        life.call(always(), lane="gray", sender=sender)
    counted = Counter(address for _, address in sender.copies)
    assert set(counted) == {"b2"}
    assert 20 <= counted["b2"] <= 80


def test_what_is_asked_of_a_call_of_which_nothing_is_known_is_nothing():
    call = Call("b", "GET", "")
    view = View(call, lambda: 0.5)
    assert (view.path, view.plain_path, dict(view.headers), view.authority) == ("/", "/", {}, "b")
    assert (view.queries, view.cookies, view.values("x"), view.header(":scheme")) == (
        {},
        {},
        (),
        "http",
    )
    assert dict(view.metadata[MESSAGE]) == {}


def test_an_answer_is_an_outcome():
    assert Life(routes=[]).call(always(204)).status == Outcome(status=204).status
