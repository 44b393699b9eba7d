"""The order of layers around a call, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.flow.failover import Avoided, failover
from fairlead.flow.gated import gated
from fairlead.flow.patience import Patience
from fairlead.flow.route import Routes
from fairlead.flow.steps import Flow, chain

if TYPE_CHECKING:
    from fairlead.flow.gates import Gates


def outbound(routes: Routes, avoided: Avoided, gates: Gates | None, patience: Patience) -> Flow:
    """Return the life of a call by app name, outermost first.

    Without `gates`, as no rule is about calls, which then cost nothing for it.
    """
    reaching = failover(routes, avoided)
    patience.latest = chain([reaching])
    return chain(
        [
            *(
                [gated(gates)] if gates is not None else ()
            ),  # a call that is tried again is one call
            patience.layer,  # outside of failover: it tries whoever there is by then
            reaching,  # innermost: one refused connection is not yet a failed call
        ]
    )


def outward(gates: Gates) -> Flow:
    """Return the life of a call to a host that is no app: governed, and sent as it is."""
    return chain([gated(gates)])
