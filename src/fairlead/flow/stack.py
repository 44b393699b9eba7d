"""The order of layers around a call, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.flow.failover import Avoided, Failover
from fairlead.flow.gated import gated
from fairlead.flow.patience import Patience
from fairlead.flow.route import Routes
from fairlead.flow.steps import Flow, chain

if TYPE_CHECKING:
    from fairlead.flow.gates import Gates


def outbound(
    routes: Routes, avoided: Avoided, gates: Gates | None, patience: Patience
) -> tuple[Flow, Flow]:
    """Return the life of a call by app name, and of one that waits for an endpoint.

    Without `gates`, as no rule is about calls, which then cost nothing for it.
    """
    # Outermost: a call that is tried again is one call.
    governing = [] if gates is None else [gated(gates)]
    # Innermost: one refused connection is not yet a failed call.
    reaching = Failover(routes, avoided)
    # Around it: who waits tries whoever there is by then.
    patience.latest = reaching
    return chain(governing, reaching), chain(governing, patience.flow)


def outward(gates: Gates) -> Flow:
    """Return the life of a call to a host that is no app: governed, and sent as it is."""
    return chain([gated(gates)])
