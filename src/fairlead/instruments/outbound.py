"""What every HTTP client's hook asks before a call: is the host ours, and which label goes with it.

Contract 6: a host is ours if it is an app's name, the scheme is http, and the port is absent or 80.
Everything else goes on untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.flow.call import Call
from fairlead.instruments.measure import lost
from fairlead.instruments.propagate import current_lane
from fairlead.policy.workload import BASE

if TYPE_CHECKING:
    from fairlead.flow.engine import Plan
    from fairlead.flow.steps import Flow
    from fairlead.instruments.instrument import DataPlane
    from fairlead.policy.trace import Trace

BAGGAGE = "baggage"


def plan_for(plane: DataPlane, scheme: str, host: str | None, port: int | None) -> Plan | None:
    """Return the plan to call `host` by, or None where the host is not ours."""
    if scheme != "http" or not host or (port is not None and port != 80):
        return None
    if not plane.ready:
        plane.ensure_ready()
    plan = plane.engine.plan
    return plan if host.lower() in plan.routes.callees else None


def call_for(
    plane: DataPlane, scheme: str, host: str | None, port: int | None, method: str
) -> tuple[Plan, Call] | None:
    """Return the plan and the call to drive by it, or None where the host is not ours.

    It is on the lane of the work at hand. Its ``caller`` is the value of the header CALLER: who
    calls is not what a request says that the application has passed on.
    """
    # What `plan_for` does, once more: most of what a call costs is functions.
    if scheme != "http" or not host or (port is not None and port != 80):
        lost(plane, host)
        return None
    if not plane.ready:
        plane.ensure_ready()
    plan = plane.engine.plan
    host = host.lower()
    callee = plan.routes.callees.get(host)
    if callee is None:
        return None
    lane = current_lane(plane)
    call = Call(host, method.upper(), lane, callee.resource, callee.caller)
    traces = plane.observing.traces
    if traces.on:
        call.trace = traces.carried()
    return plan, call


def outside_for(plane: DataPlane, host: str | None, method: str) -> tuple[Flow, Call] | None:
    """Return how to call a host that is no app of ours, None where no rule concerns it.

    It is called as the application made it, whatever the scheme and the port.
    """
    plan = plane.engine.plan
    if plan.outside is None or not host:
        return None
    resource = plan.outside.resource(host)
    if not resource:
        return None
    return plan.outward, Call(host.lower(), method.upper(), BASE, resource)


def label_only(plane: DataPlane, scheme: str, baggage: str | None) -> str | None:
    """Return the baggage header for a call of a process that only passes labels on, or None.

    Such a process knows no app, so that no host is ours; without this a label would end in it.
    """
    if not plane.propagation_only or scheme != "http":
        return None
    return plane.engine.plan.lanes.label(current_lane(plane), baggage)


def trace_only(plane: DataPlane, scheme: str) -> Trace | None:
    """Return the trace that a call of such a process carries on, or None."""
    traces = plane.observing.traces
    return traces.carried() if traces.on and plane.propagation_only and scheme == "http" else None
