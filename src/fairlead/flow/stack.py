"""The order of layers around a call, each with its reason."""

from __future__ import annotations

from fairlead.flow.failover import Avoided, failover
from fairlead.flow.route import Routes
from fairlead.flow.steps import Flow, chain


def outbound(routes: Routes, avoided: Avoided) -> Flow:
    """Return the life of a call by app name, outermost first."""
    return chain(
        [
            failover(routes, avoided),  # innermost: one refused connection is not yet a failed call
        ]
    )
