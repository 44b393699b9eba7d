"""All gateways, routes and grants at one revision: what is served, and how each object stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from fairlead.compiler.gateways.listeners import Serving, serving
from fairlead.compiler.gateways.references import References
from fairlead.compiler.gateways.rules import SUFFIX, Rules
from fairlead.compiler.gateways.standing import (
    ACCEPTED,
    NO_HOSTNAME,
    NO_PARENT,
    NOT_ALLOWED,
    NOT_REPORTED,
    PENDING,
    PROGRAMMED,
    UNSUPPORTED,
    ListenerState,
    Parent,
    Standing,
    Verdict,
    accepted,
    refused,
    resolved,
)
from fairlead.compiler.gateways.tables import Attached, gateway_table, mesh_host
from fairlead.compiler.labels import Pairs
from fairlead.compiler.part import Part
from fairlead.kinds import grpc_route, http_route, kubernetes_gateway, reference_grant
from fairlead.kinds.gateway_api import GATEWAY, GROUP, SERVICE, ParentReference, unsupported
from fairlead.policy.mesh import Tls
from fairlead.policy.routing.table import RouteTable, VirtualHost

ROUTES = (http_route.KIND, grpc_route.KIND)
NOBODY = "no data plane has said that it serves it"
MESH_PORT = 80
Key = tuple[str, str]
"""Namespace and name."""
Labels = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A port of a gateway: what a data plane has to open, and where requests go."""

    namespace: str
    gateway: str
    port: int
    listeners: tuple[tuple[str, str, str], ...]
    """Name, protocol and host of each listener of the port."""
    table: RouteTable
    tls: Tls | None = None
    """How requests are encrypted; None where they are not, or nobody here could say."""
    selector: Pairs = ()
    """Labels of data planes that serve it as well as that of its name."""


class Gateways:
    """What the objects of the Gateway API come to."""

    def __init__(self, parts: Iterable[Part], services: Iterable[Key], labels: Labels) -> None:
        """`parts` are those of all namespaces; `services` the namespaces and names of apps.

        `labels` returns those of a namespace.
        """
        self._labels = labels
        found = self._parts = tuple(one for one in parts if self.knows(one))
        self._routes = [one for one in found if one.resource.kind in ROUTES]
        grants = [one.resource for one in found if one.resource.kind is reference_grant.KIND]
        self._references = References(grants, services if found else ())
        self._rules = Rules(self._references)
        self._listeners: Mapping[Key, tuple[Serving, ...]] = {
            (one.resource.namespace, one.resource.name): serving(one.resource, self._references)
            for one in found
            if one.resource.kind is kubernetes_gateway.KIND
        }

    @property
    def parts(self) -> tuple[Part, ...]:
        """Gateways, routes and grants."""
        return self._parts

    def knows(self, part: Part) -> bool:
        """Tell whether it is one of the Gateway API's."""
        return part.resource.kind.group == GROUP

    @cached_property
    def served(self) -> tuple[Served, ...]:
        """Every port of every gateway that a listener can be served on."""
        return tuple(
            one for key in sorted(self._listeners) for one in self._ports(key, self._listeners[key])
        )

    def mesh(self, namespace: str, port: int = MESH_PORT) -> tuple[VirtualHost, ...]:
        """Return what callers of `namespace` do with calls of services on a port.

        A service whose own namespace has routes for it, or the caller's, is in it. The caller's
        come instead of the service's (GEP-1426, consumer and producer routes).
        """
        return tuple(
            host
            for key in sorted(self._of_services)
            if (host := self._callers(key, namespace, port)) is not None
        )

    def tables(
        self, kind: str, namespace: str, name: str
    ) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """Return where an object is carried out.

        These are the names of tables of gateways, and the services whose callers have it, each
        with the namespace of those callers, ``""`` for all.
        """
        key = (kind, namespace, name)
        return self._tables.get(key, ()), self._called.get(key, ())

    @cached_property
    def _tables(self) -> dict[tuple[str, str, str], tuple[str, ...]]:
        found: dict[tuple[str, str, str], tuple[str, ...]] = {}
        names = {
            (one.namespace, one.gateway, listener[0]): one.table.name
            for one in self.served
            for listener in one.listeners
        }
        for one in self._attached:
            gateway, route = one.serving.gateway, one.part.resource
            table = names[gateway.namespace, gateway.name, one.serving.listener.name]
            key = (route.kind.called, route.namespace, route.name)
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), table)))
        for (namespace, name, _), table in names.items():
            key = (kubernetes_gateway.KIND.called, namespace, name)
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), table)))
        return found

    @cached_property
    def _called(self) -> dict[tuple[str, str, str], tuple[tuple[str, str], ...]]:
        found: dict[tuple[str, str, str], tuple[tuple[str, str], ...]] = {}
        for (namespace, name), pairs in self._of_services.items():
            for part, _ in pairs:
                route = part.resource
                callers = "" if route.namespace == namespace else route.namespace
                key = (route.kind.called, route.namespace, route.name)
                service = (f"{name}.{namespace}.{SUFFIX}", callers)
                found[key] = tuple(dict.fromkeys((*found.get(key, ()), service)))
        return found

    def standing(self, kind: str, namespace: str, name: str) -> Standing:
        """Return how an object stands; `kind` as `Kind.called` has it."""
        return self._standings.get((kind, namespace, name), Standing())

    @cached_property
    def _standings(self) -> dict[tuple[str, str, str], Standing]:
        found = {}
        for part in self._routes:
            resource = part.resource
            key = (resource.kind.called, resource.namespace, resource.name)
            found[key] = self._of_route(part)
        for (namespace, name), listeners in self._listeners.items():
            key = (kubernetes_gateway.KIND.called, namespace, name)
            found[key] = self._of_gateway(listeners)
        return found

    def _callers(self, key: Key, namespace: str, port: int) -> VirtualHost | None:
        of_it = [part for part, parent in self._of_services[key] if parent.port in (None, port)]
        consumers = [part for part in of_it if part.resource.namespace == namespace]
        producers = [part for part in of_it if part.resource.namespace == key[0]]
        chosen = consumers or producers
        if not chosen:
            return None
        full = f"{key[1]}.{key[0]}"
        short = (key[1],) if key[0] == namespace else ()
        domains = (*short, full, f"{full}.svc", f"{full}.{SUFFIX}")
        return mesh_host(f"{full}.{SUFFIX}:{port}", domains, chosen, self._rules)

    @cached_property
    def _of_services(self) -> dict[Key, list[tuple[Part, ParentReference]]]:
        """Routes for callers of services, by service."""
        found: dict[Key, list[tuple[Part, ParentReference]]] = {}
        for part in self._routes:
            for parent in part.resource.spec.parent_refs or ():
                key = _key(part, parent)
                if (parent.group, parent.kind) == ("", SERVICE) and self._references.known(*key):
                    found.setdefault(key, []).append((part, parent))
        return found

    def _ports(self, key: Key, listeners: tuple[Serving, ...]) -> Iterator[Served]:
        usable = [one for one in listeners if one.usable]
        for port in dict.fromkeys(one.listener.port for one in usable):
            here = tuple(one for one in usable if one.listener.port == port)
            attached = [one for one in self._attached if one.serving in here]
            name = f"{key[0]}/{key[1]}:{port}"
            yield Served(
                namespace=key[0],
                gateway=key[1],
                port=port,
                listeners=tuple(
                    (one.listener.name, one.listener.protocol, one.host) for one in here
                ),
                table=gateway_table(name, here, attached, self._rules),
            )

    @cached_property
    def _attached(self) -> tuple[Attached, ...]:
        found: dict[tuple[int, int], Attached] = {}
        for part in self._routes:
            for parent in part.resource.spec.parent_refs or ():
                for one in self._taken(part, parent)[0]:
                    found.setdefault((id(part), id(one.serving)), one)
        return tuple(found.values())

    @cached_property
    def _counts(self) -> Counter[int]:
        """Routes attached to each listener."""
        return Counter(id(one.serving) for one in self._attached)

    def _taken(self, part: Part, parent: ParentReference) -> tuple[tuple[Attached, ...], Verdict]:
        """Return the listeners of a Gateway that take a route, and what that comes to."""
        namespace, name = _key(part, parent)
        listeners = self._listeners.get((namespace, name))
        if listeners is None:
            return (), refused(NO_PARENT, f"there is no Gateway {namespace}/{name}")
        meant = [one for one in listeners if _meant(parent, one)]
        if not meant:
            message = f"Gateway {namespace}/{name} has no listener {_asked(parent)}"
            return (), refused(NO_PARENT, message)
        labels = self._labels(part.resource.namespace)
        open_ = [one for one in meant if one.usable and one.takes(part.resource, labels)]
        if not open_:
            message = f"no listener of Gateway {namespace}/{name} lets it in"
            return (), refused(NOT_ALLOWED, message)
        asked = part.resource.spec.hostnames or ()
        taken = tuple(
            Attached(part=part, serving=one, hosts=hosts)
            for one in open_
            if (hosts := one.hosts(asked))
        )
        if not taken:
            message = f"no listener of Gateway {namespace}/{name} is about {', '.join(asked)}"
            return (), refused(NO_HOSTNAME, message)
        return taken, accepted()

    def _of_route(self, part: Part) -> Standing:
        refs = part.resource.plain.get("spec", {}).get("parentRefs") or ()
        words = [f"{path}: {value[:80]!r}" for path, value in unsupported(part.resource.spec)]
        references = resolved(self._rules.problems(part))
        parents = []
        for ref, parent in zip(refs, part.resource.spec.parent_refs or (), strict=True):
            verdict = self._parent(part, parent)
            if words and verdict is not None and verdict.status == "True":
                message = f"not known here: {'; '.join(words)}"
                verdict = refused(UNSUPPORTED, message)
            if verdict is not None:
                parents.append(Parent(ref=dict(ref), verdicts=(verdict, references)))
        bad = tuple(one.verdicts[0] for one in parents if one.verdicts[0].bad)
        return Standing(
            parents=tuple(parents), verdicts=(*bad, *((references,) if references.bad else ()))
        )

    def _parent(self, part: Part, parent: ParentReference) -> Verdict | None:
        """Return whether a parent takes a route, None where it is another controller's."""
        if (parent.group, parent.kind) == (GROUP, GATEWAY):
            return self._taken(part, parent)[1]
        if (parent.group, parent.kind) != ("", SERVICE):
            return None
        namespace, name = _key(part, parent)
        if self._references.known(namespace, name):
            return accepted()
        message = f"{NOT_REPORTED} {name} in namespace {namespace}"
        return refused(NO_PARENT, message)

    def _of_gateway(self, listeners: tuple[Serving, ...]) -> Standing:
        states = tuple(self._state(one) for one in listeners)
        bad = [one for one in listeners if not one.usable]
        if bad:
            names = ", ".join(one.listener.name for one in bad)
            message = f"not served: {names}"
            status = "False" if len(bad) == len(listeners) else "True"
            first = Verdict(
                type=ACCEPTED, status=status, reason="ListenersNotValid", message=message
            )
        else:
            first = accepted()
        return Standing(verdicts=(first, _programmed(first.status == "True")), listeners=states)

    def _state(self, one: Serving) -> ListenerState:
        return ListenerState(
            name=one.listener.name,
            kinds=one.kinds,
            attached=self._counts[id(one)],
            verdicts=(*one.verdicts, _programmed(one.usable)),
        )


def _programmed(usable: bool) -> Verdict:  # noqa: FBT001
    reason = PENDING if usable else "Invalid"
    message = NOBODY if usable else "it cannot be served"
    return Verdict(type=PROGRAMMED, status="False", reason=reason, message=message)


def _key(part: Part, parent: ParentReference) -> Key:
    return parent.namespace or part.resource.namespace, parent.name


def _meant(parent: ParentReference, one: Serving) -> bool:
    named = parent.section_name in (None, one.listener.name)
    return named and parent.port in (None, one.listener.port)


def _asked(parent: ParentReference) -> str:
    port = f"on port {parent.port}" if parent.port else ""
    return " ".join(filter(None, (parent.section_name, port)))
