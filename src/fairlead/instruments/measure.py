"""Count a call at its edge: who was called, on which lane, and what became of it.

After the call, as one step: all that is done before is a look at the clock. A fault of ours is
counted, and the caller has its answer.
"""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING

from fairlead.flow.call import Answered, Call, Outcome
from fairlead.flow.rejected import Rejected
from fairlead.flow.result import GRPC_FAULTS
from fairlead.instruments.propagate import current
from fairlead.policy.workload import BASE
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane


def answered(plane: DataPlane, call: Call, status: int | None) -> None:
    """Count `call`, which an endpoint has answered: most calls, by the shortest way."""
    try:
        measuring = plane.engine.measuring
        if call.endpoint is None or not measuring.on:
            measured(plane, call, None, Outcome(status=status))
            return
        if plane.observing.spans is not None:
            plane.observing.spans.answered(call)
        failed = status is not None and status >= 500
        measuring.edges.answered(call, monotonic_ns(), failed)
    except Exception:  # counted; the call has ended
        plane.counters.count(AGENT_FAULTS, "edges")


def measured(plane: DataPlane, call: Call, error: BaseException | None, outcome: Outcome) -> None:
    """Count `call`, which ended in `outcome`, or in an `error` that no attempt has made."""
    measuring = plane.engine.measuring
    if plane.observing.spans is not None and call.endpoint is not None:
        plane.observing.spans.answered(call)
    if not measuring.on:
        if measuring.shed:
            measuring.drop()
        return
    try:
        endpoint, raised = call.endpoint, error or outcome.error
        if endpoint is None and (raised is None or isinstance(raised, Rejected | Answered)):
            return  # to a host that is no app, or never on its way
        if raised is not None:
            failed = isinstance(raised, Exception)
        else:
            status = outcome.status
            failed = status is not None and status >= 500
        if outcome.grpc is not None:
            failed = outcome.grpc in GRPC_FAULTS
        lane = call.lane
        # Where nobody could be reached, nobody stood in for anybody.
        key = (call.resource, lane, lane if endpoint is None else endpoint.lane)
        retries = 0 if endpoint is None else call.attempts - 1
        measuring.edges.record(key, monotonic_ns() - call.began, failed=failed, retries=retries)
    except Exception:  # counted; the call has ended
        plane.counters.count(AGENT_FAULTS, "edges")


def lost(plane: DataPlane, host: str | None) -> None:
    """Count a call to an app by name that goes out without the label of the work at hand.

    That is so where it is called at a port or by a scheme that names do not lead to.
    """
    origin = current()
    if origin is None or origin.lane == BASE or not host:
        return
    callee = plane.engine.plan.routes.callees.get(host.lower())
    if callee is not None and plane.engine.measuring.on:
        plane.engine.measuring.edges.lose(callee.resource, origin.lane)
