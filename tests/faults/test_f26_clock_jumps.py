"""F26: the clock of the machine steps by an hour, forwards and back, while everything runs.

The time of day of real processes is stepped by a few lines of C that are loaded before them; where
there is no compiler, the test is skipped.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.control.serving import rule
from tests.faults.servers import QUICK, App, Apps, Control, Load, control_plane, until

SOURCE = Path(__file__).parent / "clock.c"
HOUR = 3600
TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


@dataclass
class Clock:
    """The time of day of the processes that are started with `env`."""

    file: Path
    env: dict[str, str]

    def step(self, seconds: int) -> None:
        """Set it this far from the true time."""
        draft = self.file.with_suffix(".new")
        draft.write_text(str(seconds))
        draft.replace(self.file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler to make a clock with")
    library = tmp_path / "clock.so"
    words = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(words, check=True, timeout=60)
    file = tmp_path / "offset"
    file.write_text("0")
    return Clock(file, {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(file)})


@pytest.fixture
def control(tmp_path: Path, clock: Clock) -> Iterator[Control]:
    with control_plane(tmp_path, env=clock.env) as running:
        yield running


def started(control: Control, apps: Apps, clock: Clock) -> tuple[App, list[App]]:
    backs = [apps.start("back", control.url, **clock.env) for _ in range(3)]
    front = apps.start("front", control.url, **clock.env)
    until(lambda: len(control.instances("back")) == 3, "every back is registered")
    until(front.connected, "the front is connected")
    return front, backs


def leases_pass(control: Control, front: App) -> None:
    """Wait until every lease would have ended, had nobody renewed."""
    seen = front.doctor()["snapshot"]["applied_ago"]
    wanted = seen + 1.5 * QUICK["lease"]
    until(lambda: front.doctor()["snapshot"]["applied_ago"] > wanted, "leases pass")
    assert len(control.instances("back")) == 3


def test_a_step_neither_ends_a_lease_nor_keeps_the_dead(
    control: Control, apps: Apps, clock: Clock
) -> None:
    """What passes is measured by a clock that never steps."""
    front, backs = started(control, apps, clock)
    with Load(f"{front.url}/") as load:
        load.more()
        for step in (HOUR, -HOUR):
            clock.step(step)
            leases_pass(control, front)
            load.more()
    assert load.failures == []
    assert front.connected()
    assert control.alarms() == []
    clock.step(HOUR)
    backs[0].process.kill()
    until(lambda: len(control.instances("back")) == 2, "the dead is given up")


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forwards", "back"])
def test_a_restart_behind_a_step_goes_on(
    control: Control, apps: Apps, clock: Clock, step: int
) -> None:
    """Revisions do not come from the clock, and what is kept on disk is never of tomorrow."""
    front, _ = started(control, apps, clock)
    until(lambda: front.doctor()["snapshot"]["services"] == 2, "the front knows the back")
    revision = front.doctor()["snapshot"]["revision"]
    control.kill()
    clock.step(step)
    front.process.stop()
    again = apps.start("front", control.url, **clock.env)
    assert httpx.get(again.url, timeout=10).is_success
    assert again.doctor()["snapshot"]["origin"] == "last known good"
    age = again.doctor()["snapshot"]["saved_ago"]
    assert age >= HOUR if step > 0 else age == 0
    control.start()
    control.apply(rule())
    until(lambda: "gray" in again.doctor()["snapshot"]["lanes"], "the rule is in force")
    assert again.doctor()["snapshot"]["revision"] > revision
    with control.client() as http:
        rows = http.get("/apis/fairlead.io/v1alpha1/instances", headers=TABLE).json()["rows"]
    assert all("-" not in str(row["cells"][-1]) for row in rows)
