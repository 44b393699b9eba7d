"""Go programs reach whom agents in Python reach, and repeat, change and refuse what they do."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fairlead.flow.call import Call, Fault, Outcome
from fairlead.flow.changing import changing
from fairlead.flow.deadline import spelt
from fairlead.flow.engine import Engine
from fairlead.flow.hashing import maglev, place, ring
from fairlead.flow.near import near
from fairlead.flow.retry import Conditions
from fairlead.flow.route import _caller
from fairlead.flow.steps import Send
from fairlead.policy import balance
from fairlead.policy.balance import Balance, Budget, Cluster, Outlier, Warmup
from fairlead.policy.encode import seal, to_plain
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.locality import Distribution, LocalityRule
from fairlead.policy.resilience import CONDITIONS, GRPC_CONDITIONS, Injection, Retry
from fairlead.policy.routing.action import (
    Answer,
    Forward,
    HeaderChanges,
    HeaderValue,
    HostRewrite,
    PathRewrite,
    Redirect,
    Substitution,
    Weighted,
)
from fairlead.policy.routing.checks import problem
from fairlead.policy.routing.match import Custom, HeaderMatch, PathMatch, RouteMatch, TextMatch
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.table import Route
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.golang.asking import Runtime

often = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200
)
FAULTS = {
    None: 0,
    Fault.REFUSED: 1,
    Fault.DROPPED: 2,
    Fault.RESET: 3,
    Fault.TIMEOUT: 4,
    Fault.OTHER: 5,
}


def text(value: Any) -> str:
    return json.dumps(to_plain(value))


@pytest.mark.parametrize(("algorithm", "size"), [("RING_HASH", 1024), ("MAGLEV", 65_537)])
@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_a_key_leads_to_the_same_instance(
    runtime: Runtime, algorithm: str, size: int, count: int
) -> None:
    """A session that a caller in Python keeps, one in Go keeps."""
    names = [f"10.0.0.{number}:80" for number in range(count)]
    keys = [f"user-{number}" for number in range(60)] + ["", "é", "a" * 300]
    table = (ring if algorithm == "RING_HASH" else maglev)(names, size)
    wanted = [list(table(place(key))) for key in keys]
    assert runtime.ask("hash", Algorithm=algorithm, Names=names, Size=size, Keys=keys) == wanted


ZONES = ["", "a", "r1/a", "r1/b", "r1/a/x", "r2/a", "r3/c"]
RULES = [
    LocalityRule(),
    LocalityRule(failover=(("r1", "r2"),)),
    LocalityRule(labels=("app", "version=v1"), carried=(("0:1", ("a", "v1")), ("1:1", ("a", "")))),
    LocalityRule(
        labels=("version=v1",),
        carried=(("0:1", ("v1",)), ("2:1", ("v1",))),
        failover=(("r1", "r3"),),
    ),
    LocalityRule(distribute=(Distribution(source="r1/*", to=(("r1/a/*", 70), ("r2/*", 30))),)),
    LocalityRule(distribute=(Distribution(source="*", to=(("r9/*", 100),)),)),
    LocalityRule(distribute=(Distribution(source="r1/a/x", to=(("*", 100),)),)),
]


@given(
    rule=st.sampled_from(RULES),
    own=st.sampled_from(ZONES),
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=7),
    out=st.sets(st.integers(0, 6)),
    how=st.tuples(st.floats(0, 0.99), st.booleans()),
)
@often
def test_who_is_near_is_near_to_both(
    runtime: Runtime,
    rule: LocalityRule,
    own: str,
    zones: list[str],
    out: set[int],
    how: tuple[float, bool],
) -> None:
    """Zones are kept, and left, by the same counts."""
    chance, strict = how
    side = tuple(Endpoint(address=f"{at}:1", zone=zone) for at, zone in enumerate(zones))
    workload = Workload(app="a", zone=own, labels=(("version", "v1"),))
    found = near(side, rule, _caller(workload), strict=strict)
    gone = {f"{at}:1" for at in out}
    answer = runtime.ask(
        "near",
        Rule=text(rule),
        Own=text(workload),
        Endpoints=[[one.address, one.zone] for one in side],
        Out=sorted(gone),
        Chance=chance,
        Strict=strict,
    )
    if found is None:
        assert answer["parts"] is None
        return
    assert answer["parts"] == [[one.address for one in part] for part in found.parts]
    assert answer["turns"] == list(found._turns)
    healthy = found.healthy(lambda address: address in gone, chance)
    assert answer["healthy"] == [[one.address for one in part] for part in healthy]


@given(
    on=st.sets(st.sampled_from([*CONDITIONS, *GRPC_CONDITIONS])),
    method=st.sampled_from(["GET", "POST", "PUT", "get"]),
    fault=st.sampled_from([None, *Fault]),
    status=st.sampled_from([200, 404, 409, 418, 500, 502, 503, 599]),
)
@often
def test_what_is_repeated_is_repeated_by_both(
    runtime: Runtime, on: set[str], method: str, fault: Fault | None, status: int
) -> None:
    """A POST that Python sends once, Go sends once."""
    rule = Retry(attempts=1, on=tuple(sorted(on)), statuses=(418,))
    error = None if fault is None else OSError()
    outcome = Outcome(
        error=error, fault=fault or Fault.OTHER, status=None if error is not None else status
    )
    wanted = Conditions(rule).met(Call("b", method.upper(), ""), outcome)
    answer = runtime.ask(
        "met",
        Rule=text(rule),
        Method=method,
        Again=True,
        Fault=FAULTS[fault],
        Status=0 if error is not None else status,
        Code=-1,
    )
    assert answer is wanted


@pytest.mark.parametrize("code", [0, 1, 4, 8, 14, 16])
def test_codes_of_grpc_are_repeated_by_both(runtime: Runtime, code: int) -> None:
    rule = Retry(attempts=1, on=("cancelled", "unavailable", "5xx"))
    wanted = Conditions(rule).met(Call("b", "POST", ""), Outcome(grpc=code))
    said = runtime.ask("met", Rule=text(rule), Grpc=True, Again=True, Code=code, Fault=0)
    assert said is wanted


@pytest.mark.parametrize("seconds", [0.001, 0.0255, 0.5, 1.0, 1.5, 3600.0, 86400.0])
@pytest.mark.parametrize("rule", ["", "VirtualService/b http[0]"])
def test_a_time_is_spelt_alike(runtime: Runtime, seconds: float, rule: str) -> None:
    """Errors name the same time."""
    assert runtime.ask("spelt", Seconds=seconds, Rule=rule) == spelt(seconds, rule)


TO = Forward(clusters=(Weighted(cluster="c"),))


@pytest.mark.parametrize(
    "route",
    [
        Route(action=TO),
        Route(action=TO, timeout=-1.0),
        Route(action=TO, timeout=86_401.0),
        Route(action=TO, retry=Retry(attempts=101)),
        Route(action=TO, retry=Retry(attempts=1, backoff=1.0, longest=0.5)),
        Route(action=TO, injection=Injection(abort_percent=101.0)),
        Route(action=TO, injection=Injection(status=99)),
        Route(action=Answer(status=99)),
        Route(action=Answer(status=200, headers=(("a", "b\r\nc: d"),))),
        Route(action=Redirect(code=200)),
        Route(action=Redirect(regex=Substitution(regex="a", text="\\1"))),
        Route(action=Forward(clusters=(Weighted(cluster="c", weight=-1),))),
        Route(action=Forward(clusters=(Weighted(cluster="c", weight=0),) * 2)),
        Route(action=Forward(clusters=TO.clusters, path=PathRewrite(template="/{a}"))),
        Route(action=TO, changes=HeaderChanges(request_set=(HeaderValue(name="a", value="\n"),))),
    ],
)
def test_what_cannot_be_kept_is_refused_by_both(runtime: Runtime, route: Route) -> None:
    """An author reads the same reason, whatever language the caller is written in."""
    assert runtime.ask("problem", Route=text(route)).replace('"', "'") == (problem(route) or "")


@pytest.mark.parametrize(
    "found",
    [
        RouteMatch(headers=(HeaderMatch(name="a", text=TextMatch(kind="like", value="b")),)),
        RouteMatch(path=PathMatch(kind="regex", value="(?=a)")),
        RouteMatch(path=PathMatch(kind="regex", value="a(")),
        RouteMatch(path=PathMatch(kind="template", value="/{a")),
    ],
)
def test_a_match_that_nobody_knows_is_refused_by_both(runtime: Runtime, found: RouteMatch) -> None:
    """What is not understood must not match everything."""
    route = Route(match=found, action=TO)
    assert problem(route)
    assert runtime.ask("problem", Route=text(route))


def test_a_matcher_that_python_has_is_refused_by_go(runtime: Runtime) -> None:
    """Its author reads that no Go program has it: a route that matches nothing would be silent."""
    route = Route(match=RouteMatch(custom=(Custom(name="mine"),)), action=TO)
    assert runtime.ask("problem", Route=text(route)) == "a Go program has no matcher 'mine'"


@pytest.mark.parametrize(
    "cluster",
    [
        Cluster(),
        Cluster(balance=Balance(algorithm="BEST")),
        Cluster(balance=Balance(algorithm="MAGLEV", key="path")),
        Cluster(balance=Balance(algorithm="MAGLEV", key="header", name="a", size=5_000_011)),
        Cluster(balance=Balance(algorithm="RING_HASH", key="header", name="a", size=65_537)),
        Cluster(balance=Balance(warmup=Warmup(duration=0.0))),
        Cluster(budget=Budget(percent=101.0)),
        Cluster(connect=-1.0),
        Cluster(outlier=Outlier(interval=0.0)),
        Cluster(outlier=Outlier(most_ejected=101.0)),
        Cluster(locality=LocalityRule(distribute=(Distribution(source="*", to=(("a", 0),)),))),
        Cluster(locality=LocalityRule(labels=("a",), carried=(("x", ()),))),
    ],
)
def test_a_cluster_that_cannot_be_called_is_refused_by_both(
    runtime: Runtime, cluster: Cluster
) -> None:
    assert runtime.ask("problem", Cluster=text(cluster)) == (balance.problem(cluster) or "")


CHANGES = HeaderChanges(
    request_set=(
        HeaderValue(name="X-A", value="%REQ(x-b)%-1"),
        HeaderValue(name="x-c", value="2", how="append"),
        HeaderValue(name="host", value="h"),
        HeaderValue(name="baggage", value="x"),
    ),
    request_removed=("x-b", "fairlead-caller"),
    response_set=(HeaderValue(name="X-R", value="%REQ(:path)%", how="add-if-absent"),),
    response_removed=("server",),
)


@pytest.mark.parametrize(
    ("rewrite", "host", "changes"),
    [
        (None, None, HeaderChanges()),
        (None, None, CHANGES),
        (PathRewrite(prefix="/y"), HostRewrite(literal="other"), HeaderChanges()),
        (PathRewrite(full="/z"), HostRewrite(header="x-b"), CHANGES),
        (PathRewrite(regex=Substitution(regex="x(.)", text="\\1-\\0")), None, HeaderChanges()),
    ],
)
@pytest.mark.parametrize("own", ["", "part"])
def test_a_call_is_changed_alike(
    runtime: Runtime,
    rewrite: PathRewrite | None,
    host: HostRewrite | None,
    changes: HeaderChanges,
    own: str,
) -> None:
    """What a callee sees does not depend on who calls."""
    part = Weighted(cluster="c", host=own)
    forward = Forward(clusters=(part,), path=rewrite, host=host, append_forwarded_host=True)
    route = Route(
        match=RouteMatch(path=PathMatch(kind="prefix", value="/x")), action=forward, changes=changes
    )
    request = Request(
        authority="b", path="/x1/2?q=1", headers={"x-b": "b", "x-c": "1", "fairlead-caller": "a"}
    )
    answers = [("server", "s"), ("x-r", "r")] if own else []
    answer = runtime.ask(
        "change",
        Route=text(route),
        Call={
            "Authority": "b",
            "Path": request.path,
            "Method": "GET",
            "Scheme": "http",
            "Headers": list(request.headers.items()),
        },
        Answers=answers,
    )
    ours = changing(route, part)
    if ours is None:
        assert answer is None
        return
    change = ours(request)  # type: ignore[arg-type]
    assert (answer["path"] or None, answer["host"] or None) == (change.path, change.authority)
    assert answer["removed"] == list(change.headers.removed)
    added = sorted(map(tuple, answer["added"]), key=itemgetter(0))  # in order within each name
    assert added == sorted(change.headers.added, key=itemgetter(0))
    known = dict(answers)
    if change.answer is not None:
        gone, come = change.answer(known.get)
        known = {name: value for name, value in known.items() if name not in gone} | dict(come)
    assert {name.lower(): values[0] for name, values in answer["answer"].items()} == known


FOLLOWED = [Fault.REFUSED, Fault.DROPPED, Fault.RESET]
LANES = st.lists(st.sampled_from(["", "gray", "blue"]), max_size=7)


@given(
    lanes=LANES,
    lane=st.sampled_from(["", "gray", "green"]),
    turn=st.integers(0, 12),
    faults=st.lists(st.sampled_from(FOLLOWED), min_size=1, max_size=4),
    unfit=st.none() | st.sets(st.integers(0, 6)),
)
@often
def test_a_call_goes_on_to_the_same_instances(
    runtime: Runtime,
    lanes: list[str],
    lane: str,
    turn: int,
    faults: list[Fault],
    unfit: set[int] | None,
) -> None:
    """Contract 12 and 13: the lane's, then base's, three at most, and nobody who is not fit."""
    endpoints = tuple(
        Endpoint(
            address=f"{at}:1",
            lane=each,
            unfit_for_shadow_tables="it is old" if at in (unfit or ()) else None,
        )
        for at, each in enumerate(lanes)
    )
    service = Service(
        namespace="default",
        app="b",
        endpoints=endpoints,
        shadow_table_lanes=("gray",) if unfit is not None else (),
    )
    snapshot = seal(Snapshot(workload=Workload(app="a"), services=(service,)))
    answer = runtime.ask(
        "order",
        Snapshot=json.dumps(to_plain(snapshot)),
        Host="b",
        Lane=lane,
        Turns=turn,
        Faults=[FAULTS[one] for one in faults],
    )
    went, said = _driven(snapshot, lane, turn, faults)
    assert (answer["went"], answer["said"]) == (went, said)


def _driven(snapshot: Snapshot, lane: str, turn: int, faults: list[Fault]) -> tuple[list[str], str]:
    made = Engine(clock=lambda: 100.0, dice=lambda: turn / 1_000_000 + 1e-9)
    made.apply(snapshot)
    went: list[str] = []
    steps = made.plan.outbound(Call("b", "GET", lane))
    reply: Outcome | None = None
    while True:
        try:
            effect = steps.send(reply)
        except StopIteration as done:
            error = done.value.error
            return went, "" if went else str(error)
        assert isinstance(effect, Send)
        assert effect.call.endpoint is not None
        went.append(effect.call.endpoint.address)
        fault = faults[min(len(went) - 1, len(faults) - 1)]
        reply = Outcome(error=OSError(), fault=fault)
