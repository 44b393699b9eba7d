"""Places: who is called while all is well, when a zone is ill, and when it is back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import sqrt
from random import Random
from typing import Any

import pytest

from fairlead.flow.call import Call, Fault, Outcome, Unreachable
from fairlead.policy.balance import Balance, Cluster, Outlier
from fairlead.policy.endpoint import Endpoint
from fairlead.policy.locality import Distribution, LocalityRule
from fairlead.policy.routing.table import Route
from fairlead.policy.workload import Workload
from tests.flow.lives import Facts, Life, always, retrying

A, B, US = "eu/a", "eu/b", "us/x"
OUTLIER = Outlier(consecutive_5xx=1, interval=1.0, base_ejection=30.0, most_ejected=100.0)
SHARES = LocalityRule(distribute=(Distribution(source=A, to=((A, 80), (B, 20))),))


def instances(*places: str, lane: str = "", each: int = 2) -> list[Endpoint]:
    return [
        Endpoint(address=f"{lane}{place}/{at}", zone=place, lane=lane)
        for place in places
        for at in range(each)
    ]


def made(
    *found: Endpoint,
    rule: LocalityRule | None = None,
    outlier: Outlier | None = OUTLIER,
    routes: tuple[Route, ...] = (),
    balance: Balance | None = None,
) -> Life:
    cluster = Cluster(balance=balance or Balance(), outlier=outlier, locality=rule)
    random = Random(7)
    workload = Workload(app="a", zone=A)
    return Life(
        *found,
        routes=routes,
        clusters=[cluster],
        dice=iter(random.random, None),
        workload=workload,
    )


def place(address: str) -> str:
    return address.rpartition("/")[0]


def seen(life: Life, calls: int = 300, **options: object) -> Counter[str]:
    return Counter(place(life.address(**options)) for _ in range(calls))


def failing(*ill: str) -> Callable[[Call], Outcome]:
    """Answer well but where it is ill: places, or instances."""

    def answer(call: Call) -> Outcome:
        assert call.endpoint is not None
        address = call.endpoint.address
        return Outcome(status=503 if address in ill or place(address) in ill else 200)

    return answer


def test_the_nearest_get_all_calls():
    """By default, where it is found out who is ill (Istio)."""
    life = made(*instances(B, US, A))
    assert seen(life) == {A: 300}
    assert len({life.address() for _ in range(20)}) == 2


@pytest.mark.parametrize(
    ("rule", "outlier"),
    [(None, None), (LocalityRule(enabled=False), OUTLIER), (LocalityRule(), None)],
)
def test_places_say_nothing(rule, outlier):
    """Switched off, or where nobody would ever be found ill."""
    life = made(*instances(A, B, US), rule=rule, outlier=outlier)
    assert seen(life) == {A: 100, B: 100, US: 100}


def test_a_zone_that_is_ill_is_left_and_used_again():
    """To the next zone within the calls that its instances fail; back after the ejection."""
    life = made(*instances(A, B, US))
    failed = [life.call(failing(A)).status for _ in range(100)].count(503)
    assert failed == 2  # one for each instance
    assert seen(life) == {B: 300}
    life.now += 31.0
    assert seen(life) == {A: 300}


def test_the_next_region_when_a_whole_one_is_ill():
    """Level by level."""
    life = made(*instances(A, B, US))
    assert [life.call(failing(A, B)).status for _ in range(100)].count(503) == 4
    assert seen(life) == {US: 300}


def test_a_region_that_is_failed_over_to_comes_first():
    """The other one is the last resort."""
    rule = LocalityRule(failover=(("eu", "us"),))
    life = made(*instances(A, "ap/x", US), rule=rule)
    for _ in range(10):
        life.call(failing(A))
    assert seen(life) == {US: 300}


def test_a_zone_gives_away_what_it_cannot_take():
    """Of seven two may be ill; three healthy ones take six tenths (Envoy's 1.4)."""
    life = made(*instances(A, each=7), *instances(B, each=7))
    ill = [f"{A}/{at}" for at in range(7)]
    for _ in range(100):
        life.call(failing(*ill[:2]))
    assert seen(life) == {A: 300}
    for _ in range(400):
        life.call(failing(*ill[:4]))
    assert within(seen(life, 10_000)[A], 10_000, 0.6)


def test_where_everybody_is_ill_the_nearest_are_called():
    """A doubtful instance is better than none."""
    life = made(*instances(A, B))
    for _ in range(20):
        life.call(failing(A, B))
    assert seen(life) == {A: 300}


def test_a_repetition_goes_to_another_place_before_the_same_instance():
    """A zone with one instance would fail each of its calls as often as they are repeated."""
    life = made(*instances(A, B, each=1), routes=(retrying("5xx", attempts=1),), outlier=OUTLIER)
    assert life.call(failing(A)).status == 200
    assert place(str(life.sent[-1].endpoint and life.sent[-1].endpoint.address)) == B


def test_a_zone_that_refuses_connections_costs_no_call():
    """One more of it is tried, and then the next place: three at most (contract 13)."""
    life = made(*instances(A, B, each=4))

    def refusing(call: Call) -> Outcome:
        assert call.endpoint is not None
        if place(call.endpoint.address) == A:
            return Outcome(error=ConnectionRefusedError("x"), fault=Fault.REFUSED)
        return Outcome(status=200)

    assert {life.call(refusing).status for _ in range(50)} == {200}


def test_shares_are_exact():
    """Of 10,000 calls 8,000 and 2,000; each place shares its own as ever."""
    life = made(*instances(A, B, US), rule=SHARES, outlier=None)
    found = Counter(life.address() for _ in range(10_000))
    assert found == {f"{A}/0": 4000, f"{A}/1": 4000, f"{B}/0": 1000, f"{B}/1": 1000}


@pytest.mark.parametrize("algorithm", ["RANDOM", "LEAST_REQUEST"])
def test_shares_do_not_depend_on_how_one_of_a_place_is_chosen(algorithm):
    """The place first."""
    life = made(*instances(A, B), rule=SHARES, balance=Balance(algorithm=algorithm))
    assert seen(life, 10_000) == {A: 8000, B: 2000}


def test_shares_of_who_is_left():
    """A place that is ill as a whole gets none; who is half ill keeps 1.4 halves of its own."""
    life = made(*instances(A, B), rule=SHARES)
    for _ in range(50):
        life.call(failing(A))
    assert seen(life) == {B: 300}
    life = made(*instances(A, B), rule=SHARES)
    for _ in range(50):
        life.call(failing(f"{A}/0"))
    assert within(seen(life, 10_000)[A], 10_000, 80 * 0.7 / (80 * 0.7 + 20))


def test_places_without_a_share_get_nothing():
    """Not when nobody else is there, either (Istio)."""
    life = made(*instances(US), rule=SHARES)
    assert isinstance(life.call(always()).error, Unreachable)


def test_shares_are_for_callers_of_their_place():
    """Of another place everybody is called."""
    rule = LocalityRule(distribute=(Distribution(source="us", to=(("us", 100),)),))
    assert seen(made(*instances(A, B, US), rule=rule)) == {A: 100, B: 100, US: 100}


def test_a_lane_comes_before_a_place():
    """Its only instance is called wherever it is; base takes its turn by places."""
    life = made(*instances(A, B), *instances(US, lane="gray"))
    assert seen(life, lane="gray") == {f"gray{US}": 300}
    assert seen(life) == {A: 300}
    life = made(*instances(A, B), *instances(US, lane="gray"), rule=SHARES)
    assert seen(life, lane="gray") == {f"gray{US}": 300}
    life = made(*instances(A, B), *instances(US, A, lane="gray"))
    assert seen(life, lane="gray") == {f"gray{A}": 300}


def test_a_lane_is_left_when_all_of_it_is_ill():
    """Its further instances come before base."""
    life = made(*instances(A, B), *instances(B, US, lane="gray"))
    for _ in range(10):
        life.call(failing(f"gray{B}"), lane="gray")
    assert seen(life, lane="gray") == {f"gray{US}": 300}
    for _ in range(10):
        life.call(failing(f"gray{US}"), lane="gray")
    assert seen(life, lane="gray") == {A: 300}


def test_a_subset_comes_before_a_place():
    """Its instances are chosen among."""
    life = made(*instances(A, B))
    addresses = (f"{B}/0", f"{B}/1")
    life.apply(clusters=[Cluster(addresses=addresses, outlier=OUTLIER)])
    assert seen(life) == {B: 300}


@pytest.mark.parametrize("algorithm", ["RING_HASH", "MAGLEV"])
def test_a_key_leads_to_one_instance_of_the_nearest_place(algorithm):
    """And to one of the next place while that is ill."""
    balance = Balance(algorithm=algorithm, key="header", name="x-user", size=251)
    for rule in (None, SHARES):
        life = made(*instances(A, B, each=3), balance=balance, rule=rule)
        users = [Facts(**{"header_x-user": str(user)}) for user in range(40)]
        first = [life.address(facts=user) for user in users]
        assert [life.address(facts=user) for user in users] == first
        assert {place(one) for one in first} == ({A} if rule is None else {A, B})
        for user in users * 3:
            life.call(failing(A), facts=user)
        assert {place(life.address(facts=user)) for user in users} == {B}


def test_instances_without_a_place_are_in_one_of_their_own():
    """Istio: nearer to callers without a place than to others."""
    life = made(*instances("", A))
    assert seen(life) == {A: 300}
    life.workload = Workload(app="a")
    life.apply(clusters=[Cluster(outlier=OUTLIER)])
    assert seen(life) == {"": 300}


def test_in_one_place_calls_cost_what_they_did():
    """Nothing is kept by place where there is one."""
    life = made(*instances(A))
    latest: Any = life.engine.callees._standing["default", "b", ""].patience.latest
    assert latest._routes._near == {}


def within(count: int, calls: int, share: float) -> bool:
    """Tell whether a count is within five standard deviations of a binomial one."""
    return abs(count - calls * share) <= 5 * sqrt(calls * share * (1 - share))
