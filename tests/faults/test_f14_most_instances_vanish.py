"""F14: more than half of a service's instances fall silent within one lease."""

from __future__ import annotations

import signal

from tests.faults.servers import App, Apps, Control, Load, Wire, until, wire_to


def started(control: Control, apps: Apps, wire: Wire, cut_off: int, other: int) -> list[App]:
    """Start a front, and backs of which the first `cut_off` talk through `wire`."""
    backs = [apps.start("back", wire.url) for _ in range(cut_off)]
    backs += [apps.start("back", control.url) for _ in range(other)]
    front = apps.start("front", control.url)
    until(lambda: len(control.instances("back")) == len(backs), "every back is registered")
    until(front.connected, "the front is connected")
    return [front, *backs]


def protected(control: Control) -> int:
    conditions = [one["status"].get("conditions", ()) for one in control.instances("back")]
    return sum(one["type"] == "Protected" for found in conditions for one in found)


def test_instances_whose_agents_are_cut_off_are_kept_and_serve(
    control: Control, apps: Apps
) -> None:
    """The network fails between them and the control plane, and not between them and callers."""
    with wire_to(control) as wire:
        front, *backs = started(control, apps, wire, 3, 1)
        with Load(f"{front.url}/") as load:
            wire.cut()
            until(control.alarms, "an alarm")
            until(lambda: control.alarms()[0]["answers"] == 3, "their addresses answer")
            until(lambda: protected(control) == 3, "they are marked")
            seen = len(load.answers)
            load.more(60)
            wire.mend()
            until(lambda: control.alarms()[0]["over"], "the end of the alarm")
            load.more()
        assert load.failures == []
        pids = {answer.split()[-1] for answer in load.answers[seen:]}
        assert pids == {str(back.process.pid) for back in backs}
        assert (control.alarms()[0]["renewed"], control.alarms()[0]["given_up"]) == (3, 0)
    log = control.process.text() if control.process else ""
    assert "ALARM: most of the 4 instances of app back in namespace default" in log


def test_instances_that_were_killed_are_dropped_soon_and_callers_never_notice(
    control: Control, apps: Apps
) -> None:
    """Held, but asked: a refused connection is proof enough, twice."""
    with wire_to(control) as wire:
        front, *backs = started(control, apps, wire, 0, 3)
        with Load(f"{front.url}/") as load:
            load.more()
        # What is under way in a process that is killed is lost; nothing after it is.
        for back in backs[:2]:
            back.process.kill()
        with Load(f"{front.url}/") as load:
            until(lambda: len(control.instances("back")) == 1, "the dead are dropped")
            load.more()
        assert load.failures == []
        assert {answer.split()[-1] for answer in load.answers[-5:]} == {str(backs[2].process.pid)}
        until(lambda: control.alarms()[0]["over"], "the end of the alarm")
        assert control.alarms()[0]["given_up"] == 2


def test_a_minority_is_given_up_without_a_question(control: Control, apps: Apps) -> None:
    """A process that hangs still accepts connections: its lease is what tells."""
    with wire_to(control) as wire:
        _, *backs = started(control, apps, wire, 0, 3)
        backs[0].process.signal(signal.SIGSTOP)
        until(lambda: len(control.instances("back")) == 2, "the one that hangs is given up")
        assert control.alarms() == []
