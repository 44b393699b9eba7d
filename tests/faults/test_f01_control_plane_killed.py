"""F01: the control plane is killed under load, and comes back."""

from __future__ import annotations

from tests.control.serving import rule
from tests.faults.servers import Apps, Control, Load, until

GRAY = {"baggage": "x-opensergo-traffic=gray"}


def test_no_request_fails_and_agents_go_on_where_they_were(control: Control, apps: Apps) -> None:
    """The data plane asks nobody per request; what is in force is not sent a second time."""
    control.apply(rule())
    backs = [apps.start("back", control.url), apps.start("back", control.url)]
    gray = apps.start("back", control.url, FAIRLEAD_LANE="gray", VERSION="gray")
    front = apps.start("front", control.url)
    until(lambda: len(control.instances("back")) == 3, "every back is registered")
    until(lambda: front.connected() and front.doctor()["snapshot"]["services"] == 2, "front")
    base, lane = f"{front.url}/", Load(f"{front.url}/", headers=GRAY)
    with Load(base) as load, lane:
        load.more()
        before = front.doctor()["snapshot"]
        control.kill()
        until(lambda: not front.connected(), "the front has noticed")
        load.more(100)
        while_away = front.doctor()["snapshot"]
        control.start()
        everybody = [front, gray, *backs]
        until(lambda: all(app.connected() for app in everybody), "everybody is back")
        load.more(100)
    assert load.failures + lane.failures == []
    assert {answer.split()[3] for answer in load.answers} == {"back"}
    assert {answer.split()[3] for answer in lane.answers} == {"backgray"}
    after = front.doctor()["snapshot"]
    same = ("digest", "revision")
    assert [while_away[name] for name in same] == [before[name] for name in same]
    assert [after[name] for name in same] == [before[name] for name in same]
    assert after["origin"] == "live"
    # Applied once: the server was told what is in force, and had nothing to send.
    assert after["applied_ago"] > while_away["applied_ago"]


def test_a_change_made_after_the_restart_arrives(control: Control, apps: Apps) -> None:
    """Whoever resumes follows from there on."""
    front = apps.start("front", control.url)
    until(front.connected, "the front is connected")
    revision = front.doctor()["snapshot"]["revision"]
    control.kill()
    control.start()
    until(front.connected, "the front is connected again")
    control.apply(rule())
    until(lambda: "gray" in front.doctor()["snapshot"]["lanes"], "the rule is in force")
    assert front.doctor()["snapshot"]["revision"] > revision
