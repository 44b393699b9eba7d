"""Labels of another platform, on the pod or in the environment: taken as they are.

A pod's labels reach a process as a file of the downward API. Names with a dot or a slash cannot be
exported from a shell; env(1) sets them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.agent.program import SERVE, Launcher
from tests.agent.wire import WireServer, snapshot, until

RUN = [sys.executable, "-m", "fairlead.cli.main", "run", "--"]
TELL = """
agent = fairlead.current()
print(agent.settings.language, agent.settings.enabled, flush=True)
sys.stdin.read()
"""
LABELS = {
    "msePilotAutoEnable": "on",
    "mseNamespace": "prod",
    "msePilotCreateAppName": "spring-cloud-a",
    "aliyun.com/app-language": "golang",
    "alicloud.service.tag": "gray",
}
NONE: dict[str, str | None] = {"FAIRLEAD_APP": None, "FAIRLEAD_ENABLED": None}
"""Whoever comes from another platform has set nothing of ours."""


def podinfo(folder: Path, **more: str) -> str:
    """Write labels as the kubelet does, and return the path."""
    path = folder / "labels"
    path.write_text("".join(f'{name}="{value}"\n' for name, value in {**LABELS, **more}.items()))
    return str(path)


@pytest.mark.parametrize("place", ["pod", "environment"])
def test_a_workload_of_another_platform_keeps_app_namespace_and_tag(
    launch: Launcher, wire: WireServer, tmp_path: Path, place: str
) -> None:
    """S2-14: its deployment is not written anew to try this one."""
    wire.publish(snapshot(1))
    command = [*RUN, sys.executable, "-c", f"{SERVE}\n{TELL}"]
    if place == "pod":
        program = launch.command(command, **NONE, FAIRLEAD_PODINFO=podinfo(tmp_path))
    else:
        words = [f"{name}={value}" for name, value in LABELS.items()]
        program = launch.command(["env", *words, *command], **NONE)

    port = program.line()
    assert program.line() == "golang True"
    until(lambda: wire.registrations)
    said = wire.registrations[0]
    assert (said["app"], said["namespace"]) == ("spring-cloud-a", "prod")
    assert said["address"] == f"127.0.0.1:{port}"
    assert said["labels"] == [["tag", "gray"]]
    assert program.end() == 0
    assert "FAIRLEAD_APP is not set" not in program.errors


def test_a_pod_that_says_off_runs_without_the_agent_and_that_is_said(
    launch: Launcher, wire: WireServer, tmp_path: Path
) -> None:
    """The label is how one pod is taken out without a new image; it must not be a mere record."""
    code = "import fairlead, flask; print(fairlead.current())"
    path = podinfo(tmp_path, msePilotAutoEnable="off")
    program = launch.command([*RUN, sys.executable, "-c", code], **NONE, FAIRLEAD_PODINFO=path)

    assert program.line() == "None"
    assert program.end() == 0
    why = "FAIRLEAD_ENABLED or msePilotAutoEnable says off"
    assert program.errors == f"fairlead: {why}: the command runs without the agent\n"
    assert wire.watches == []


def test_who_is_closest_says_whether_the_agent_is_there(launch: Launcher, tmp_path: Path) -> None:
    """The variable of a container wins over the label of its pod, both ways."""
    code = "import fairlead, flask; print(fairlead.current() is not None)"
    command = [*RUN, sys.executable, "-c", code]
    off = podinfo(tmp_path, msePilotAutoEnable="off")
    said = {**NONE, "FAIRLEAD_PODINFO": off, "FAIRLEAD_ENABLED": "1", "FAIRLEAD_DEADLINE": "1"}
    assert launch.command(command, **said).line() == "True"
    assert launch.command(command, **{**said, "FAIRLEAD_ENABLED": "off"}).line() == "False"
