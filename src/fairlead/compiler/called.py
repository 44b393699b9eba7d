"""What agents are to know about the apps that they call, by who they are.

Of an app, VirtualServices and their kin come first, then routes of the Gateway API; data planes of
xDS are given the same.
"""

from __future__ import annotations

from fairlead.compiler.calls import Callings
from fairlead.compiler.gateways.gateways import Gateways
from fairlead.compiler.istio.form import Caller
from fairlead.compiler.istio.hosts import PORT, full_name
from fairlead.compiler.istio.registry import Registry
from fairlead.compiler.labels import Pairs
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.encode import canonical, to_plain
from fairlead.policy.endpoint import Service
from fairlead.policy.routing.table import Route


class Called:
    """The rules about calls, made once for all workloads that rules do not tell apart."""

    def __init__(
        self,
        callings: Callings,
        gateways: Gateways,
        registry: Registry,
        services: tuple[Service, ...],
    ) -> None:
        self._callings, self._gateways, self._registry = callings, gateways, registry
        self._services = services
        self._made: dict[Caller, tuple[Calls, bytes] | None] = {}

    def of(self, namespace: str, app: str, labels: Pairs) -> Calls | None:
        """Return what a workload is to know, None where no object is about calls."""
        made = self._of(namespace, app, labels)
        return made and made[0]

    def text(self, namespace: str, app: str, labels: Pairs) -> bytes:
        """Return the text that digests are taken of."""
        made = self._of(namespace, app, labels)
        return made[1] if made else b"null"

    def _of(self, namespace: str, app: str, labels: Pairs) -> tuple[Calls, bytes] | None:
        asked = self._callings.source_keys
        known = {**dict(labels), "app": app} if asked else {}
        caller = Caller(
            namespace=namespace,
            labels=tuple(sorted((key, known[key]) for key in asked & known.keys())),
        )
        if caller not in self._made:
            calls = self._calls(caller)
            text = b"null" if calls is None else canonical(to_plain(calls))
            self._made[caller] = None if calls is None else (calls, text)
        return self._made[caller]

    def _calls(self, caller: Caller) -> Calls | None:
        attached = {host.name: host.routes for host in self._gateways.mesh(caller.namespace, PORT)}
        if not (self._callings.services or attached):
            return None
        services = self._callings.services or self._services
        seen = (one for one in services if self._registry.gives(one, caller.namespace))
        found = (self._callee(one, caller, attached) for one in seen)
        return Calls(callees=tuple(one for one in found if one is not None))

    def _callee(
        self, service: Service, caller: Caller, attached: dict[str, tuple[Route, ...]]
    ) -> CalleeRules | None:
        host = full_name(service)
        routes = self._callings.routes(service, caller, PORT)
        if routes is None:
            routes = attached.get(f"{host}:{PORT}", ())
        clusters = self._callings.clusters(service, caller.namespace)
        if not (routes or clusters):
            return None
        return CalleeRules(
            namespace=service.namespace,
            app=service.app,
            host=host,
            routes=routes,
            clusters=clusters,
        )
