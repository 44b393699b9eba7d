"""F16, as far as one registry can have it: what is said again and again does not flap.

Two registries that copy each other are not there yet. Here one address is registered by turns by
processes that disagree, as a rolling restart or a copied configuration would have it.
"""

from __future__ import annotations

from dataclasses import replace

from fairlead.control.traffic import MOST_APPS, MOST_LANES, Traffic
from fairlead.telemetry.names import COLOURED
from tests.control.fleet import Agent, fleet
from tests.faults.servers import Control, until

ROUNDS = 100


def test_processes_that_take_turns_at_one_address_settle(control: Control) -> None:
    """Each new word is one change; the same words in turn are none."""
    turns = [
        Agent(control.url, "default", "back", 9001, node=f"n{number}", labels=labels)
        for number, labels in enumerate(((), (("tag", "gray"),), (("tag", "blue"),)))
    ]
    for number, agent in enumerate(turns):
        agent.registration = replace(agent.registration, pid=number + 1)
    watcher = Agent(control.url, "default", "front")
    with fleet(watcher, register=False):
        for agent in turns:
            agent.register()
        until(lambda: watcher.sees("back"), "it is seen")
        until(lambda: len(control.instances("back")[0]["spec"]["processes"]) == 3, "all are in it")
        revision = control.get("/fairlead/v1/nodes")["revision"]
        seen = len(watcher.snapshots)
        for _ in range(ROUNDS):
            for agent in turns:
                agent.register()
        assert control.get("/fairlead/v1/nodes")["revision"] == revision
        assert len(watcher.snapshots) == seen
        for agent in turns:
            agent.stop_registry()


def test_processes_that_follow_each_other_leave_nothing_behind(control: Control) -> None:
    """A crash loop brings a new process every time, on the same host and port."""
    for number in range(ROUNDS):
        agent = Agent(control.url, "default", "back", 9001, node=f"life{number}")
        agent.registration = replace(agent.registration, pid=7)
        agent.register()
        agent.stop_registry()
    (instance,) = control.instances("back")
    assert [one["node"] for one in instance["spec"]["processes"]] == [f"life{ROUNDS - 1}"]


def test_what_is_counted_is_bounded() -> None:
    """Names of lanes and apps are the network's words: they must not fill the memory."""
    traffic = Traffic()
    for number in range(MOST_LANES + 50):
        traffic.report("n", "default", "front", {COLOURED: {f"lane{number}": 1}})
    lanes = traffic.lanes("default", "front")
    assert len(lanes) == MOST_LANES + 1
    assert sum(lanes.values()) == MOST_LANES + 50
    for number in range(MOST_APPS + 50):
        traffic.report(f"n{number}", "default", f"app{number}", {COLOURED: {"": 1}})
    assert len(traffic.apps("default")) == MOST_APPS
