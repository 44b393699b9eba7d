"""The switch of a namespace while requests are under way: an operator turns it, and sees why."""

from __future__ import annotations

import json
import subprocess

import httpx

from tests.control.serving import rule
from tests.faults.servers import (
    BIN,
    App,
    Apps,
    Control,
    Load,
    plain_environment,
    until,
)

SHENZHEN = {"location": "cn-shenzhen"}
MERGE = {"content-type": "application/merge-patch+json"}


def switch(control: Control, front: App, mode: str | None) -> None:
    """Label the namespace, and wait until the entry has heard of it."""
    patch = {"metadata": {"labels": {"fairlead.io/governance": mode}}}
    with control.client() as http:
        answer = http.patch("/api/v1/namespaces/default", json=patch, headers=MERGE)
        answer.raise_for_status()
    until(lambda: front.doctor()["snapshot"]["governance"] == (mode or "on"), "the entry has heard")


def test_rules_are_observed_off_and_on_again_under_load(control: Control, apps: Apps) -> None:
    """Nothing restarts, nothing fails, and isolation stays: a label from outside opens no lane."""
    own = rule()
    own["spec"]["selector"]["app"] = "front"
    control.apply(own)
    apps.start("back", control.url)
    apps.start("back", control.url, FAIRLEAD_LANE="gray", VERSION="gray")
    front = apps.start("front", control.url)
    until(lambda: len(control.instances("back")) == 2, "both backs are registered")
    until(lambda: front.connected() and front.doctor()["snapshot"]["entry"], "the entry")
    forged = {"baggage": "x-opensergo-traffic=gray"}

    def served(headers: dict[str, str]) -> str:
        return httpx.get(front.url, headers=headers, timeout=10).text.split()[2]

    with Load(front.url, headers=SHENZHEN) as load:
        assert served(SHENZHEN) == "backgray"
        for mode in ("observe", "off"):
            switch(control, front, mode)
            assert [served(SHENZHEN), served({}), served(forged)] == ["back"] * 3
        switch(control, front, None)
        assert served(SHENZHEN) == "backgray"
    assert load.failures == []
    counters = front.doctor()["counters"]
    assert counters["would_colour"]["gray"] > 0
    assert {answer.split()[3] for answer in load.answers} == {"back", "backgray"}


def test_the_command_line_says_that_no_rule_is_enforced(control: Control, apps: Apps) -> None:
    """Whoever wonders why a rule does nothing looks at one of these."""
    own = rule()
    own["spec"]["selector"]["app"] = "front"
    control.apply(own)
    front = apps.start("front", control.url)
    until(lambda: front.connected() and front.doctor()["snapshot"]["entry"], "the entry")
    switch(control, front, "observe")
    served = (*("--server", control.url), "-o", "json")
    asked = ("explain", "request", "/", "--app", "front", "-H", "location: cn-shenzhen")
    answer = json.loads(fairlead(*asked, *served))
    assert (answer["lane"], answer["governance"]) == ("", "observe")
    status = fairlead("status", "--server", control.url)
    assert "governance of namespace default is observe: no rule is enforced" in status
    state = {"FAIRLEAD_STATE": str(front.state), "FAIRLEAD_CONTROL": control.url}
    told = fairlead("doctor", str(front.process.pid), **state)
    assert any(line.split() == ["governance", "observe"] for line in told.splitlines()), told


def fairlead(*words: str, **env: str) -> str:
    """Return what the command prints; it may have something to complain about."""
    done = subprocess.run(
        [str(BIN / "fairlead"), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env=plain_environment(**env),
    )
    return done.stdout + done.stderr
