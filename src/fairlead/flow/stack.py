"""The order of layers around a call, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlead.flow.deadline import bounded
from fairlead.flow.failover import Avoided, Failover
from fairlead.flow.gated import gated
from fairlead.flow.inject import injecting
from fairlead.flow.patience import Patience
from fairlead.flow.retry import retried
from fairlead.flow.route import Routes
from fairlead.flow.steps import Flow, Layer, Steps, chain
from fairlead.flow.watched import watched

if TYPE_CHECKING:
    from fairlead.flow.balance import Choice, Standing
    from fairlead.flow.budget import Attempts
    from fairlead.flow.call import Call
    from fairlead.flow.gates import Gates
    from fairlead.policy.routing.table import Route


@dataclass(frozen=True, slots=True)
class Ruled:
    """Calls that rules are about."""

    ways: Mapping[str, Flow]
    """Their lives, by host."""
    passing: Callable[[Flow], Flow]
    """Makes the life of every other call."""
    repeated: frozenset[str] = frozenset()
    """Hosts whose calls may be sent again, or are to end in a time that errors name."""


NOBODY: frozenset[str] = frozenset()


def outbound(
    routes: Routes,
    avoided: Avoided,
    gates: Gates | None,
    patience: Patience,
    ruled: Ruled | None = None,
) -> tuple[Flow, Flow]:
    """Return the life of a call by app name, and of one that waits for an endpoint.

    Without `gates`, as no rule is about calls, which then cost nothing for it; so it is without
    `ruled`.
    """
    # Outermost: a call that is tried again is one call.
    governing = [] if gates is None else [gated(gates)]
    # Innermost: one refused connection is not yet a failed call.
    reaching = Failover(routes, avoided)
    # Around it: who waits tries whoever there is by then.
    patience.latest = reaching
    if ruled is None:
        return chain(governing, reaching), chain(governing, patience.flow)
    return (
        chain(governing, _by_host(ruled.ways, ruled.passing(reaching))),
        chain(governing, _by_host(ruled.ways, ruled.passing(patience.flow))),
    )


def _by_host(ways: Mapping[str, Flow], other: Flow) -> Flow:
    return lambda call: ways.get(call.host, other)(call)


def life(
    route: Route | None,
    inner: Flow,
    attempts: Attempts,
    clock: Callable[[], float],
    dice: Callable[[], float],
) -> Flow:
    """Return what is done for calls of `route`, None where no rule matches, around `inner`."""
    if route is None:
        return chain([bounded(0.0, clock, tell=attempts.tell)], inner)
    layers: list[Layer] = []
    # Outermost, as in Envoy, where the filter of faults comes before the router: what is injected
    # is nobody's failure, so that nothing is repeated for it and nobody is left out.
    if route.injection is not None:
        layers.append(injecting(route.injection, route.name, dice, attempts.tell))
    # Around repetitions: all attempts and the pauses between them share one time.
    layers.append(bounded(route.timeout or 0.0, clock, route.name, attempts.tell))
    # Around the choice: another instance is tried.
    if route.retry is not None and route.retry.attempts:
        layers.append(retried(route.retry, attempts, clock, dice, route.name))
    return chain(layers, inner)


def reaching(
    choice: Choice, standing: Standing, avoided: Avoided, attempts: Attempts, *, avoid: bool
) -> Flow:
    """Return what reaches an instance of one cluster: another one than before with `avoid`."""
    failover = Failover(choice, avoided)
    standing.patience.latest = failover
    patient = standing.patience.flow

    def reach(call: Call) -> Steps:
        return failover(call) if call.waits is None else patient(call)

    # Around whatever sends: each time that something is sent counts, also to the next instance.
    return watched(standing.hosts, attempts, standing.hosts.clock, avoid=avoid)(reach)


def outward(gates: Gates) -> Flow:
    """Return the life of a call to a host that is no app: governed, and sent as it is."""
    return chain([gated(gates)])
