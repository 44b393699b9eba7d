"""Ask the gate of what is called, and tell it how the call ended.

Around everything else that is done for a call: what is tried again within it is one call. It ends
when the response's headers are there, as a caller that streams may read the body for hours; whoever
sends the request later than it connects ends it himself (`Call.open_ended`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fairlead.flow.call import REQUEST, Answered, Call, Fault, Late, Outcome
from fairlead.flow.rejected import Rejected
from fairlead.flow.result import GRPC_FAULTS, Result
from fairlead.flow.steps import Flow, Layer, Steps, Wait
from fairlead.policy.outcome import CONNECT, TIMEOUT

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry
    from fairlead.flow.gates import Gates

_FAULTS = {
    Fault.REFUSED: CONNECT,
    Fault.DROPPED: CONNECT,
    Fault.RESET: "",
    Fault.TIMEOUT: TIMEOUT,
    Fault.OTHER: "",
}


def gated(gates: Gates) -> Layer:
    """Return the layer that asks the gate of `call.resource`; a fault of ours lets the call pass.

    The fault is left with the call, for whoever counts it.
    """

    def layer(inner: Flow) -> Flow:
        def flow(call: Call) -> Steps:
            try:
                entry = gates.gate(call.resource).enter(1, call.facts)
            except Exception as error:
                call.fault = error
                return (yield from inner(call))
            call.entry = entry
            if entry.refused is not None:
                return Outcome(error=Rejected(entry.refused))
            outcome: Outcome | None = None
            try:
                if entry.wait:
                    yield Wait(entry.wait / 1e9)
                    entry.begin()
                outcome = yield from inner(call)
                return outcome
            finally:
                if outcome is None or outcome.error is not None or not call.open_ended:
                    call.fault = leave(entry, outcome) or call.fault

        return flow

    return layer


@lru_cache(maxsize=1024)
def _answered(status: int | None) -> Result:
    return Result(status=status)


def leave(entry: Entry, outcome: Outcome | None) -> Exception | None:
    """End the call of `entry`, None for one that was given up; return a fault of ours, or None.

    Failed is what no answer came to, an answer from 500 on, and a code that is a server's fault.
    """
    try:
        if outcome is None or (isinstance(outcome.error, Late) and outcome.error.limit == REQUEST):
            entry.exit()  # a stranger's deadline must not open a breaker for everybody
        elif isinstance(outcome.error, Answered):
            entry.exit()  # a rule's answer says nothing of the app that was not called
        elif outcome.grpc is not None:
            fault = _FAULTS[outcome.fault]
            result = Result(grpc=outcome.grpc, error=outcome.error, fault=fault)
            entry.exit(outcome.grpc in GRPC_FAULTS, result)
        elif outcome.error is not None:
            failed = isinstance(outcome.error, Exception)
            result = Result(error=outcome.error, fault=_FAULTS[outcome.fault])
            entry.exit(failed, result if failed else None)
        else:
            status = outcome.status
            entry.exit(status is not None and status >= 500, _answered(status))
    except Exception as error:
        return error
    return None
