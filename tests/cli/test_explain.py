"""``fairlead explain request``: the answer in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fairlead.cli.explain import worded
from fairlead.cli.explain_chain import tree
from tests.cli.conftest import Say
from tests.cli.rules_text import lane, rule


@pytest.fixture
def applied(say: Say, namespace: str) -> str:
    """Return a namespace with a rule and a lane for the same entry."""
    text = f"{rule(value='vip')}---\n{lane()}"
    assert say("apply", "-f", "-", "-n", namespace, stdin=text.encode()).status == 0
    return namespace


def eventually(say: Say, *words: str, has: str) -> str:
    """Return the answer once the control plane has compiled what was applied."""
    for _ in range(100):
        out = say("explain", "request", *words).out
        if has in out:
            break
    return out


def test_an_answer_names_lane_winner_losers_and_why(say: Say, applied):
    """S2-32: explained, every time alike."""
    words = ("--app", "gateway", "-n", applied, "-H", "x-user: vip", "-H", "X-Tenant: acme")
    out = eventually(say, *words, has="lane:       blue")
    assert "why:        TrafficLane/lane matches at the entry gateway" in out
    assert "TrafficLane/lane → blue: won" in out
    assert "TrafficLabelRule/rule → gray: lost" in out
    assert "runner-up:  TrafficLabelRule/rule → gray" in out
    assert "yes       header x-user == vip (is 'vip')" in out
    assert "note:       no agent has reported an app called gateway" in out


def test_an_answer_can_be_read_by_programs(say: Say, applied):
    """-o json is what the control plane said."""
    words = ("--app", "gateway", "-n", applied, "--cookie", "a=b", "-o", "json")
    answer = json.loads(eventually(say, *words, has="TrafficLane/lane"))
    assert (answer["lane"], answer["entry"]) == ("", True)
    assert [rule["result"] for rule in answer["rules"]] == ["no match", "no match"]


@pytest.mark.parametrize("words", [("-H", "x"), ("-H", ": x"), ("--cookie", "x")])
def test_a_header_that_is_none_is_a_usage_error(say: Say, words):
    """Before anything is asked."""
    assert say("explain", "request", "--app", "a", *words).status == 2


def test_who_is_left_out_of_a_hop_is_told_with_the_reason():
    """Otherwise a lane's call that ends nowhere looks like an app that is down."""
    excluded = [{"address": "10.0.0.1:80", "why": "fairlead[sql] is not installed"}]
    hop = {"host": "cart", "side": "none", "lane": "", "endpoints": [], "excluded": excluded}
    served = {**hop, "endpoints": ["10.0.0.2:80"]}
    answer = {
        "lane": "gray",
        "why": "so",
        "possible": [],
        "known": True,
        "rules": [],
        "hops": [hop, served, {**hop, "excluded": []}],
        "guards": [
            {
                "rule": "FlowControl/r",
                "strategy": "strategies[0].rateLimit",
                "resource": "/a",
                "says": "5 in 1 s",
            }
        ],
    }
    lines = [" ".join(line.split()) for line in worded(answer)]
    assert lines[2:5] == [
        "guarded, where its route is the resource, by:",
        "/a: 5 in 1 s (FlowControl/r, strategies[0].rateLimit)",
        "on lane gray, a call from here on would go to:",
    ]
    assert lines[5:] == [
        "cart base nobody: no endpoint is fit",
        "not 10.0.0.1:80: fairlead[sql] is not installed",
        "cart base 10.0.0.2:80",
        "not 10.0.0.1:80: fairlead[sql] is not installed",
        "cart base nobody: no live endpoint",
    ]


def test_a_path_is_said_as_a_request_has_it(say: Say, applied):
    """``explain request /shop?x=1 --app A`` is how one thinks of it."""
    out = eventually(say, "/shop?x=1", "--app", "gateway", "-n", applied, has="TrafficLane/lane")
    assert "no rule matches at the entry gateway" in out
    assert say("explain", "request", "shop", "--app", "gateway").status == 2


def test_an_app_that_nobody_knows_is_an_error_with_the_nearest_one(say: Say, applied):
    """An answer about a misspelt app would be right, and would explain nothing."""
    eventually(say, "--app", "gateway", "-n", applied, has="TrafficLane/lane")
    said = say("explain", "request", "--app", "gatway", "-n", applied)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith(f"fairlead: no app called 'gatway' in namespace {applied}: ")
    assert "did you mean gateway?" in said.err


def test_what_follows_when_endpoints_refuse_and_at_an_instance_of_a_lane_is_told():
    """The two answers that differ from the first, and surprise at night."""
    hop = {
        "host": "cart",
        "side": "lane",
        "lane": "gray",
        "endpoints": ["h:1"],
        "fallback": ["h:2"],
    }
    answer = {
        "lane": "gray",
        "why": "so",
        "possible": [],
        "known": True,
        "rules": [],
        "runner_up": {"rule": None, "lane": ""},
        "elsewhere": [{"instances": ["h:9"], "lane": "blue"}],
        "hops": [hop],
    }
    lines = [" ".join(line.split()) for line in worded(answer)]
    assert lines[2:] == [
        "runner-up: no other rule matches: base",
        "but: at h:9 it would be on lane blue, that instance's own",
        "on lane gray, a call from here on would go to:",
        "cart gray h:1",
        "if those refuse a connection: base h:2",
    ]


def chained(app: str, caller: int | None, **more: Any) -> dict[str, Any]:
    """Return a hop of an answer."""
    counts = {"calls": 1200, "onLane": 30, "errors": 0, "fallbacks": 0, "lost": 0}
    plain: dict[str, Any] = {
        "app": app,
        "namespace": "default",
        "statements": False,
        "from": caller,
        "depth": 0 if caller is None else 1,
    }
    plain |= {"lane": "gray", "label": "gray", "side": "lane", "endpoints": ["10.0.0.1:80"]}
    plain |= {"observed": None if caller is None else counts, "excluded": [], "notes": []}
    plain |= {"interfaces": [], "moreInterfaces": 0, "limits": [], "shadows": [], "says": ""}
    return plain | {"entry": False, "rules": [], "runner_up": None, "leftOut": 0} | more


def test_hops_are_a_tree_of_who_calls_whom():
    """Where a label is lost is seen at a glance, in a terminal and in a log."""
    limit = {"resource": "GET:/a", "says": "9 in 1 s", "rule": "FlowControl/a", "strategy": "s"}
    lost = {"code": "lost", "text": "2 calls of lane gray were sent to cart without their label"}
    hops = [
        chained("web", None, side="entry"),
        chained("cart", 0, limits=[{**limit, "at": "callee", "result": "decides"}]),
        chained("stock", 1, notes=[lost]),
        chained("mail", 0, says="no calls observed from mail in the last hour"),
    ]
    served = "lane gray  1 instance of the lane at 10.0.0.1:80 (1,200 calls, 30 on lane gray)"
    assert list(tree({"ago": "in the last hour", "hops": hops})) == [
        "hop by hop, along calls that were observed in the last hour:",
        "  web  lane gray  1 instance at 10.0.0.1:80",
        f"  ├─ cart  {served}",
        "  │  │     GET:/a: 9 in 1 s (FlowControl/a, s) decides",
        f"  │  └─ stock  {served}",
        "  │           ! 2 calls of lane gray were sent to cart without their label",
        f"  └─ mail  {served}",
        "           no calls observed from mail in the last hour",
    ]
