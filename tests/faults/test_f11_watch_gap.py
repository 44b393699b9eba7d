"""F11: a watch has a gap, because changes were compacted while nobody listened.

It is detected (410), the collection is listed again and held against what was known: a deletion in
the gap is told of as any other. An agent needs no list, because every snapshot is the whole.
"""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.rules import RULES, rule
from tests.faults.servers import Apps, Control, until
from tests.faults.watchers import EVENTS, FAIRLEAD, Program

MERGE = {"content-type": "application/merge-patch+json"}


class Watching(Program):
    """``fairlead get -w``, which can be stopped and continued, and what it has told of specs."""

    def told(self) -> list[tuple[str, str]]:
        """Return type and name of each event that is not about a status alone, in order."""
        found: list[tuple[str, str]] = []
        specs: dict[str, Any] = {}
        for event in self.events():
            name, spec = event["object"]["metadata"]["name"], event["object"]["spec"]
            if event["type"] == "DELETED" or specs.get(name) != spec:
                found.append((event["type"], name))
            specs[name] = spec
        return found


@pytest.fixture
def watching(control: Control, tmp_path: Path) -> Iterator[Watching]:
    """A watch that has seen the rules ``gone``, ``changed`` and ``kept``."""
    for name in ("changed", "gone", "kept"):
        control.apply(rule(name, "==", name))
    env = {"FAIRLEAD_CONTROL": control.url}
    watch = Watching("fairlead", [str(FAIRLEAD), "get", "tlr", "-w", *EVENTS], env, tmp_path)
    watch.start()
    try:
        until(lambda: len(watch.told()) == 3, "the watch begins")
        yield watch
    finally:
        watch.signal(signal.SIGCONT)
        watch.stop()


def change(control: Control) -> None:
    """Delete, change and add a rule."""
    body = json.dumps({"spec": {"trafficLabel": "other"}})
    with control.client() as http:
        http.delete(f"{RULES}/gone").raise_for_status()
        http.patch(f"{RULES}/changed", content=body, headers=MERGE).raise_for_status()
    control.apply(rule("new", "==", "new"))


def compact(control: Control) -> None:
    """Kill the control plane, and forget every change that is on its disk."""
    control.kill()
    with closing(sqlite3.connect(control.data / "fairlead.db")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM recent_changes").fetchone()
        assert count > 0
        connection.execute("DELETE FROM recent_changes")
        connection.commit()
    control.start()


def test_what_was_deleted_in_a_gap_is_told_of(control: Control, watching: Watching) -> None:
    """Who keeps a copy by a watch would keep the deleted rule for good."""
    before = watching.told()
    watching.signal(signal.SIGSTOP)
    change(control)
    compact(control)
    watching.signal(signal.SIGCONT)

    until(lambda: len(watching.told()) == len(before) + 3, "the gap is told of")

    told = watching.told()[len(before) :]
    assert sorted(told) == [("ADDED", "new"), ("DELETED", "gone"), ("MODIFIED", "changed")]
    control.apply(rule("later", "==", "later"))
    until(lambda: watching.told()[-1] == ("ADDED", "later"), "the watch goes on")


def test_a_revision_in_the_gap_is_gone_and_the_list_is_not(control: Control) -> None:
    """410 with the reason that client libraries branch on: they list again by themselves."""
    control.apply(rule("one", "==", "one"))
    revision = control.get(RULES)["metadata"]["resourceVersion"]
    change_one = rule("two", "==", "two")
    control.apply(change_one)
    compact(control)

    with control.client() as http:
        watch = {"watch": "true", "resourceVersion": revision}
        refused = http.get(RULES, params=watch).json()
    if "type" in refused:  # a watch may tell of it as its first event, too
        refused = refused["object"]
    assert (refused["code"], refused["reason"]) == (410, "Expired")
    assert {item["metadata"]["name"] for item in control.get(RULES)["items"]} == {"one", "two"}


def test_an_agent_that_slept_through_a_gap_calls_nobody_who_is_gone(
    control: Control, apps: Apps
) -> None:
    """An endpoint that was lost in a gap would be called for good."""
    gone, kept = apps.start("back", control.url), apps.start("back", control.url)
    front = apps.start("front", control.url)
    until(lambda: len(control.instances("back")) == 2 and front.connected(), "all are there")
    url = front.url
    until(lambda: httpx.get(url, trust_env=False).is_success, "the call by name arrives")

    front.process.signal(signal.SIGSTOP)
    assert gone.process.stop() in (0, -signal.SIGTERM)
    until(lambda: len(control.instances("back")) == 1, "one has left")
    compact(control)
    until(kept.registered, "the other is back")
    front.process.signal(signal.SIGCONT)

    def settled() -> bool:
        nodes = control.get("/fairlead/v1/nodes?app=front")["nodes"]
        return any(node["connected"] and node["state"] == "live" for node in nodes)

    until(settled, "the one that slept enforces what is true now")
    answers = {httpx.get(url, trust_env=False).text.split()[-1] for _ in range(10)}
    assert answers == {str(kept.process.pid)}
