"""Policies that people begin with load, name what is there, and leave nothing unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairlead.compiler import Instance, World
from fairlead.kinds import app_of, load_documents

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GOVERNANCE = EXAMPLES / "02-flow-governance"
POLICIES = sorted(GOVERNANCE.glob("policies/*.yaml"))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/policies/*.yaml")), ids=lambda p: p.stem)
def test_an_example_loads(path):
    """The first thing that anybody tries."""
    assert load_documents(path.read_text(), str(path))


@pytest.mark.parametrize("path", POLICIES, ids=lambda p: p.stem)
def test_an_example_of_flow_governance_is_enforced_as_it_says(path):
    """Nothing in it is left out, overlapped or not honoured; a trial says that it is one."""
    resources = load_documents(path.read_text(), str(path))
    apps = {app_of(one) for one in resources} | {"bank", "stock"} - {""}
    instances = [Instance(namespace="default", app=app, address=f"{app}:80") for app in apps if app]
    world = World.of(resources, instances, 1)
    said = {(one.type, one.status, one.reason) for one in world.findings()}
    trial = ("Enforced", "False", "Simulated")
    counting = {("Enforced", "True", f"Per{scope}") for scope in ("Host", "Process", "Call")}
    assert said <= {*counting, trial}
    assert (trial in said) == (path.stem == "simulate")
    snapshots = [world.snapshot("default", app) for app in apps]
    for snapshot in snapshots:
        snapshot.check()
    assert any(snapshot.flow or snapshot.overload for snapshot in snapshots)


def test_every_example_is_in_the_list():
    """Nobody opens twelve files to find one."""
    text = (GOVERNANCE / "README.md").read_text()
    assert [path.name for path in POLICIES if f"(policies/{path.name})" not in text] == []
