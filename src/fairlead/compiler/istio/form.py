"""A rule about routes before it is known who calls, and which apps are meant."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.compiler.labels import Pairs
from fairlead.policy.routing.table import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom a route is for: all of it has to hold of who calls."""

    gateways: tuple[str, ...] = ()
    """Gateways, or ``mesh``; none: those of the object."""
    namespace: str = ""
    """Of who calls, ``""`` for any."""
    labels: Pairs = ()
    """Of who calls."""
    port: int = 0
    """Port that is called, 0 for any."""


EVERYBODY = Scope()

MESH = "mesh"
"""In place of a gateway: whoever calls from within."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, as far as scopes ask."""

    namespace: str
    labels: Pairs = ()
    """With the app's name under ``app``."""
    gateway: str = MESH

    def meant(self, scope: Scope, port: int) -> bool:
        """Tell whether a route is for calls of this one, on `port`."""
        return (
            self.gateway in (scope.gateways or (self.gateway,))
            and scope.namespace in ("", self.namespace)
            and set(scope.labels) <= set(self.labels)
            and scope.port in (0, port)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A route; its clusters name hosts as they are written, and port 0 where none is."""

    route: Route
    scope: Scope = EVERYBODY
    itself: bool = False
    """Whether it sends to the host that is called, as it names nobody."""
