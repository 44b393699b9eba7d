"""F12: what agents tell the registry, and it tells them, comes twice or out of order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.agent.wire import WireServer, snapshot
from tests.control.fleet import Agent, fleet
from tests.faults.servers import Control, until

LIVE, DEAD = (9001, 9002), (9003, 9004)


@contextmanager
def members(control: Control) -> Iterator[dict[int, Agent]]:
    found = {port: Agent(control.url, "default", "back", port) for port in (*LIVE, *DEAD)}
    try:
        yield found
    finally:
        for one in found.values():
            one.stop_registry()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_registry_ends_in_the_truth(control: Control, seed: int) -> None:
    """A goodbye may be overtaken by a renewal; whoever does not renew again is given up."""
    watcher = Agent(control.url, "default", "front")
    with members(control) as agents, fleet(watcher, register=False):
        events: list[Callable[[], object]] = []
        for agent in agents.values():
            events += [agent.register, agent.register, agent.leave, agent.leave]
        random.Random(seed).shuffle(events)
        for event in events:
            event()

        def settled() -> bool:
            for port in LIVE:
                agents[port].register()
            return watcher.sees("back") == [(f"127.0.0.1:{port}", "") for port in LIVE]

        until(settled, "the truth")
        revision = control.get("/fairlead/v1/nodes")["revision"]
        for _ in range(20):
            assert settled()
        assert control.get("/fairlead/v1/nodes")["revision"] == revision


def test_an_agent_ends_at_the_newest_snapshot() -> None:
    """The same one again changes nothing, and an older one is not enforced."""
    offered = [snapshot(revision, back=f"127.0.0.1:{revision}") for revision in (5, 5, 4, 6, 5)]
    with WireServer(offered[0]) as wire:
        agent = Agent(wire.url, "default", "shop")
        with fleet(agent, register=False):
            until(lambda: agent.snapshots, "the first")
            for one in offered[1:]:
                wire.publish(one)
            until(lambda: len(wire.answers) >= 3, "they are answered")
            until(lambda: "older" in agent.session.refusal, "the last is refused")
            assert agent.newest.revision == 6
            revisions = [one.revision for one in agent.snapshots]
            assert revisions == sorted(revisions)
