"""F13: the registry lists no instance of a service that is alive."""

from __future__ import annotations

import shutil
import signal
import time

from tests.faults.servers import Apps, Control, Load, until, wire_to


def test_a_control_plane_that_lost_its_data_does_not_empty_a_service(
    control: Control, apps: Apps
) -> None:
    """A new disk, a wrong ``--data-dir``: callers keep what they have until instances are back."""
    with wire_to(control) as wire:
        back, front = apps.start("back", wire.url), apps.start("front", control.url)
        until(lambda: control.instances("back") and front.connected(), "both are there")
        with Load(f"{front.url}/") as load:
            load.more()
            control.kill()
            shutil.rmtree(control.data)
            # Back when the front has long been: its renewal could be due in three seconds.
            wire.cut()
            control.start()
            time.sleep(1.5)
            wire.mend()
            until(lambda: control.instances("back"), "the back has registered again")
            until(front.connected, "the front is connected again")
            load.more()
    assert load.failures == []
    assert {answer.split()[-1] for answer in load.answers} == {str(back.process.pid)}


def test_the_last_instances_are_kept_as_long_as_somebody_listens(
    control: Control, apps: Apps
) -> None:
    """Both agents hang, and nobody renewed: the list is not empty, and an alarm is up."""
    backs = [apps.start("back", control.url) for _ in range(2)]
    until(lambda: len(control.instances("back")) == 2, "both are registered")
    for back in backs:
        back.process.signal(signal.SIGSTOP)
    until(lambda: control.alarms() and control.alarms()[0]["answers"] == 2, "both are held")
    for back in backs:
        back.process.signal(signal.SIGCONT)
    until(lambda: control.alarms()[0]["over"], "both have renewed")
    assert control.alarms()[0]["renewed"] == 2
    for back in backs:
        back.process.kill()
    until(lambda: not control.instances("back"), "both refuse connections, and are dropped")
