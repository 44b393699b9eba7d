"""F06: an agent refuses one resource; the others apply, and nothing is sent again and again.

The agent is of a version that does not know the operator ``prefix``, and so cannot enforce one of
two rules.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from fairlead.policy.snapshot import Snapshot
from tests.control.fleet import Agent, fleet
from tests.faults.rules import lane, live, rule
from tests.faults.servers import Apps, Control, until
from tests.faults.versions import UNREAD, version


def test_what_one_agent_refuses_stops_neither_its_other_rules_nor_other_agents(
    tmp_path: Path, control: Control, apps: Apps
) -> None:
    """An old instance must not keep a new rule from the fleet, nor lose the rules it can read."""
    old_version = version(tmp_path / "old", [UNREAD])
    old = apps.start("entry", control.url, **old_version)
    new = apps.start("entry", control.url)
    until(lambda: old.registered() and new.registered(), "both are registered")

    control.apply(rule("unread", "prefix", "v"))
    control.apply(rule("read", "==", "vip"))

    until(lambda: lane(old, "vip") == "read", "the old agent enforces what it can read")
    until(lambda: lane(new, "vip") == "read", "so does the new one")
    assert lane(old, "vera") == "base"
    assert lane(new, "vera") == "unread"

    until(lambda: live(control, "unread").get("reason") == "Refused", "the refusal is shown")
    until(lambda: live(control, "read").get("status") == "True", "the other rule is live")
    message = live(control, "unread")["message"]
    assert "live on 1 of 2 workloads" in message
    assert "unknown operator 'prefix'" in message
    assert "unknown operator 'prefix'" in old.doctor()["refusal"]

    # Sent again, it would be applied again.
    before = old.doctor()["snapshot"]
    time.sleep(1.0)
    after = old.doctor()["snapshot"]
    assert after["digest"] == before["digest"]
    assert after["applied_ago"] > before["applied_ago"]


class Refusing(Agent):
    """An agent that remembers what it was offered."""

    def __init__(self, *args: Any) -> None:
        self.offered: list[str] = []
        super().__init__(*args)

    def _apply(self, snapshot: Snapshot, plain: dict[str, Any]) -> None:
        self.offered.append(snapshot.digest)
        super()._apply(snapshot, plain)


def test_a_snapshot_that_is_refused_whole_is_not_sent_again(control: Control) -> None:
    """Two who disagree must not keep each other busy; what comes next is sent, and counts."""
    refusing = Refusing(control.url, "default", "entry", 1)
    other = Agent(control.url, "default", "b", 2)
    offered = refusing.offered
    with fleet(refusing, other, register=False):
        until(lambda: refusing.snapshots, "the first snapshot")
        refusing.refuses = "no"
        offered.clear()
        control.apply(rule("one", "==", "vip"))
        until(lambda: live(control, "one").get("reason") == "Refused", "the refusal is shown")
        until(lambda: other.newest.lanes, "the other agent has it")
        seen = len(offered)
        time.sleep(1.0)
        assert len(offered) == seen == 1
        refusing.refuses = ""
        control.apply(rule("two", "==", "vip2"))
        until(lambda: live(control, "one").get("status") == "True", "the next snapshot is taken")
