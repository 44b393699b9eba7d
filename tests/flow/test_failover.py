"""Where a call goes, and where it goes next when a connection is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from fairlead.flow.call import Call, Fault, Outcome, Unreachable
from fairlead.flow.engine import Engine
from fairlead.flow.steps import Send
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload

Answer = Callable[[str], Outcome]


class Clock:
    """Time that passes when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def engine(*endpoints: tuple[str, str], clock: Clock | None = None) -> Engine:
    """Return an engine of app `a` that knows app `b` at (address, lane) pairs."""
    made = Engine(clock=clock or Clock(), dice=lambda: 0.0)
    service = Service(
        namespace="default",
        app="b",
        endpoints=tuple(Endpoint(address=address, lane=lane) for address, lane in endpoints),
    )
    made.apply(Snapshot(workload=Workload(app="a"), services=(service,)))
    return made


def drive(
    made: Engine, lane: str, answer: Answer, method: str = "GET"
) -> tuple[list[str], Outcome]:
    """Make one call; return the addresses that were tried and the outcome."""
    tried: list[str] = []
    steps = made.plan.outbound(Call("b", method, lane))
    reply: Outcome | None = None
    while True:
        try:
            effect = steps.send(reply)
        except StopIteration as done:
            outcome: Outcome = done.value
            return tried, outcome
        assert isinstance(effect, Send)
        assert effect.call.endpoint is not None
        tried.append(effect.call.endpoint.address)
        reply = answer(effect.call.endpoint.address)


def ok(address: str) -> Outcome:
    return Outcome(response=address)


def refused(address: str) -> Outcome:
    return Outcome(error=ConnectionRefusedError(address), fault=Fault.REFUSED)


def only(*alive: str) -> Answer:
    return lambda address: ok(address) if address in alive else refused(address)


MIXED = (("b1", ""), ("b2", ""), ("g1", "gray"), ("g2", "gray"))


def test_a_lane_goes_to_its_instances_in_turn() -> None:
    """Both gray instances take their share."""
    made = engine(*MIXED)
    assert [drive(made, "gray", ok)[0] for _ in range(4)] == [["g1"], ["g2"], ["g1"], ["g2"]]


@pytest.mark.parametrize("instances", [1, 2, 5, 200])
def test_every_instance_takes_its_turn(instances: int) -> None:
    """Few orders are kept and many are made; nobody may be left out either way."""
    base = [f"b{number}" for number in range(instances)]
    made = engine(("g1", "gray"), ("g2", "gray"), *((address, "") for address in base))
    seen = [drive(made, "", ok)[0][0] for _ in range(2 * instances)]
    assert sorted(seen) == sorted(base * 2)
    after_the_lane = {drive(made, "gray", only(*base))[0][-1] for _ in range(4 * instances)}
    assert after_the_lane == set(base)


def test_base_never_goes_to_a_lane() -> None:
    """Contract 12, also when no base instance is left."""
    made = engine(*MIXED)
    assert {drive(made, "", ok)[0][0] for _ in range(10)} == {"b1", "b2"}
    tried, outcome = drive(engine(("g1", "gray")), "", ok)
    assert tried == []
    assert isinstance(outcome.error, Unreachable)


def test_a_lane_without_instances_goes_to_base() -> None:
    """Contract 12: a release of one app must not need copies of all others."""
    assert {drive(engine(*MIXED), "blue", ok)[0][0] for _ in range(5)} <= {"b1", "b2"}


def test_a_refused_connection_goes_on_to_the_lane_then_to_base() -> None:
    """Contract 13: nothing was sent, so nothing can happen twice; at most three endpoints."""
    assert drive(engine(*MIXED), "gray", only("g2", "b1"))[0] == ["g1", "g2"]
    assert drive(engine(*MIXED), "gray", only("b1"))[0] == ["g1", "g2", "b1"]
    tried, outcome = drive(engine(*MIXED), "gray", only())
    assert len(tried) == 3
    assert isinstance(outcome.error, ConnectionRefusedError)


def test_a_refusing_endpoint_is_avoided_for_five_seconds() -> None:
    """Contract 13: the next calls need not learn it again."""
    clock = Clock()
    made = engine(("b1", ""), ("b2", ""), clock=clock)
    assert drive(made, "", only("b2"))[0] == ["b1", "b2"]
    assert [drive(made, "", ok)[0] for _ in range(3)] == [["b2"]] * 3
    clock.now += 4.9
    assert drive(made, "", ok)[0] == ["b2"]
    clock.now += 0.2
    assert {drive(made, "", ok)[0][0] for _ in range(2)} == {"b1", "b2"}


def test_an_avoided_endpoint_outlives_a_snapshot() -> None:
    """A change of rules says nothing about a dead socket."""
    made = engine(("b1", ""), ("b2", ""))
    drive(made, "", only("b2"))
    made.apply(made.plan.snapshot)
    assert [drive(made, "", ok)[0] for _ in range(3)] == [["b2"]] * 3


def test_endpoints_are_tried_although_all_are_avoided() -> None:
    """A doubtful endpoint is better than none."""
    made = engine(("b1", ""))
    drive(made, "", only())
    assert drive(made, "", ok)[0] == ["b1"]


def dropped(address: str) -> Outcome:
    return Outcome(error=ConnectionResetError(address), fault=Fault.DROPPED)


def in_turn(*answers: Answer) -> Answer:
    """Answer each attempt in its own way."""
    left = iter(answers)

    def answer(address: str) -> Outcome:
        return next(left)(address)

    return answer


@pytest.mark.parametrize(("method", "attempts"), [("GET", 2), ("PUT", 2), ("POST", 1)])
def test_a_dropped_connection_is_tried_once_more_where_that_is_harmless(
    method: str, attempts: int
) -> None:
    """Contract 13: once, idempotent methods only."""
    tried, outcome = drive(engine(("b1", "")), "", dropped, method)
    assert tried == ["b1"] * attempts
    assert isinstance(outcome.error, ConnectionResetError)


@pytest.mark.parametrize(("lane", "tried"), [("gray", ["g1", "g2"]), ("", ["b1", "b2"])])
def test_what_was_dropped_is_repeated_at_another_endpoint_of_its_lane(
    lane: str, tried: list[str]
) -> None:
    """A process that dies may accept one more connection, and answer nothing on it."""
    assert drive(engine(*MIXED), lane, in_turn(dropped, ok))[0] == tried


def test_what_was_dropped_stays_on_its_lane() -> None:
    """A server that closes idle connections is alive: base has no business with its calls."""
    one = (("g1", "gray"), ("b1", ""), ("b2", ""))
    assert drive(engine(*one), "gray", in_turn(dropped, ok))[0] == ["g1", "g1"]
    tried, outcome = drive(engine(*one), "gray", in_turn(dropped, dropped))
    assert tried == ["g1", "g1"]
    assert isinstance(outcome.error, ConnectionResetError)


def test_what_was_dropped_goes_to_base_when_its_lane_refuses() -> None:
    """Contract 12 and 13, as for any call: nothing was sent to those that refuse."""
    tried, outcome = drive(engine(*MIXED), "gray", in_turn(dropped, refused, refused, ok))
    assert tried == ["g1", "g2", "g1", "b1"]
    assert outcome.error is None
    tried, outcome = drive(engine(("b1", ""), ("g1", "gray")), "", in_turn(dropped, refused))
    assert tried == ["b1", "b1"]
    assert isinstance(outcome.error, ConnectionRefusedError)


def test_a_middlebox_that_forgets_all_connections_fails_no_call() -> None:
    """Each endpoint's own is dead; the second time there is a new one."""
    tried, outcome = drive(engine(*MIXED), "gray", in_turn(dropped, dropped, ok))
    assert tried == ["g1", "g2", "g1"]
    assert outcome.error is None
    tried, outcome = drive(engine(*MIXED), "gray", dropped)
    assert tried == ["g1", "g2", "g1"]
    assert isinstance(outcome.error, ConnectionResetError)


def test_a_call_is_not_repeated_at_an_endpoint_that_is_avoided() -> None:
    """It refused a moment ago; the one that closed a connection may be well."""
    made = engine(("b1", ""), ("b2", ""))
    assert drive(made, "", only("b2"))[0] == ["b1", "b2"]
    assert drive(made, "", in_turn(dropped, ok))[0] == ["b2", "b2"]


def test_other_errors_are_the_callers() -> None:
    """A timeout may have been served: repeating it is not ours to decide here."""

    def slow(address: str) -> Outcome:
        return Outcome(error=TimeoutError(address))

    assert drive(engine(*MIXED), "gray", slow)[0] == ["g1"]


def test_a_known_app_without_an_endpoint_says_so() -> None:
    """Contract 6: naming app and lane, not a DNS error about a name that no DNS knows."""
    _, outcome = drive(engine(), "gray", ok)
    assert str(outcome.error) == "fairlead: no live endpoint of app 'b' for lane 'gray'"


def test_a_service_is_known_by_its_short_name_only_at_home() -> None:
    """Contract 6: `app`, or `app.namespace`."""
    made = Engine(clock=Clock(), dice=lambda: 0.0)
    made.apply(
        Snapshot(
            workload=Workload(app="a", namespace="shop"),
            services=(
                Service(namespace="shop", app="b"),
                Service(namespace="other", app="B"),
                Service(namespace="other", app="C"),
            ),
        )
    )
    routes = made.plan.routes
    assert [h for h in ("b", "b.shop", "b.other", "c", "c.other", "c.shop") if h in routes] == [
        "b",
        "b.shop",
        "b.other",
        "c.other",
    ]


def test_the_error_of_a_call_without_an_endpoint_survives_the_way_to_another_process() -> None:
    """Task queues and process pools send an error together with its cause."""
    for unfit in ((), (("b1", "why"),)):
        made = Unreachable("b", "gray", unfit)
        error = pickle.loads(pickle.dumps(made))
        assert (error.app, error.lane, error.unfit) == ("b", "gray", unfit)
        assert str(error) == str(made)
