"""What agents measured, asked for over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fairlead.protocols.watch.codec import ROOT, Registration, registration_body
from fairlead.protocols.watch.report import REPORTS, Report, Runtime, report_body
from tests.control.fleet import until
from tests.control.serving import API, lane

from .reports import edge, interface, rule
from .test_statements import statement

JSON = {"content-type": "application/json"}


class Shop:
    """Instances of a namespace, and what they say."""

    def __init__(self, http: httpx.Client, namespace: str) -> None:
        self.http, self.namespace = http, namespace
        self._seq = 0

    def register(self, app: str, port: int, report: Report | None = None, **more: Any) -> Any:
        registration = Registration(
            node=f"{self.namespace}-{app}-{port}",
            namespace=self.namespace,
            app=app,
            address=f"127.0.0.1:{port}",
            pid=port,
            host="h",
            report=report,
            **more,
        )
        body = registration_body(registration)
        return self._posted(f"{ROOT}/instances", body).json()

    def report(self, app: str, port: int = 1, seconds: float = 10.0, **more: Any) -> Report:
        self._seq += 1
        node = f"{self.namespace}-{app}-{port}"
        fields = {"node": node, "namespace": self.namespace, "app": app} | more
        return Report(seq=self._seq, seconds=seconds, **fields)

    def post(self, report: Report) -> Any:
        return self._posted(REPORTS, report_body(report)).json()

    def _posted(self, path: str, body: bytes) -> httpx.Response:
        answer = self.http.post(path, content=body, headers=JSON)
        assert answer.status_code == 200, answer.text
        return answer

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"{ROOT}/{path}", params={"namespace": self.namespace} | query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def shop(http: httpx.Client, namespace: str) -> Shop:
    return Shop(http, namespace)


def test_a_report_rides_on_a_renewal(shop: Shop) -> None:
    """It costs no request of its own, and the lease says that it arrived."""
    lease = shop.register("orders", 7001, shop.report("orders", 7001, interfaces=(interface(),)))
    assert lease["reported"] == 1
    assert shop.register("orders", 7001)["reported"] == 1
    (line,) = shop.get("services")["items"]
    assert (line["app"], line["instances"], line["ready"]) == ("orders", 1, 0)
    assert line["qps"] == pytest.approx(1.0, rel=0.05)
    assert 0.015 < line["p50"] <= 0.02
    assert not line["fit"]
    assert "not connected" in line["problems"][0]


def test_a_report_can_go_by_itself(shop: Shop) -> None:
    """A watched app reports each second, a job has no address to register."""
    report = shop.report("job", seconds=1.0, interfaces=(interface(side="client"),))
    assert shop.post(report) == {"reported": 1}
    assert shop.post(report) == {"reported": 1}
    found = shop.get("service", app="job")
    assert [one["name"] for one in found["interfaces"]] == ["GET:/orders"]
    assert found["instances"] == []


def test_a_bad_report_is_refused_with_the_place(shop: Shop) -> None:
    """And what is right beside it in a renewal is not lost."""
    body = report_body(shop.report("orders")).replace(b'"seconds":10.0', b'"seconds":-1')
    answer = shop.http.post(REPORTS, content=body, headers=JSON)
    assert answer.status_code == 422
    assert "seconds" in answer.json()["message"]


def test_a_service_shows_interfaces_rules_instances_and_neighbours(shop: Shop) -> None:
    """What an operator looks for is on one page."""
    hooks = ({"library": "flask", "version": "3.1", "state": "hooked", "reason": ""},)
    runtime = Runtime(cpu=0.5, rss=1 << 20, threads=3, gc=(1, 0, 0))
    told = shop.report(
        "orders",
        7001,
        interfaces=(interface(passed=100, rejected=50, errors=10, inflight=2),),
        rules=(rule(rejected=50, simulated=20),),
        edges=(edge("stock", 30),),
        runtime=runtime,
    )
    shop.register("orders", 7001, told, hooks=hooks, python="3.11.7", version="0.2", zone="a")
    shop.register("stock", 7002)
    shop.post(shop.report("web", edges=(edge("orders", 150),)))
    found = shop.get("service", app="orders")
    (row,) = found["interfaces"]
    assert (row["name"], row["side"], row["lane"], row["inflight"]) == (
        "GET:/orders",
        "server",
        "",
        2,
    )
    assert row["qps"] == pytest.approx(15, rel=0.05)
    assert row["rejected"] == pytest.approx(5, rel=0.05)
    assert row["rt"]["mean"] == pytest.approx(0.018)
    assert row["rules"][0]["rule"] == "RateLimit/slow"
    assert row["rules"][0]["simulated"] == pytest.approx(2, rel=0.05)
    (instance,) = found["instances"]
    assert instance["hooks"] == list(hooks)
    assert instance["runtime"]["rss"] == 1 << 20
    assert 5 < instance["lease"] <= 10
    assert instance["zone"] == "a"
    assert [one["app"] for one in found["callees"]] == ["stock"]
    assert [one["app"] for one in found["callers"]] == ["web"]


def test_statements_of_an_app_are_told_with_what_its_lanes_make_of_them(shop: Shop) -> None:
    """Which statement a lane refuses is found before it is missed."""
    rows = (
        statement("SELECT a FROM t WHERE b = ?", lane="gray", rewritten="SELECT a FROM t_gray"),
        statement("DROP TABLE t", calls=2, lane="gray", cause="ddl", reason="not on a lane"),
    )
    shop.post(shop.report("orders", statements=rows))
    found = shop.get("statements", app="orders")["items"]
    assert [(one["statement"], one["rewritten"], one["reason"], one["calls"]) for one in found] == [
        ("DROP TABLE t", "", "not on a lane", 2),
        ("SELECT a FROM t WHERE b = ?", "SELECT a FROM t_gray", "", 10),
    ]
    assert shop.get("statements", app="nobody")["items"] == []
    bad = report_body(shop.report("orders", statements=rows)).replace(b'"ddl"', b"7")
    assert shop.http.post(REPORTS, content=bad, headers=JSON).status_code == 422


def test_an_explanation_follows_the_calls_that_were_reported(shop: Shop) -> None:
    """Rules say what may happen, reports what does: the hops are where they meet."""
    for port, app in enumerate(("web", "orders", "stock"), 7001):
        shop.register(app, port)
    shop.post(shop.report("web", edges=(edge("orders", 40),)))
    shop.post(shop.report("orders", edges=(edge("stock", 7),)))
    question = {"namespace": shop.namespace, "app": "web"}

    def hops() -> list[Any]:
        answer = shop.http.post(f"{ROOT}/explain", json=question).raise_for_status().json()
        assert answer["chain"]["ago"] == "in the last hour"
        return [
            (hop["app"], hop["endpoints"], (hop["observed"] or {}).get("calls"), hop["calls"])
            for hop in answer["chain"]["hops"]
        ]

    expected = [
        ("web", ["127.0.0.1:7001"], None, "followed"),
        ("orders", ["127.0.0.1:7002"], 40, "followed"),
        ("stock", ["127.0.0.1:7003"], 7, "silent"),
    ]
    until(lambda: hops() == expected)


def test_a_host_outside_is_an_end_of_its_own_and_no_sidecar_may_hide_it_unnoticed(
    shop: Shop,
) -> None:
    """Its dots are no namespace's."""
    istio = "networking.istio.io/v1"
    entry = {
        "apiVersion": istio,
        "kind": "ServiceEntry",
        "metadata": {"name": "bank"},
        "spec": {
            "hosts": ["api.bank.example"],
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
            "resolution": "STATIC",
            "endpoints": [{"address": "127.0.0.1"}],
        },
    }
    path = f"/apis/{istio}/namespaces/{shop.namespace}/serviceentries"
    shop.http.post(path, json=entry).raise_for_status()
    shop.post(shop.report("web", edges=(edge("api.bank.example", 40),)))
    hides = {
        "apiVersion": istio,
        "kind": "Sidecar",
        "metadata": {"name": "default"},
        "spec": {"egress": [{"hosts": ["./orders"]}]},
    }
    question = {"namespace": shop.namespace, "objects": [entry, hides]}

    until(lambda: [one["to"] for one in shop.get("topology")["edges"]] == ["api.bank.example"])
    answer = shop.http.post(f"{ROOT}/analyze", json=question).raise_for_status().json()
    told = [one["message"] for one in answer["findings"] if one["code"] == "FL022"]
    assert told == ["web calls api.bank.example, which it does not name"]


def test_the_topology_has_every_end_of_every_edge(shop: Shop) -> None:
    """A graph whose edges lead nowhere cannot be drawn."""
    shop.register("stock", 7002)
    calls = (edge("stock", 60, label="gray", fallbacks=6, lost=3), edge("elsewhere.example", 10))
    shop.post(shop.report("orders", edges=calls, interfaces=(interface(passed=100),)))
    found = shop.get("topology")
    assert {one["app"]: one["known"] for one in found["nodes"]} == {
        "orders": True,
        "stock": True,
        "elsewhere": False,
    }
    first = next(one for one in found["edges"] if one["to"] == "stock")
    assert (first["from"], first["label"], first["lane"]) == ("orders", "gray", "")
    assert first["qps"] == pytest.approx(6, rel=0.05)
    assert first["fallbacks"] == pytest.approx(0.6, rel=0.05)
    assert first["lost"] == pytest.approx(0.3, rel=0.05)


def test_an_edge_does_not_tell_what_there_is_elsewhere(shop: Shop) -> None:
    """Whoever may read the caller's namespace alone learns no app of another one by its name."""
    elsewhere = Shop(shop.http, f"{shop.namespace}-b")
    elsewhere.register("there", 7005)
    until(lambda: elsewhere.get("services")["items"])
    names = [f"{name}.{elsewhere.namespace}" for name in ("there", "missing")]
    shop.post(shop.report("orders", edges=tuple(edge(name) for name in names)))
    found = shop.get("topology")
    ends = {(one["toNamespace"], one["to"]) for one in found["edges"]}
    assert ends == {(elsewhere.namespace, "there"), (elsewhere.namespace, "missing")}
    assert [one["known"] for one in found["nodes"] if one["app"] != "orders"] == [False, False]


def test_a_lane_shows_members_and_where_it_leaks(shop: Shop) -> None:
    """Who releases on a lane wants to know before users do."""
    answer = shop.http.post(f"{API}/namespaces/{shop.namespace}/trafficlanes", json=lane("gray"))
    assert answer.status_code == 201
    shop.register("orders", 7001)
    shop.register("orders", 7003, lane="gray")
    shop.register("stock", 7002)
    calls = (edge("orders", 10, label="gray", lane="gray"),)
    shop.post(shop.report("gateway", edges=calls))
    shop.post(shop.report("orders", edges=(edge("stock", 10, label="gray", fallbacks=10),)))
    # An instance makes a lane before its rule is published.
    (found,) = until(lambda: [one for one in shop.get("lanes")["items"] if one["rules"]])
    assert found["lane"] == "gray"
    assert found["rules"] == [{"kind": "TrafficLane", "name": "gray"}]
    assert found["members"] == [{"app": "orders", "instances": 1, "base": 1}]
    coverage = found["coverage"]
    assert (coverage["apps"], coverage["instrumented"]) == (3, 2)
    assert coverage["fallback"] == [{"app": "stock"}]
    assert coverage["lost"] == []


def test_the_overview_says_what_is_rejected_and_what_changed(shop: Shop) -> None:
    """The first page answers: is anything wrong, and what was done last."""
    url = f"{API}/namespaces/{shop.namespace}/trafficlanes"
    assert shop.http.post(url, json=lane("gray")).status_code == 201
    skipped = {"library": "httpx", "version": "9", "state": "skipped", "reason": "too new"}
    told = shop.report("orders", 7001, rules=(rule(rejected=50), rule("C/b", 9, reason="breaker")))
    shop.register("orders", 7001, told, hooks=(skipped,))
    until(lambda: shop.get("overview")["lanes"])
    found = shop.get("overview")
    assert (found["services"], found["instances"], found["lanes"]) == (1, 1, 1)
    assert found["agents"]["partly"][0]["reason"] == "too new"
    assert [one["rule"] for one in found["rejected"]] == ["RateLimit/slow", "C/b"]
    assert [(one["app"], one["rule"]) for one in found["broken"]] == [("orders", "C/b")]
    change = found["changes"][0]
    assert (change["kind"], change["name"], change["type"]) == ("TrafficLane", "gray", "added")
    assert change["who"] == "anonymous"
    assert found["uptime"] > 0


def test_the_overview_has_the_traffic_of_the_last_minutes(shop: Shop) -> None:
    """Whoever opens it because of something sees how it was before."""
    for app in ("orders", "web"):
        rows = (interface(passed=600), interface("GET:/a", 60, lane="gray", rejected=60))
        calls = interface("GET:/b", 600, side="client")
        shop.post(shop.report(app, seconds=60.0, interfaces=(*rows, calls)))
    traffic = shop.get("overview")["traffic"]
    assert traffic["step"] == 10
    assert {len(traffic[name]) for name in ("qps", "rejected", "errors", "simulated")} == {30}
    assert traffic["qps"][0] is None
    assert traffic["qps"][-2] == pytest.approx(24, rel=0.05)
    assert traffic["rejected"][-2] == pytest.approx(2, rel=0.15)


def test_a_graph_has_points_where_something_is_known(shop: Shop) -> None:
    """None is not 0: nobody told of the time before."""
    shop.post(shop.report("orders", seconds=60.0, interfaces=(interface(passed=600),)))
    found = shop.get("series", app="orders", interface="*", **{"from": -120, "step": 10})
    assert found["step"] == 10
    (series,) = found["series"]
    assert series["labels"]["interface"] == "GET:/orders"
    assert series["passed"][0] is None
    known = [one for one in series["passed"] if one is not None]
    assert known[1:-1] == [pytest.approx(10, rel=0.02)] * len(known[1:-1])
    assert len(known) >= 4
    (total,) = shop.get("series", app="orders", metric="passed")["series"]
    assert set(total) == {"labels", "passed"}


def test_a_graph_of_rules_shows_what_they_would_reject(shop: Shop) -> None:
    """Simulate mode is read from it."""
    told = shop.report("orders", seconds=60.0, rules=(rule(rejected=0, simulated=60),))
    shop.post(told)
    found = shop.get("series", app="orders", of="rule", metric="simulated", **{"from": -60})
    assert found["series"][0]["labels"]["rule"] == "RateLimit/slow"
    assert any(one and one > 0.9 for one in found["series"][0]["simulated"])


@pytest.mark.parametrize(
    "times", [{"from": 1e300, "to": 1e301}, {"from": -1e308}, {"from": 1e18, "to": 1e19}]
)
def test_of_times_that_have_not_been_nothing_is_known(shop: Shop, times: dict[str, float]) -> None:
    """Nor of those before everything: a clock may be wrong, and a number large."""
    shop.post(shop.report("orders", interfaces=(interface(),)))
    found = shop.get("series", app="orders", side="server", **times)
    assert len(found["series"]) == 1


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("series", "name one app"),
        ("series?app=a&from=x", "from 'x' is no number"),
        ("series?app=a&from=nan", "is no number"),
        ("series?app=a&step=-1", "step"),
        ("series?app=a&metric=speed", "metric 'speed' is none of"),
        ("series?app=a&of=dogs", "is none of"),
        ("series?app=a&from=-10&to=-20", "from is not before to"),
        ("service?app=a&namespace=*", "name one app"),
        ("topology?seconds=1e9", "seconds"),
        ("services?namespace=A_B", "namespace"),
        ("live?app=a&namespace=*", "namespace"),
    ],
)
def test_a_question_without_an_answer_says_why(http: httpx.Client, path: str, says: str) -> None:
    """In the words of who asks."""
    answer = http.get(f"{ROOT}/{path}")
    assert answer.status_code == 400
    assert says in answer.json()["message"]


def test_an_app_that_nobody_knows_is_not_found(shop: Shop) -> None:
    """An empty page would look as if it were idle."""
    answer = shop.http.get(f"{ROOT}/service", params={"app": "ghost", "namespace": shop.namespace})
    assert answer.status_code == 404


def test_how_much_is_measured_is_changed_while_agents_run(http: httpx.Client) -> None:
    """And what cannot be is refused with the reason."""
    before = http.get(f"{ROOT}/settings").json()["telemetry"]
    assert before == {"interfaces": 256, "sampling": 1.0, "access_log": 1.0}
    answer = http.put(f"{ROOT}/settings", json={"telemetry": {"sampling": 0.25}})
    assert answer.json()["telemetry"] == before | {"sampling": 0.25}
    for wrong in ({"sampling": 2}, {"interfaces": 0}, {"every": 1}, {"access_log": True}):
        answer = http.put(f"{ROOT}/settings", json={"telemetry": wrong})
        assert answer.status_code == 422, wrong
    assert http.put(f"{ROOT}/settings", json=[1]).status_code == 400
    http.put(f"{ROOT}/settings", json={"telemetry": before})
