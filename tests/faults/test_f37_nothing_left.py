"""F37: no processor, no descriptors, no memory is left: what matters is served, and health is told.

That telemetry goes first, as memory fills, is tests/faults/test_f47_no_room_for_telemetry.py's.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fairlead.flow.overload.protection import Load, Protection
from fairlead.policy.encode import seal
from tests.agent.program import Launcher
from tests.agent.program import launch as launch  # noqa: PLC0414 - a fixture
from tests.agent.program import wire as wire  # noqa: PLC0414 - a fixture
from tests.agent.test_overload import RULE, UVICORN, ask, started
from tests.agent.test_servers import port as port  # noqa: PLC0414 - a fixture
from tests.agent.wire import WireServer, snapshot, until


def test_what_matters_less_is_not_served_where_descriptors_run_out(
    launch: Launcher, wire: WireServer, port: int
) -> None:
    """Who watches over the process hears from it, and what matters is served."""
    started(launch, wire, UVICORN, port)
    wire.publish(seal(replace(snapshot(2), overload=RULE)))
    until(lambda: ask(port, "/burn", x_use="batch") == 200)
    assert ask(port, "/hold") == 200
    until(lambda: ask(port, "/burn", x_use="batch") == 429)
    assert ask(port, "/healthz") == 200
    until(lambda: ask(port, "/burn") == 200)
    until(lambda: ask(port, "/let-go") == 200)
    until(lambda: ask(port, "/burn", x_use="batch") == 200)


@pytest.mark.parametrize("load", [Load(memory=0.96), Load(cpu=1.0, descriptors=0.96)])
def test_what_matters_is_served_while_nothing_is_left(load: Load) -> None:
    """The rest waits for better times, of the memory of the container as of descriptors."""
    protection = Protection()
    protection.apply(RULE)
    protection.sample(0.0, load)
    batch = {"x-use": "batch"}.get
    assert protection.enter(0.0, "/orders", batch, 0.0) is not None
    assert protection.enter(0.0, "/orders", lambda name: None, 0.0) is None
    health = protection.enter(0.0, "/healthz", batch, 0.0)
    assert health is not None
    assert health.refused is None
