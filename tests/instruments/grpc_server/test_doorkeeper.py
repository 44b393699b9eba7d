"""A process that has not the strength for a call says so before its handler, in words of gRPC."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from fairlead.flow.overload.protection import Load
from fairlead.policy.overload import OverloadProtection
from fairlead.policy.snapshot import Snapshot
from fairlead.telemetry.names import AGENT_FAULTS, OVERLOAD_SHED
from tests.instruments.grpc_server.conftest import Serve
from tests.instruments.plane import Plane, eventually
from tests.instruments.rpc import ask

RULE = OverloadProtection(rule="AdaptiveOverloadProtectionStrategy/x", strategy="spec")


def test_a_call_that_is_too_much_is_turned_away(plane: Plane, serve: Serve, way: str) -> None:
    """Whatever its cardinality; and who is let in leaves."""
    plane.engine.apply(Snapshot(overload=RULE))
    protection = plane.engine.overload
    for step in range(50):
        protection.sample(step / 10, Load(cpu=1.0))
    inside: list[int] = []

    def say(context: Any) -> str:
        inside.append(protection.inside)
        return "here"

    channel = serve(say)
    ask(channel, way)
    if way.endswith("unary"):
        assert inside[0] == 1
    assert eventually(lambda: protection.inside == 0)
    protection._inside = 1
    with pytest.raises(grpc.RpcError) as raised:
        ask(channel, way)
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert raised.value.details() == "too busy: instance"
    assert plane.counted(OVERLOAD_SHED) == {"instance": 1}
    assert plane.counted(AGENT_FAULTS) == {}
