"""``fairlead status``: who enforces what, in words and for programs."""

from __future__ import annotations

import json
from typing import Any

from fairlead.cli.status import alarming, unenforced, worded, workloads
from tests.cli.conftest import Say


def node(name: str, state: str = "live", **other: Any) -> dict[str, Any]:
    return {
        "node": name,
        "namespace": "default",
        "app": "b",
        "lane": "",
        "connected": state != "away",
        "since": "2026-01-01T00:00:00+00:00",
        "state": state,
        "enforces": {"digest": "d", "revision": 7},
        "synced": 9,
        "error": None,
        "refused": [],
        **other,
    }


def instance(*nodes: str, address: str = "127.0.0.1:9001", lane: str = "") -> dict[str, Any]:
    return {
        "metadata": {"namespace": "default", "name": "b"},
        "spec": {"app": "b", "address": address, "processes": [{"node": name} for name in nodes]},
        "status": {"lane": lane},
    }


def states(*args: Any) -> list[tuple[str, str]]:
    return [(one.address, one.state) for one in workloads(*args)]


def test_a_workload_stands_as_its_worst_process_does():
    """Requests reach any of them."""
    own = instance("a", "b")
    assert states([node("a"), node("b")], [own]) == [("127.0.0.1:9001", "live")]
    assert states([node("a"), node("b", "waiting")], [own]) == [("127.0.0.1:9001", "lagging")]
    assert states([node("a")], [own]) == [("127.0.0.1:9001", "away")]
    assert states([node("a", "waiting"), node("b", "away")], [own]) == [("127.0.0.1:9001", "away")]
    refused = node("b", "refused", error="it is no policy")
    assert states([node("a"), refused], [own]) == [("127.0.0.1:9001", "refused")]


def test_a_part_that_was_left_out_is_refused_with_its_reason():
    """The rest is in force, and the one rule is what somebody looks for."""
    part = "entry: TrafficLabelRule/x: unknown operator"
    (one,) = workloads([node("a", refused=[part])], [instance("a")])
    assert (one.state, one.reasons) == ("refused", (part,))
    lines = list(worded(9, [one], "default"))
    assert f"    {part}" in lines
    assert lines[-1] == "1 workload, control plane at revision 9: 1 refused"


def test_the_revision_of_a_workload_is_the_newest_whose_policy_all_its_processes_enforce():
    """What did not change is not sent again: by what was sent, a live one would look late."""
    late = node("b", "waiting", synced=8)
    found = list(workloads([node("a"), late], [instance("a"), instance("b"), instance("a", "c")]))
    assert [(one.state, one.revision) for one in found] == [
        ("live", 9),
        ("lagging", 8),
        ("away", 0),
    ]
    head, *lines = worded(9, found, "default")
    column = head.split().index("REVISION")
    assert [line.split()[column] for line in lines[:-1]] == ["9", "8", "-"]
    assert lines[-1] == "3 workloads, control plane at revision 9: 1 live, 1 lagging, 1 away"


def test_a_process_that_is_not_registered_is_listed_while_it_is_connected():
    """It enforces what it was sent; one that hung up enforces nothing any more."""
    assert states([node("a")], []) == [("", "live")]
    assert states([node("a", "away")], []) == []


def test_without_workloads_it_says_so(say: Say, namespace: str):
    """An empty table would look like a fault."""
    said = say("status", "-n", namespace, "--check")
    assert said.status == 0
    assert f"no workload in namespace {namespace}" in said.out


def test_programs_are_told_the_revision(say: Say, namespace: str):
    """What is lagging is behind this one."""
    answer = json.loads(say("status", "-n", namespace, "-o", "json").out)
    assert answer["revision"] > 0
    assert answer["workloads"] == []


def test_a_namespace_whose_rules_are_not_enforced_is_told():
    """Everything is live, and nothing happens: this is why."""
    switched = {"default": "observe", "namespaces": {"shop": "on", "team": "off"}}
    off = "governance of namespace team is off: no rule is enforced"
    assert list(unenforced(switched, "team")) == [off]
    assert list(unenforced(switched, "shop")) == []
    assert list(unenforced(switched, "other")) == [
        "governance of namespace other is observe: no rule is enforced"
    ]
    assert list(unenforced(switched, None)) == [
        "governance of every other namespace is observe",
        off,
    ]


def test_an_alarm_is_told_while_it_lasts_and_afterwards():
    """Whoever is called at night looks here first."""
    alarm = {"namespace": "shop", "app": "cart", "since": "T1", "over": None, "present": 4}
    (line,) = alarming([{**alarm, "held": 3, "answers": 2, "renewed": 0, "given_up": 0}])
    assert line == (
        "ALARM: app cart in namespace shop: 3 of 4 instances are held without a lease since T1; "
        "2 of them answer"
    )
    over = {**alarm, "over": "T2", "held": 0, "answers": 0, "renewed": 2, "given_up": 1}
    (line,) = alarming([over])
    assert line == "protection of app cart in namespace shop from T1 to T2: 2 renewed, 1 given up"
