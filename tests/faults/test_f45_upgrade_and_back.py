"""F45: the control plane is upgraded and downgraded, with agents of this version throughout.

The next version knows an operator, a kind and a part of snapshots that this one does not. What is
unknown is left out, rule by rule; what is stored is kept as it was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.control.serving import API
from tests.faults.rules import RULES, conditions, lane, live, rule
from tests.faults.servers import App, Apps, Control, until
from tests.faults.versions import NEXT, version

WEATHER = f"{API}/namespaces/default/weatherrules"


def restarted(control: Control, env: dict[str, str]) -> None:
    """Replace the control plane by that of another version, on the same data."""
    assert control.process is not None
    assert control.process.stop() == 0
    control.env = env
    control.start()


def is_live(control: Control, name: str) -> bool:
    return live(control, name).get("status") == "True"


def spec(control: Control, name: str) -> Any:
    return control.get(f"{RULES}/{name}")["spec"]


def is_accepted(control: Control, name: str) -> bool:
    return all(one["type"] != "Accepted" for one in conditions(control, name))


def settle(control: Control, app: App) -> None:
    until(lambda: app.connected() and app.registered(), "the agent is back")
    until(lambda: lane(app, "vip") == "plain", "what both versions know is enforced")


def test_what_a_newer_version_brought_is_left_out_by_itself_and_survives_the_older(
    tmp_path: Path, control: Control, apps: Apps
) -> None:
    """Who has to go back at night loses the new rules for as long, and nothing else."""
    next_version = version(tmp_path / "next", NEXT)
    app = apps.start("entry", control.url)
    control.apply(rule("plain", "==", "vip"))
    settle(control, app)

    restarted(control, next_version)
    settle(control, app)
    control.apply(rule("new", "suffix", "beta"))
    control.apply(rule("late", "==", "late"))
    control.apply(rule("rain", "==", "rain", kind="WeatherRule"))
    until(lambda: lane(app, "late") == "late", "a rule that both know comes into force")
    assert lane(app, "x-beta") == "base"
    until(lambda: live(control, "new").get("reason") == "Refused", "the refusal is shown")
    assert "unknown operator 'suffix'" in live(control, "new")["message"]
    until(lambda: is_live(control, "plain") and is_live(control, "late"), "the others are live")
    refusal = app.doctor()["refusal"]
    assert "weather: unknown to this version" in refusal
    assert "unknown operator 'suffix'" in refusal
    written = spec(control, "new")

    restarted(control, {})
    settle(control, app)
    until(lambda: not is_accepted(control, "new"), "what cannot be read says so")
    assert "suffix" in live(control, "new")["message"]
    assert lane(app, "late") == "late"
    assert spec(control, "new") == written
    until(lambda: is_live(control, "plain") and is_live(control, "late"), "the others are live")
    control.apply(rule("back", "==", "back"))
    until(lambda: lane(app, "back") == "back", "rules can be written as ever")
    until(lambda: app.doctor()["refusal"] == "", "nothing is refused any more")

    restarted(control, next_version)
    settle(control, app)
    until(lambda: is_accepted(control, "new"), "it is read again")
    assert spec(control, "new") == written
    assert control.get(f"{WEATHER}/rain")["spec"]["trafficLabel"] == "rain"
    assert lane(app, "rain") == "rain"


def test_an_agent_of_the_next_version_is_served_by_this_one(
    tmp_path: Path, control: Control, apps: Apps
) -> None:
    """Apps are deployed before the control plane as often as after it."""
    app = apps.start("entry", control.url, **version(tmp_path / "next", NEXT))
    control.apply(rule("plain", "==", "vip"))

    settle(control, app)

    assert app.doctor()["refusal"] == ""
    assert len(control.instances("entry")) == 1
    assert httpx.get(f"{control.url}{RULES}/plain", trust_env=False).is_success
