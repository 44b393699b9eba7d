"""A new instance's share of calls grows by the caller's clock; nobody is starved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, pairwise

import pytest

from fairlead.flow.call import Call
from fairlead.flow.engine import Engine
from fairlead.flow.route import MixedPool, Pool
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot
from fairlead.policy.workload import Workload

TIME = 100.0
CALLS = 12_000


class Caller:
    """An engine with a clock that is moved by hand, and dice that come out evenly."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._throws = even()
        self.engine = Engine(clock=lambda: self.now, dice=lambda: next(self._throws))

    def knows(self, *endpoints: Endpoint) -> None:
        service = Service(namespace="default", app="b", endpoints=endpoints)
        self.engine.apply(Snapshot(workload=Workload(app="a"), services=(service,)))

    def shares(self, lane: str = "", calls: int = CALLS) -> dict[str, float]:
        """Return the part of calls that is sent to each address."""
        routes = self.engine.plan.routes
        sent = Counter(routes.candidates(Call("b", "GET", lane))[0].address for _ in range(calls))
        return {address: found / calls for address, found in sorted(sent.items())}

    def pool(self, lane: str = "") -> Pool:
        return self.engine.plan.routes.callees["b"].pools[lane]


def even() -> Iterator[float]:
    """Yield numbers that fill the unit interval evenly, in an order without a pattern."""
    return ((number * 0.618_033_988_749_895) % 1.0 for number in count())


def old(address: str, lane: str = "") -> Endpoint:
    return Endpoint(address=address, lane=lane)


def new(address: str, lane: str = "", warmup: float = TIME) -> Endpoint:
    return Endpoint(address=address, lane=lane, warmup=warmup)


def test_the_share_grows_slowly_at_first_and_ends_at_an_equal_one() -> None:
    """A cold cache or a cold pool is met by a few calls, not by a third of all."""
    caller = Caller()
    caller.knows(old("x"), old("y"), new("z"))
    grown = []
    for _ in range(5):
        grown.append(caller.shares().get("z", 0.0))
        caller.now += TIME / 4
    assert grown == pytest.approx([0.0, 1 / 48, 1 / 12, 3 / 16, 1 / 3], abs=0.005)
    assert all(before < after for before, after in pairwise(grown))


def test_what_a_new_instance_passes_on_is_shared_by_all_others() -> None:
    """Or its neighbour in the order would get twice as much as the rest."""
    caller = Caller()
    caller.knows(old("w"), old("x"), new("y"), old("z"))
    assert caller.shares() == pytest.approx({"w": 1 / 3, "x": 1 / 3, "z": 1 / 3}, abs=0.005)


def test_where_everybody_is_new_they_share_equally() -> None:
    """A service that is started whole has nobody who could take the calls."""
    caller = Caller()
    caller.knows(new("x"), new("y", warmup=2 * TIME))
    assert caller.shares() == {"x": 0.5, "y": 0.5}


def test_a_lanes_only_instance_gets_all_of_its_calls() -> None:
    """Base must not serve a lane's calls because the lane's instance is new."""
    caller = Caller()
    caller.knows(new("gray", "gray"), old("x"), old("y"))
    assert caller.shares("gray") == {"gray": 1.0}
    assert caller.shares() == {"x": 0.5, "y": 0.5}


def test_every_endpoint_can_still_be_tried() -> None:
    """A call whose first choice is refused goes to a new instance rather than nowhere."""
    caller = Caller()
    caller.knows(old("x"), new("y"))
    found = [caller.engine.plan.routes.candidates(Call("b", "GET", "")) for _ in range(10)]
    assert [[endpoint.address for endpoint in order] for order in found] == [["x", "y"]] * 10


def test_other_news_do_not_begin_the_warm_up_again() -> None:
    """Snapshots come with every rule and every instance of any app."""
    caller = Caller()
    caller.knows(old("x"), new("y"))
    caller.now += TIME / 2
    caller.knows(old("x"), new("y"), old("z"))
    assert caller.shares()["y"] == pytest.approx(1 / 12, abs=0.005)


def test_an_instance_that_was_away_begins_again() -> None:
    """The same address, and another process behind it."""
    caller = Caller()
    caller.knows(old("x"), new("y"))
    caller.now += TIME
    caller.knows(old("x"))
    caller.knows(old("x"), new("y"))
    assert "y" not in caller.shares()


def test_a_caller_that_comes_later_meets_a_warm_instance() -> None:
    """The control plane has taken the mark away; how long ago does not matter."""
    caller = Caller()
    caller.knows(old("x"), old("y"))
    assert caller.shares() == {"x": 0.5, "y": 0.5}


def test_nothing_is_asked_per_call_once_all_are_warm() -> None:
    """Choosing an endpoint is on the path of every call."""
    caller = Caller()
    caller.knows(old("x"), new("y"))
    assert type(caller.pool()) is MixedPool
    caller.shares(calls=1)
    assert caller.pool().orders is None
    caller.now += TIME
    caller.shares(calls=1)
    assert caller.pool().orders == [[old("x"), new("y")], [new("y"), old("x")]]
    caller.knows(old("x"), old("y"))
    assert type(caller.pool()) is Pool


@pytest.mark.parametrize("warmup", [0.0, -1.0, float("nan"), float("inf")])
def test_a_warm_up_that_is_no_time_is_refused(warmup: float) -> None:
    """It would divide by nothing, or never end."""
    service = Service(namespace="default", app="b", endpoints=(replace(new("x"), warmup=warmup),))
    with pytest.raises(InvalidSnapshot, match="warm-up"):
        Snapshot(services=(service,)).check()
