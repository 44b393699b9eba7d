"""Which instance a call goes to: shares within their binomial bounds, and who sticks to whom."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from random import Random

import pytest

from fairlead.flow.call import Outcome, Unreachable
from fairlead.flow.hashing import maglev, place, ring
from fairlead.policy.balance import Balance, Cluster, Warmup
from fairlead.policy.routing.match import HeaderMatch, PathMatch, RouteMatch, TextMatch
from fairlead.policy.routing.table import Route
from tests.flow.lives import RULE, Facts, Life, always
from tests.flow.routes import Share, call_route

HASHES = ("RING_HASH", "MAGLEV")


def life(
    algorithm: str, *endpoints: tuple[str, str], routes: tuple[Route, ...] = (), **more
) -> Life:
    random = Random(7)
    clusters = [Cluster(balance=Balance(algorithm=algorithm, **more))]
    return Life(*endpoints, routes=routes, clusters=clusters, dice=iter(random.random, None))


def within(count: int, calls: int, share: float) -> bool:
    """Tell whether a count is within five standard deviations of a binomial one."""
    return abs(count - calls * share) <= 5 * sqrt(calls * share * (1 - share))


@pytest.mark.parametrize("algorithm", ["RANDOM", "LEAST_REQUEST"])
def test_who_has_equally_little_to_do_gets_an_equal_share(algorithm):
    """Nobody is forgotten, and nobody is anybody's favourite."""
    made = life(algorithm)
    seen = Counter(made.address() for _ in range(3000))
    assert all(within(seen[name], 3000, 1 / 3) for name in ("b1", "b2", "b3"))


def test_turns_are_taken():
    """ROUND_ROBIN is exact."""
    made = life("ROUND_ROBIN")
    assert Counter(made.address() for _ in range(300)) == {"b1": 100, "b2": 100, "b3": 100}


def test_of_two_the_one_with_less_to_do_is_called():
    """A slow instance has its calls under way, and gets fewer of the next ones."""
    made = life("LEAST_REQUEST")
    hosts = made.engine.callees._standing["default", "b", ""].hosts
    for _ in range(5):
        hosts.begin("b1")
    seen = Counter(made.address() for _ in range(300))
    assert seen["b1"] == 0


def test_two_instances_are_two_different_ones():
    """One throw must not draw the same one twice: then the choice would be none."""
    made = life("LEAST_REQUEST", ("b1", ""), ("b2", ""))
    made.engine.callees._standing["default", "b", ""].hosts.begin("b1")
    assert {made.address() for _ in range(50)} == {"b2"}


@pytest.mark.parametrize("algorithm", HASHES)
def test_one_key_goes_to_one_instance(algorithm):
    """In every caller, whatever its dice."""
    made, other = life(algorithm, key="header", name="x-user"), life("RANDOM")
    other.apply(
        clusters=[Cluster(balance=Balance(algorithm=algorithm, key="header", name="x-user"))]
    )
    for user in range(20):
        facts = Facts(**{"header_x-user": str(user)})
        assert len({one.address(facts=facts) for one in (made, other) for _ in range(3)}) == 1


@pytest.mark.parametrize("algorithm", HASHES)
@pytest.mark.parametrize(("key", "fact"), [("cookie", "cookie_u"), ("query", "query_u")])
def test_other_parts_are_keys_too(algorithm, key, fact):
    """A cookie keeps a session where it is."""
    made = life(algorithm, key=key, name="u")
    seen = {made.address(facts=Facts(**{fact: str(user)})) for user in range(60)}
    assert seen == {"b1", "b2", "b3"}
    assert len({made.address(facts=Facts(**{fact: "7"})) for _ in range(9)}) == 1


@pytest.mark.parametrize("algorithm", HASHES)
def test_without_its_key_a_call_goes_anywhere(algorithm):
    """All of them to one instance would be a herd (Envoy does the same)."""
    made = life(algorithm, key="header", name="x-user")
    assert len({made.address() for _ in range(60)}) == 3


@pytest.mark.parametrize("algorithm", HASHES)
def test_by_source_a_caller_sticks_to_one_instance(algorithm):
    """An agent is one source: what a proxy beside it would see."""
    made = life(algorithm, key="source-ip")
    assert len({made.address() for _ in range(20)}) == 1


@pytest.mark.parametrize(("make", "size", "spread"), [(ring, 1024, 0.3), (maglev, 65_537, 0.07)])
@pytest.mark.parametrize("count", [2, 4, 8, 10, 16, 17, 32, 64])
def test_a_table_is_even_and_moves_few(make, size, spread, count):
    """One of them gone: its share of the keys has to move, and few others do."""
    names = [f"10.0.0.{number}:80" for number in range(count)]
    places = [place(str(number)) for number in range(20_000)]
    before, after = make(names, size), make(names[:-1], size)
    seen, fair = Counter(before(one)[0] for one in places), 20_000 / count
    assert max(seen.values()) <= fair * (1 + spread) + 5 * sqrt(fair)
    assert min(seen.values()) >= fair * (1 - spread) - 5 * sqrt(fair)
    moved = sum(before(one)[0] != after(one)[0] for one in places) / len(places)
    others = 1.2 / count if make is ring and count > 16 else 0.02
    assert moved <= seen[count - 1] / len(places) + others


@pytest.mark.parametrize(("make", "size"), [(ring, 1024), (maglev, 65_537), (maglev, 7)])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_table_names_who_stands_in(make, size, count):
    """Each of them once; the first one is always the same."""
    names = [f"b{number}" for number in range(count)]
    table = make(names, size)
    for number in range(200):
        found = table(place(str(number)))
        assert len(set(found)) == len(found)
        assert set(found) <= set(range(count))
        assert len(found) >= min(2, count)


@pytest.mark.parametrize("algorithm", HASHES)
def test_a_table_is_made_once(algorithm):
    """A snapshot that changes something else must not cost what a table costs."""
    made = life(algorithm, key="source-ip")
    standing = made.engine.callees._standing["default", "b", ""]
    before = standing.tables
    made.apply(clusters=[Cluster(balance=Balance(algorithm=algorithm, key="header", name="x"))])
    assert list(standing.tables.values()) == list(before.values())
    assert standing.tables


def subsets(**fallback: str) -> tuple[list[Route], list[Cluster]]:
    shares = (
        Share(subset="v1", weight=90, **fallback),
        Share(subset="v2", weight=10, **fallback),
    )
    clusters = [
        Cluster(subset="v1", addresses=("b1",)),
        Cluster(subset="v2", addresses=("b2",)),
        Cluster(subset="rest", addresses=("b3",)),
    ]
    return [call_route(rule=RULE, shares=shares)], clusters


def test_weights_are_shares_of_calls():
    """A tenth of the calls to the new version."""
    routes, clusters = subsets()
    made = life("RANDOM")
    made.apply(routes, clusters)
    seen = Counter(made.address() for _ in range(3000))
    assert within(seen["b2"], 3000, 0.1)
    assert seen["b3"] == 0


def test_a_subset_without_an_instance_reaches_nobody():
    """Istio answers 503: another version is not what was asked for."""
    routes, clusters = subsets()
    made = Life(("b3", ""), routes=routes, clusters=clusters)
    assert isinstance(made.call(always()).error, Unreachable)


def test_a_subset_that_nobody_describes_reaches_nobody():
    """As above: a rule that names it says so in its status."""
    made = Life(routes=[call_route(rule=RULE, shares=(Share(subset="v9"),))])
    assert isinstance(made.call(always()).error, Unreachable)


def test_a_subset_may_have_one_that_stands_in():
    """OpenSergo's fallback of a destination."""
    routes, clusters = subsets(fallback="rest")
    made = Life(("b3", ""), routes=routes, clusters=clusters)
    assert made.address() == "b3"


def test_a_lane_comes_before_a_subset():
    """Gray traffic goes to gray instances of the subset, and base's where there are none."""
    routes = [call_route(rule=RULE, shares=(Share(subset="v1"),))]
    clusters = [Cluster(subset="v1", addresses=("b1", "g1"))]
    made = Life(("b1", ""), ("b2", ""), ("g1", "gray"), routes=routes, clusters=clusters)
    assert {made.address(lane="gray") for _ in range(5)} == {"g1"}
    assert {made.address() for _ in range(5)} == {"b1"}


@pytest.mark.parametrize("algorithm", ["ROUND_ROBIN", "LEAST_REQUEST"])
def test_a_new_instance_gets_a_share_that_grows(algorithm):
    """Cold caches serve few at first: a tenth, and after half of the time a half."""
    made = life(algorithm, ("b1", ""), ("b2", ""), warmup=Warmup(duration=60.0))
    made.endpoints = (*made.endpoints, ("b3", ""))
    cluster = Cluster(balance=Balance(algorithm=algorithm, warmup=Warmup(duration=60.0)))
    made.apply(clusters=[cluster])
    shares = []
    for later in (0.0, 30.0, 60.0):
        made.now = 100.0 + later
        shares.append(Counter(made.address() for _ in range(1500))["b3"] / 500)
    assert shares[0] == pytest.approx(0.1, abs=0.08)
    assert shares[1] == pytest.approx(0.5, abs=0.12)
    assert shares[2] == pytest.approx(1.0, abs=0.15)


def test_the_first_rule_that_matches_counts():
    """In the order of the list, and not by how narrow they are (Istio)."""
    header = HeaderMatch(name="x-user", text=TextMatch(kind="exact", value="1"))
    path = PathMatch(value="/api")
    routes = [
        call_route(rule="1", match=RouteMatch(path=path, headers=(header,)), timeout=1.0),
        call_route(rule="2", match=RouteMatch(path=path), timeout=2.0),
        call_route(rule="3", timeout=0.0),
    ]
    made = Life(routes=routes)
    for facts, until in (
        (Facts(**{"header_x-user": "1", "path": "/apix"}), 101.0),
        (Facts(path="/api"), 102.0),
        (Facts(path="/"), None),
    ):
        made.call(lambda _: Outcome(status=200), facts=facts)
        assert made.last.until == until
