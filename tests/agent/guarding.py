"""An agent in this process, with rules by hand, for code that guards itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fairlead.agent import bootstrap, handle
from fairlead.agent.agent import Agent
from fairlead.agent.settings import Settings
from fairlead.flow.gate import Gate
from fairlead.policy.rule import Rule
from fairlead.policy.snapshot import Snapshot
from tests.instruments.rules import rules


class Guarded:
    """The agent, and the one resource of a test."""

    def __init__(self, agent: Agent, name: str) -> None:
        self.agent, self.name = agent, name

    @property
    def gate(self) -> Gate:
        return self.agent.engine.gates.gate(self.name)

    def enforce(self, *some: Rule) -> None:
        self.agent.engine.apply(Snapshot(flow=rules(*some)))

    def counted(self) -> tuple[int, int, int, int]:
        """Return how many calls passed, failed, were rejected, and are inside."""
        gate = self.gate
        return gate.passed, gate.errors, gate.rejected, gate.inflight


@pytest.fixture
def guarded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    """Attach an agent that is told nothing, as long as the test lasts; it hooks no library."""
    door = bootstrap.Door({}, Settings())
    monkeypatch.setattr(bootstrap, "_door", door)
    handle.forget()
    agent = door.agent()
    yield Guarded(agent, request.node.name)
    assert agent.last_fault == ""
    agent.stop()
    handle.forget()
