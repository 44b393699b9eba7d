"""Who is left out, for how long, and how many at most."""

from __future__ import annotations

import pytest

from fairlead.flow.call import Fault, Full, Inherited, Late, Outcome
from fairlead.flow.noting import EJECTED
from fairlead.flow.outlier import Hosts
from fairlead.policy.balance import Cluster, Outlier
from tests.flow.lives import RULE, Life, Sender
from tests.flow.routes import call_route

ALL = 100.0
NAMES = tuple(f"b{number}" for number in range(1, 5))


class Trial:
    """Four instances under a clock."""

    def __init__(self, **rule: float) -> None:
        self.now = 50.0
        self.hosts = Hosts(lambda: self.now)
        self.hosts.apply(Outlier(**{"most_ejected": ALL, **rule}), NAMES)  # type: ignore[arg-type]

    def end(self, name: str, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            host = self.hosts.begin(name)
            assert host is not None
            self.hosts.end(host, outcome)

    def out(self) -> list[str]:
        self.hosts.look()
        return [name for name in NAMES if self.hosts.out(name)]


BAD, GOOD, GATEWAY = Outcome(status=500), Outcome(status=200), Outcome(status=503)
LOST = Outcome(error=ConnectionError(), fault=Fault.REFUSED)


def test_five_errors_in_a_row_leave_an_instance_out():
    """Istio's default; four are an accident."""
    trial = Trial()
    trial.end("b1", *[BAD] * 4)
    assert trial.out() == []
    trial.end("b1", BAD)
    assert trial.out() == ["b1"]


def test_one_good_answer_begins_the_row_anew():
    """It is about instances that do nothing right any more."""
    trial = Trial()
    trial.end("b1", *[BAD] * 4, GOOD, *[BAD] * 4)
    assert trial.out() == []


def test_it_comes_back_after_its_time_and_the_next_time_is_longer():
    """Base time, times how often: who keeps failing is tried less and less."""
    trial = Trial(consecutive_5xx=1, interval=1.0, base_ejection=10.0)
    lengths = []
    for _ in range(3):
        trial.end("b1", BAD)
        began = trial.now
        while trial.out():
            trial.now += 1.0
        lengths.append(trial.now - began)
    assert lengths == [10.0, 20.0, 30.0]


def test_who_comes_back_begins_anew():
    """Calls that were under way when it was left out have failed, too: that is no news by then."""
    trial = Trial(consecutive_5xx=5, interval=1.0, base_ejection=10.0)
    trial.end("b1", *[BAD] * 50)
    trial.now += 11.0
    assert trial.out() == []
    trial.end("b1", BAD)
    assert trial.out() == []
    trial.end("b1", *[BAD] * 4)
    assert trial.out() == ["b1"]


def test_intervals_that_it_serves_make_the_next_time_shorter():
    """Three bad minutes a year ago are forgiven."""
    trial = Trial(consecutive_5xx=1, interval=1.0, base_ejection=10.0)
    trial.end("b1", BAD)
    trial.now += 11.0
    assert trial.out() == []
    trial.now += 5.0
    trial.end("b1", BAD)
    assert trial.hosts.known["b1"].times == 1


def test_no_time_is_longer_than_the_longest():
    """Envoy's cap: 300 s, or the base time where that is more."""
    trial = Trial(consecutive_5xx=1, base_ejection=10.0, longest_ejection=25.0, interval=1000.0)
    host = trial.hosts.known["b1"]
    host.times, host.back = 99, trial.now
    trial.end("b1", BAD)
    assert host.until - trial.now == 25.0


@pytest.mark.parametrize(("percent", "out"), [(10.0, 0), (25.0, 1), (49.0, 1), (50.0, 2), (100, 4)])
def test_only_a_share_is_left_out_at_a_time(percent, out):
    """Ten percent of four instances are none, as in Envoy."""
    trial = Trial(most_ejected=percent, consecutive_5xx=1)
    for name in NAMES:
        trial.end(name, BAD)
    assert len(trial.out()) == out


def test_errors_of_gateways_may_count_by_themselves():
    """An overloaded instance says 503; an error of its code is another matter."""
    trial = Trial(consecutive_gateway_errors=2, consecutive_5xx=0)
    trial.end("b1", *[BAD] * 9)
    trial.end("b2", GATEWAY, GATEWAY)
    trial.end("b3", LOST, LOST)
    assert trial.out() == ["b2", "b3"]


def test_no_answer_counts_as_a_bad_one():
    """Envoy makes a 503 of it where origins are not told apart."""
    trial = Trial(consecutive_5xx=2)
    trial.end("b1", LOST, BAD)
    assert trial.out() == ["b1"]


def test_no_answer_may_count_by_itself():
    """What is called splitExternalLocalOriginErrors."""
    trial = Trial(consecutive_5xx=2, consecutive_local_failures=3)
    trial.end("b1", LOST, BAD, LOST)
    assert trial.out() == []
    trial.end("b1", LOST)
    assert trial.out() == ["b1"]


def test_errors_of_the_caller_are_nobodys():
    """A call that was given up says nothing about who was called."""
    trial = Trial(consecutive_5xx=1)
    host = trial.hosts.begin("b1")
    assert host is not None
    trial.hosts.end(host, None)
    trial.end("b1", Outcome(error=ValueError(), fault=Fault.OTHER))
    assert trial.out() == []


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.REFUSED, Fault.RESET])
@pytest.mark.parametrize("code", [None, 4])
def test_the_time_of_a_request_says_nothing_about_an_instance(fault, code):
    """A stranger's header of one millisecond must not have everybody's instances left out."""
    life = Life(clusters=[Cluster(outlier=Outlier(consecutive_5xx=1, most_ejected=ALL))])
    hosts = life.engine.callees._standing["default", "b", ""].hosts

    def late(call):
        life.now = call.until
        return Outcome(error=TimeoutError(), fault=fault, grpc=code)

    outcome = life.call(late, sender=Sender(Inherited(life.now + 0.001)))
    assert isinstance(outcome.error, Late)
    assert len(life.sent) == 1
    assert hosts.left_out() == []
    assert life.engine._avoided.until == {}
    assert hosts.active == 0
    life.call(lambda _: BAD, sender=Sender(Inherited(life.now + 60)))
    assert len(hosts.left_out()) == 1


def test_the_time_of_a_rule_does():
    """Who does not answer in the time that its author gives it is a bad instance."""
    cluster = Cluster(outlier=Outlier(consecutive_5xx=1, most_ejected=ALL))
    life = Life(routes=[call_route(rule=RULE, timeout=1.0)], clusters=[cluster])

    def late(call):
        life.now = call.until
        return Outcome(error=TimeoutError(), fault=Fault.TIMEOUT)

    life.call(late, sender=Sender(Inherited(life.now + 60)))
    assert len(life.engine.callees._standing["default", "b", ""].hosts.left_out()) == 1


def test_codes_of_grpc_that_are_a_servers_fault_count():
    """NOT_FOUND is an answer."""
    trial = Trial(consecutive_5xx=1)
    trial.end("b1", Outcome(grpc=5, error=RuntimeError()))
    trial.end("b2", Outcome(grpc=14, error=RuntimeError()))
    assert trial.out() == ["b2"]


def test_nobody_is_left_out_where_too_few_are_healthy():
    """minHealthPercent: the last ones would not bear the load of all."""
    trial = Trial(consecutive_5xx=1, least_healthy=60.0)
    trial.end("b1", BAD)
    assert trial.hosts.look()
    trial.end("b2", BAD)
    assert not trial.hosts.look()


def test_what_is_known_outlives_a_snapshot():
    """Instances come and go all day; a bad one is not better for it."""
    trial = Trial(consecutive_5xx=1)
    trial.end("b1", BAD)
    trial.hosts.apply(Outlier(most_ejected=ALL), (*NAMES, "b5"))
    assert trial.out() == ["b1"]
    trial.hosts.apply(None, NAMES)
    assert trial.out() == []


def test_calls_go_elsewhere_meanwhile():
    """That is what it is for."""
    rule = Outlier(consecutive_5xx=2, most_ejected=ALL, interval=1.0, base_ejection=5.0)
    life = Life(clusters=[Cluster(outlier=rule)])

    def answer(call):
        return BAD if call.endpoint.address == "b2" else GOOD

    for _ in range(9):
        life.call(answer)
    assert {life.address() for _ in range(9)} == {"b1", "b3"}
    life.now += 6.0
    assert {life.address() for _ in range(9)} == {"b1", "b2", "b3"}


def test_where_everybody_is_left_out_calls_are_sent_all_the_same():
    """Better a doubtful instance than none: governance fails open."""
    rule = Outlier(consecutive_5xx=1, most_ejected=ALL)
    life = Life(("b1", ""), clusters=[Cluster(outlier=rule)])
    life.call(lambda _: BAD)
    assert life.address() == "b1"


def test_a_lane_whose_instance_is_left_out_goes_to_base():
    """As it does where a lane has no instance (contract 12)."""
    rule = Outlier(consecutive_5xx=1, most_ejected=ALL)
    life = Life(("b1", ""), ("g1", "gray"), clusters=[Cluster(outlier=rule)])
    life.call(lambda _: BAD, lane="gray")
    assert life.address(lane="gray") == "b1"
    assert life.address() == "b1"


def test_no_more_calls_are_under_way_than_there_may_be():
    """Http2MaxRequests: what is beyond it is answered at once, and nobody waits for it."""
    life = Life(clusters=[Cluster(rule="DestinationRule/b", most_requests=2)])
    hosts = life.engine.callees._standing["default", "b", ""].hosts
    held = [hosts.begin("b1"), hosts.begin("b2")]
    outcome = life.call(lambda _: GOOD)
    assert isinstance(outcome.error, Full)
    assert outcome.error.status == 503
    assert life.sent == []
    assert held[0] is not None
    hosts.end(held[0], GOOD)
    assert life.call(lambda _: GOOD).status == 200
    assert hosts.active == 1


def test_a_connection_has_a_time_of_its_own():
    """Who sends is told."""
    life = Life(clusters=[Cluster(connect=0.25)])
    life.call(lambda _: GOOD)
    assert life.sent[0].connect == 0.25


def test_who_is_left_out_is_told_with_the_reason_and_the_time():
    """Who wonders why an instance gets no calls wants to know for how long."""
    trial = Trial(consecutive_5xx=0, consecutive_gateway_errors=3, base_ejection=20.0)
    heard: list[str] = []
    trial.hosts.tell = heard.append
    trial.end("b1", *[GATEWAY] * 3)
    trial.now += 5
    assert trial.hosts.left_out() == [("b1", "3 failures of a gateway in a row", 15.0)]
    assert heard == [EJECTED]
    trial.now += 60
    assert [one.back for one in trial.hosts.left_out()] == [0.0]
    assert trial.out() == []
    assert trial.hosts.left_out() == []
