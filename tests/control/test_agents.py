"""The real client of the wire against the real server: push, answers, leases, statuses."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.control.fleet import Agent, fleet, until
from tests.control.serving import API, Server, lane, rule

INSTANCES = "/apis/fairlead.io/v1alpha1"


@pytest.fixture
def agents(server: Server, namespace: str) -> list[Agent]:
    """The entry and two instances of an app, one of them gray."""
    return [
        Agent(server.url, namespace, "gateway", 7000),
        Agent(server.url, namespace, "cart", 7001),
        Agent(server.url, namespace, "cart", 7002, labels=[("tag", "gray")]),
    ]


def path(namespace: str, plural: str = "trafficlabelrules", name: str = "") -> str:
    return f"{API}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def condition(
    http: httpx.Client, namespace: str, kind: str = "Live", name: str = "vip"
) -> dict[str, Any]:
    status = http.get(path(namespace, name=name)).json().get("status", {})
    found = [c for c in status.get("conditions", ()) if c["type"] == kind]
    return found[0] if found else {}


def change(http: httpx.Client, namespace: str, label: str) -> None:
    body = json.dumps({"spec": {"trafficLabel": label}})
    merge = {"content-type": "application/merge-patch+json"}
    assert http.patch(path(namespace, name="vip"), content=body, headers=merge).is_success


def test_a_rule_reaches_every_agent_and_its_status_says_so(
    http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """Write, push, acknowledge, status: the whole round (S0-07)."""
    with fleet(*agents):
        assert http.post(path(namespace), json=rule()).status_code == 201
        entry = agents[0]
        until(lambda: entry.snapshots and entry.newest.entry)
        assert entry.newest.entry is not None
        assert [c.lane for c in entry.newest.entry.colourings] == ["gray"]
        until(lambda: condition(http, namespace).get("status") == "True")
        assert condition(http, namespace)["message"] == "live on 3 of 3 workloads"
        status = http.get(path(namespace, name="vip")).json()["status"]
        assert status["workloads"] == {"live": 3, "total": 3}
        assert until(lambda: entry.sees("cart")) == [
            ("127.0.0.1:7001", ""),
            ("127.0.0.1:7002", "gray"),
        ]


def test_a_refusal_is_shown_and_ends_with_the_next_good_snapshot(
    http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """NACK: the node keeps what it had, and the operator reads who and why."""
    agents[1].refuses = "cannot read this"
    with fleet(*agents):
        http.post(path(namespace), json=rule())
        start = "live on 2 of 3 workloads; refused by app cart (127.0.0.1:7001): "
        until(lambda: condition(http, namespace).get("message", "").startswith(start))
        assert condition(http, namespace)["reason"] == "Refused"
        assert "cannot read this" in condition(http, namespace)["message"]
        agents[1].refuses = ""
        change(http, namespace, "blue")
        until(lambda: condition(http, namespace).get("status") == "True")
        assert condition(http, namespace)["observedGeneration"] == 2


def test_a_snapshot_that_says_the_same_is_not_sent(
    http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """Annotations, and rules of other namespaces, are nobody's business."""
    with fleet(*agents):
        http.post(path(namespace), json=rule())
        until(lambda: condition(http, namespace).get("status") == "True")
        before = [len(agent.policies) for agent in agents]
        body = json.dumps({"metadata": {"annotations": {"note": "x"}}})
        merge = {"content-type": "application/merge-patch+json"}
        assert http.patch(path(namespace, name="vip"), content=body, headers=merge).is_success
        other = path(f"{namespace[:50]}-other")
        assert http.post(other, json=rule()).status_code == 201
        change(http, namespace, "blue")
        until(lambda: condition(http, namespace).get("observedGeneration") == 2)
        until(lambda: condition(http, namespace).get("status") == "True")
        assert [len(agent.policies) for agent in agents] == [count + 1 for count in before]


def test_a_node_that_already_holds_the_snapshot_is_in_sync_at_once(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """After a reconnect nothing travels again, and the status does not flicker for long."""
    http.post(path(namespace), json=rule())
    first = Agent(server.url, namespace, "gateway", 7000)
    with fleet(first):
        until(lambda: first.snapshots)
    again = Agent(server.url, namespace, "gateway", 7000)
    again.session.adopt(first.newest)
    with fleet(again):
        until(lambda: again.session.live)
        until(lambda: condition(http, namespace).get("status") == "True")
        # Another one may come: an instance of an earlier test, in another namespace, is given up.
        assert first.newest.digest not in {snapshot.digest for snapshot in again.snapshots}


def test_an_instance_is_listed_until_it_leaves(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """kubectl, console and callers see the same list (S2-15)."""
    agent = Agent(server.url, namespace, "cart", 7001, labels=[("tag", "gray"), ("team", "a")])
    url = f"{INSTANCES}/namespaces/{namespace}/instances"
    assert agent.register().lane == ""
    found = http.get(url, params={"labelSelector": "app=cart,team=a"}).json()["items"]
    assert [item["metadata"]["name"] for item in found] == ["cart.127.0.0.1-7001"]
    assert found[0]["spec"]["processes"][0]["pid"] == 7001
    agent.leave()
    assert http.get(url).json()["items"] == []
    agent.stop() if agent._thread.is_alive() else None


def test_instances_are_written_by_agents_only(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """A client that could write one could send traffic anywhere."""
    agent = Agent(server.url, namespace, "cart", 7001)
    agent.register()
    url = f"{INSTANCES}/namespaces/{namespace}/instances"
    one = f"{url}/cart.127.0.0.1-7001"
    made = http.get(one).json()
    assert http.post(url, json=made).status_code == 405
    assert http.put(one, json=made).status_code == 405
    assert http.delete(one).status_code == 405
    assert http.get(one).json() == made


def test_a_lane_that_is_named_later_moves_its_instances(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """The lane of a labelled instance follows from the rules, also shown in its status."""
    entry = Agent(server.url, namespace, "gateway", 7000)
    blue = Agent(server.url, namespace, "cart", 7001, labels=[("tag", "blue")])
    url = f"{INSTANCES}/namespaces/{namespace}/instances/cart.127.0.0.1-7001"
    with fleet(entry, blue):
        until(lambda: entry.sees("cart") == [("127.0.0.1:7001", "")])
        http.post(path(namespace, "trafficlanes"), json=lane("blue"))
        until(lambda: entry.sees("cart") == [("127.0.0.1:7001", "blue")])
        until(lambda: http.get(url).json()["status"]["lane"] == "blue")
        assert blue.register().lane == "blue"
        http.delete(path(namespace, "trafficlanes", "blue"))
        until(lambda: http.get(url).json()["status"]["lane"] == "")


def test_an_instance_of_two_lanes_is_refused_and_shown(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """It would serve one lane's requests as the other's (contract 1)."""
    both = Agent(server.url, namespace, "cart", 7001, labels=[("tag", "blue"), ("tag", "gray")])
    entry = Agent(server.url, namespace, "gateway", 7000)
    http.post(path(namespace, "trafficlanes"), json=lane("blue"))
    http.post(path(namespace), json=rule(label="gray"))
    with fleet(entry, both):
        lease = until(lambda: (found := both.register()).conflict and found)
        assert "blue" in lease.conflict
        until(lambda: entry.snapshots)
        assert entry.sees("cart") == []
        url = f"{INSTANCES}/namespaces/{namespace}/instances/cart.127.0.0.1-7001"
        until(lambda: "blue" in http.get(url).json()["status"].get("conflict", ""))
        until(lambda: condition(http, namespace, "LaneConflict"))
        assert "127.0.0.1:7001" in condition(http, namespace, "LaneConflict")["message"]


def test_a_rule_that_loses_says_to_whom(http: httpx.Client, namespace: str) -> None:
    """Two rules for one request: the order is decided, and told (contract 11)."""
    http.post(path(namespace), json=rule("a-first", label="gray"))
    http.post(path(namespace), json=rule("b-second", label="blue"))
    until(lambda: condition(http, namespace, "Overridden", "b-second"))
    message = condition(http, namespace, "Overridden", "b-second")["message"]
    assert "TrafficLabelRule/a-first" in message
    http.delete(path(namespace, name="a-first"))
    until(lambda: not condition(http, namespace, "Overridden", "b-second"))


def test_a_departed_app_stays_known_to_its_callers(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """They get an error that names it instead of asking DNS for it."""
    entry = Agent(server.url, namespace, "gateway", 7000)
    cart = Agent(server.url, namespace, "cart", 7001)
    with fleet(entry):
        cart.register()
        until(lambda: entry.sees("cart"))
        cart.leave()
        until(lambda: not entry.sees("cart"))
        known = [s.app for s in entry.newest.services if s.namespace == namespace]
        assert known == ["cart", "gateway"]


def test_status_writes_publish_nothing(
    http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """A status that caused a push would cause another status."""
    with fleet(*agents):
        http.post(path(namespace), json=rule())
        until(lambda: condition(http, namespace).get("status") == "True")
        revision = http.get("/fairlead/v1/nodes").json()["revision"]
        listed = int(http.get(path(namespace)).json()["metadata"]["resourceVersion"])
        assert listed > revision


def test_who_has_left_is_not_waited_for(
    http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """After a graceful stop the next rule is live as soon as the others have it."""
    with fleet(agents[0]):
        with fleet(agents[1]):
            until(lambda: agents[1].snapshots)
            agents[1].leave()
        http.post(path(namespace), json=rule())
        until(lambda: condition(http, namespace).get("status") == "True", seconds=5)
        assert condition(http, namespace)["message"] == "live on 1 of 1 workloads"


def test_nodes_are_listed_with_what_they_enforce(
    http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """`fairlead doctor` and the console read it."""
    agents[2].refuses = "no"
    with fleet(*agents):
        http.post(path(namespace), json=rule())
        until(lambda: condition(http, namespace).get("reason") == "Refused")
        answer = http.get("/fairlead/v1/nodes", params={"namespace": namespace}).json()
        found = [(n["app"], n["address"], n["lane"], n["state"]) for n in answer["nodes"]]
        assert found == [
            ("cart", "127.0.0.1:7001", "", "live"),
            ("cart", "127.0.0.1:7002", "gray", "refused"),
            ("gateway", "127.0.0.1:7000", "", "live"),
        ]
        assert "no" in answer["nodes"][1]["error"]


def test_the_share_of_a_lane_is_what_the_entry_counted(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """Per lane, over all processes of the entry, also when one started again (S2-32)."""
    http.post(path(namespace), json=rule())

    def report(node: str, gray: int, base: int) -> None:
        counters = {"coloured_requests": {"gray": gray, "": base}, "would_colour": {"gray": 9}}
        if node == "n2":
            del counters["would_colour"]
        agent = Agent(server.url, namespace, "gateway", 7000, node=node, counters=counters)
        agent.register()

    report("n1", 1, 3)
    report("n1", 2, 6)
    report("n2", 0, 4)
    report("n2", 2, 2)
    answer = http.get("/fairlead/v1/traffic", params={"namespace": namespace}).json()
    # n1 counted 2 and 6; n2 4 base, then anew: its base count fell, so 2 more, and 2 gray.
    assert answer["apps"] == [
        {
            "app": "gateway",
            "requests": 16,
            "lanes": [
                {"lane": "", "requests": 12, "share": 0.75},
                {"lane": "gray", "requests": 4, "share": 0.25},
            ],
            "observed": [{"lane": "gray", "requests": 9, "share": 1.0}],
        }
    ]
    table = http.get(
        path(namespace), headers={"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    ).json()
    names = [column["name"] for column in table["columnDefinitions"]]
    assert table["rows"][0]["cells"][names.index("Share")] == "25.0%"


def test_a_newer_connection_of_a_node_ends_the_older(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """The older one is the half that is left of a broken connection."""
    query = {"namespace": namespace, "app": "cart", "node": "n1"}
    with http.stream("GET", "/fairlead/v1/watch", params=query) as first:
        lines = first.iter_lines()
        next(lines)
        with server.client().stream("GET", "/fairlead/v1/watch", params=query) as second:
            next(second.iter_lines())
            assert [line for line in lines if "snapshot" in line] == []


def test_a_reader_that_stopped_holds_up_nobody(
    server: Server, http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """A process stopped in a debugger must not delay the others."""
    parts = urlsplit(server.url)
    with closing(socket.create_connection((parts.hostname, parts.port), 5)) as stopped:
        stopped.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        query = f"namespace={namespace}&app=cart&node=stopped"
        stopped.sendall(
            f"GET /fairlead/v1/watch?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        )
        with fleet(*agents):
            http.post(path(namespace), json=rule())
            for number in range(20):
                change(http, namespace, f"lane-{number}")
            until(lambda: {x.name for agent in agents for x in agent.newest.lanes} == {"lane-19"})


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"namespace": "x", "app": "y"},
        {"namespace": "X", "app": "y", "node": "n"},
        {"namespace": "x", "app": "y", "node": "n", "lane": "not a lane"},
    ],
)
def test_a_watch_that_cannot_be_is_refused(http: httpx.Client, query: dict[str, str]) -> None:
    """With a Status whose message the agent logs."""
    answer = http.get("/fairlead/v1/watch", params=query)
    assert (answer.status_code, answer.json()["kind"]) == (422, "Status")
    assert answer.json()["details"]["causes"]


@pytest.mark.parametrize("endpoint", ["ack", "instances", "explain"])
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"node": 5}', b"[" * 9999])
def test_messages_that_cannot_be_are_refused(
    http: httpx.Client, endpoint: str, body: bytes
) -> None:
    """Whatever an agent sends, the server goes on."""
    answer = http.post(
        f"/fairlead/v1/{endpoint}", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["kind"] == "Status"


def test_messages_are_read_as_json_only_and_to_a_bound(http: httpx.Client) -> None:
    """A foreign page can send text/plain without asking."""
    answer = http.post("/fairlead/v1/ack", content=b"{}", headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    large = http.post("/fairlead/v1/instances", json={"host": "x" * 600_000})
    assert large.status_code == 413


def test_an_answer_of_an_unknown_node_is_passed_over(http: httpx.Client) -> None:
    """The control plane was restarted meanwhile; the agent will say it again."""
    body = {"node": "nobody", "digest": "ab", "revision": 1, "error": None, "refused": []}
    assert http.post("/fairlead/v1/ack", json=body).status_code == 204


def test_the_control_plane_explains_a_request(http: httpx.Client, namespace: str) -> None:
    """`fairlead explain` asks the one that decides."""
    http.post(path(namespace), json=rule())
    question = {"namespace": namespace, "app": "gateway", "headers": {"location": "cn-shenzhen"}}

    def lane_found() -> str:
        return str(http.post("/fairlead/v1/explain", json=question).json().get("lane", ""))

    assert until(lane_found) == "gray"


def test_the_command_line_lists_instances(server: Server, namespace: str) -> None:
    """For people without kubectl."""
    Agent(server.url, namespace, "cart", 7001, labels=[("tag", "gray")]).register()
    command = [sys.executable, "-m", "fairlead.cli.main", "get", "instances"]
    words = ["-n", namespace, "--server", server.url]
    done = subprocess.run(
        [*command, *words], check=True, capture_output=True, text=True, timeout=30
    )
    head, row = (line.split() for line in done.stdout.splitlines())
    assert head[:4] == ["NAME", "APP", "ADDRESS", "LANE"]
    assert row[:4] == ["cart.127.0.0.1-7001", "cart", "127.0.0.1:7001", "base"]


def test_an_instance_that_leaves_is_answered_when_its_callers_know(agents: list[Agent]) -> None:
    """It closes its socket then: a caller that did not know would run into it (contract 4)."""
    gone = agents[1].registration.address
    with fleet(*agents):
        until(lambda: all(gone in dict(agent.sees("cart")) for agent in agents))
        agents[1].leave()
        assert [gone in dict(agent.sees("cart")) for agent in (agents[0], agents[2])] == [False] * 2
