"""What a namespace's workloads are to know about the apps that they call, settled between objects.

A VirtualService and a DestinationRule name hosts; here those are found among the apps that are
known. Of several the caller's namespace comes before the callee's, an exact name before a pattern,
then the lowest name. DestinationRules for one host are put together: subsets are added, of two with
one name and of two policies the first counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from fairlead.compiler.finding import (
    CALLS_SCOPE,
    ENFORCED,
    OVERRIDDEN,
    PER_PROCESS,
    TARGET_NOT_SEEN,
)
from fairlead.compiler.istio.delegates import Delegates
from fairlead.compiler.istio.form import Caller, Ruled
from fairlead.compiler.istio.hosts import Names, full_name, named, to_itself
from fairlead.compiler.istio.instances import Carried, Instances
from fairlead.compiler.istio.registry import Registry
from fairlead.compiler.labels import satisfied
from fairlead.compiler.part import Calling, Part
from fairlead.compiler.placed import Placed
from fairlead.policy.balance import Cluster
from fairlead.policy.endpoint import Service
from fairlead.policy.locality import keys, values
from fairlead.policy.routing.action import Forward
from fairlead.policy.routing.table import Route

SUFFIXES = ("", ".svc", ".svc.cluster.local")
EVERYWHERE = "*"
Key = tuple[str, str]
Said = tuple[Part, str, str, str, str]
"""Of a part: type, reason, message and status."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """One object's say about one app, for callers of one namespace."""

    order: tuple[bool, bool, int, str, str]
    part: Part


class Callings:
    """The objects of all namespaces that are about calls."""

    def __init__(
        self,
        parts: Mapping[str, Iterable[Part]],
        services: Iterable[Service],
        placed: Iterable[Placed],
        registry: Registry,
    ) -> None:
        """`parts` are by namespace."""
        self._registry = registry
        self._parts = [part for found in parts.values() for part in found if part.calling]
        self._delegates = Delegates(self._parts)
        hosted = (one.service for one in registry.every)
        self._services = (*services, *hosted) if self._parts else ()
        self._names = Names(self._services)
        self._exact: dict[str, list[Part]] = {}
        self._patterns: list[Part] = []
        for part in self._parts:
            self._enter(part)
        self._placed: dict[Key, list[Placed]] = {}
        for one in placed if self._parts else ():
            key = one.instance.namespace, one.instance.app
            self._placed.setdefault(key, []).append(one)

    @property
    def services(self) -> tuple[Service, ...]:
        """Every app and host that objects may be about; none where there is no object."""
        return self._services

    def leaving_out(self, caller: str, app: str) -> Iterator[Part]:
        """Yield the objects by which callers of namespace `caller` leave out instances of `app`."""
        for service in self._services:
            if service.app != app:
                continue
            known: set[str] = set()
            for part in self._clusters_from(service, caller):
                assert part.calling is not None  # noqa: S101 - a claim
                own = [
                    one.cluster for one in part.calling.instances if one.cluster.subset not in known
                ]
                known |= {cluster.subset for cluster in own}
                if any(cluster.outlier is not None for cluster in own):
                    yield part

    def findings(self) -> Iterator[Said]:
        """Yield what authors should know."""
        standing: dict[int, str] = {}
        for part, kind, reason, message, status in self._found():
            if kind == ENFORCED:
                standing[id(part)] = status
            yield part, kind, reason, message, status
        for part in self._parts:
            for reason, message in self._delegates.lost(part):
                yield part, TARGET_NOT_SEEN, reason, message, "True"
            if roots := self._delegates.roots(part):
                whose = ", ".join(dict.fromkeys(map(_called, roots)))
                found = [standing.get(id(one), "Unknown") for one in roots]
                status = next((one for one in ("True", "Unknown") if one in found), "False")
                yield part, ENFORCED, "Delegated", f"as {whose} is, which goes on with it", status

    @cached_property
    def reached(self) -> Mapping[tuple[str, str, str], list[Service]]:
        """Who an object is about: by kind, namespace and name."""
        found: dict[tuple[str, str, str], list[Service]] = {}
        for service in self._services:
            for part in self._about(service):
                found.setdefault(_key(part), []).append(service)
        return found

    def _found(self) -> Iterator[Said]:
        for part in self._parts:
            calling = part.calling
            assert calling is not None  # noqa: S101 - kept for it
            if not calling.hosts:
                if calling.unenforced and not self._delegates.roots(part):
                    yield part, ENFORCED, "NotSupported", calling.unenforced, "False"
                continue
            mine = self.reached.get(_key(part), [])
            if not mine:
                names = ", ".join(calling.hosts)
                message = f"no agent has reported an app called {names}"
                yield part, TARGET_NOT_SEEN, "NoInstanceReported", message, "True"
                yield part, ENFORCED, TARGET_NOT_SEEN, f"{message} that it is about", "Unknown"
                continue
            yield from self._judged(part, calling, mine)

    def _enter(self, part: Part) -> None:
        """Enter `part` where services look for it: by exact names, or among patterns."""
        assert part.calling is not None  # noqa: S101 - kept for it
        names: set[str] = set()
        for host in part.calling.hosts:
            if host.startswith("*"):
                self._patterns.append(part)
            else:
                # A name with a dot may be one of another namespace, or an app that is called so.
                whole = host.lower()
                names |= {_without_suffix(whole), f"{whole}.{part.resource.namespace}"}
        for name in names:
            self._exact.setdefault(name, []).append(part)

    def _about(self, service: Service) -> list[Part]:
        """Return the objects that name `service`."""
        full = _without_suffix(service.host or f"{service.app}.{service.namespace}".lower())
        found = {id(part): part for part in (*self._exact.get(full, ()), *self._patterns)}
        return [part for part in found.values() if _named(part, service)]

    def _judged(self, part: Part, calling: Calling, services: list[Service]) -> Iterator[Said]:
        namespace = part.resource.namespace
        taken = [list(self._taken(part, service, namespace)) for service in services]
        for message in (message for found in taken for message in found):
            yield part, OVERRIDDEN, "PrecedenceLost", message, "True"
        named = {host for one in services for host, _ in self._sent_to(one, part)}
        if unknown := sorted(named - self._callees.keys()):
            message = f"nobody is called {', '.join(unknown)}: calls that are sent there fail"
            yield part, TARGET_NOT_SEEN, "HostUnknown", message, "True"
        lost = sorted(set(self._lost(part, services, namespace)))
        if lost:
            message = "; ".join(lost)
            yield part, ENFORCED, "SubsetUnusable", message, "False"
        elif calling.unenforced:
            yield part, ENFORCED, "NotSupported", calling.unenforced, "False"
        elif all(taken) and not calling.destination:
            yield part, ENFORCED, OVERRIDDEN, "other objects say what holds", "False"
        else:
            yield part, ENFORCED, PER_PROCESS, CALLS_SCOPE, "True"

    def _taken(self, part: Part, service: Service, namespace: str) -> Iterator[str]:
        """Yield what other objects say about `service` in the place of `part`."""
        calling = part.calling
        assert calling is not None  # noqa: S101 - kept for it
        claims = self._claims(service, namespace, destination=calling.destination)
        if not claims or claims[0] is part:
            return
        first, name = claims[0], f"{service.app}.{service.namespace}"
        if not calling.destination:
            yield f"{_called(first)} says what holds for calls of {name}"
        elif _named(part, service) == _named(first, service):
            others = first.calling.instances if first.calling else ()
            kept = {one.cluster.subset for one in others}
            for cluster in (one.cluster for one in calling.instances):
                if cluster.subset in kept and (cluster.subset or calling.policy):
                    what = f"subset {cluster.subset}" if cluster.subset else "instances"
                    yield f"{_called(first)} says what holds for {what} of {name}"

    def _lost(self, part: Part, services: Iterable[Service], namespace: str) -> Iterator[str]:
        """Yield what is wrong with the subsets that its ways name."""
        for host, subset in {pair for one in services for pair in self._sent_to(one, part)}:
            callee = self._callees.get(host)
            known = self.clusters(callee, namespace) if callee is not None and subset else ()
            if callee is not None and subset and subset not in {one.subset for one in known}:
                yield f"no DestinationRule has a subset {subset} of {callee.app}"

    @cached_property
    def _callees(self) -> dict[str, Service]:
        return {full_name(one): one for one in self._services}

    def routes(self, service: Service, caller: Caller, port: int) -> tuple[Route, ...] | None:
        """Return what `caller` does with calls of `service`, None where no route is for it."""
        claims = self._claims(service, caller.namespace, destination=False)
        calling = claims[0].calling if claims else None
        if calling is None or not calling.ways:
            return None
        ways = self.ways(full_name(service), claims[0])
        return tuple(one.route for one in ways if caller.meant(one.scope, port)) or None

    def ruling(self, host: str, namespace: str) -> str:
        """Return the object that says what callers do with calls of a host, ``""`` for none."""
        service = self._callees.get(host)
        claims = self._claims(service, namespace, destination=False) if service else []
        ruled = bool(claims and claims[0].calling and claims[0].calling.ways)
        return _called(claims[0]) if ruled else ""

    def elsewhere(self, caller: Caller, port: int) -> Iterator[tuple[str, tuple[Route, ...]]]:
        """Yield hosts that are no app's and what `caller` does with calls of them, each once.

        Of several objects the caller's namespace's comes first, then the lowest name.
        """
        seen: set[str] = set()
        claims = (one for one in self._parts if one.calling and not one.calling.destination)
        for part in sorted(claims, key=lambda one: _rank(one, caller.namespace)):
            calling, own = part.calling, part.resource.namespace
            if calling is None or not _exported(calling, own, caller.namespace):
                continue
            for host in calling.hosts:
                full = self._names.of(host, own)
                if "*" in host or full in seen or self._names.known(full):
                    continue
                seen.add(full)
                ways = self.ways(full, part)
                yield full, tuple(one.route for one in ways if caller.meant(one.scope, port))

    def naming(self, host: str, namespace: str) -> str:
        """Return the full name of a host as somebody of `namespace` writes it."""
        return self._names.of(host, namespace)

    @cached_property
    def source_keys(self) -> frozenset[str]:
        """Return the labels that it depends on what a caller does."""
        callings = (part.calling for part in self._parts if part.calling)
        scopes = (way.scope for one in callings for way in one.ways)
        return frozenset(key for scope in scopes for key, _ in scope.labels)

    @cached_property
    def place_keys(self) -> frozenset[str]:
        """Return the labels of callers that it depends on who is near."""
        callings = (part.calling for part in self._parts if part.calling)
        asked = (label for one in callings for each in one.instances for label in each.asked)
        return frozenset(keys(label for label in asked if "=" not in label))

    @cached_property
    def placed(self) -> bool:
        """Whether it may depend on the place of a caller who is called."""
        callings = (part.calling for part in self._parts if part.calling)
        return any(each.placed for one in callings for each in one.instances)

    def _clusters_from(self, service: Service, namespace: str) -> list[Part]:
        claims = self._claims(service, namespace, destination=True)
        # Those that name the host in another way say nothing of it.
        return [one for one in claims if _named(one, service) == _named(claims[0], service)]

    def ways(self, full: str, part: Part) -> Iterator[Ruled]:
        """Yield what an object does with calls of a host, with full names of clusters."""
        for way, own in self._delegates.ways(part):
            route = to_itself(way.route, full) if way.itself else way.route
            yield replace(way, route=named(route, partial(self._names.of, namespace=own)))

    def _sent_to(self, service: Service, part: Part) -> Iterator[tuple[str, str]]:
        """Yield the hosts that calls of `service` are sent to, each with a subset or ``""``."""
        for way in self.ways(full_name(service), part):
            action = way.route.action
            if not isinstance(action, Forward):
                continue
            every = (name for one in action.clusters for name in (one.cluster, one.fallback))
            for cluster in filter(None, (*every, *(one.cluster for one in action.mirrors))):
                _, _, subset, host = cluster.split("|", 3)
                yield host, subset

    def clusters(self, service: Service, namespace: str) -> tuple[Cluster, ...]:
        """Return how agents of `namespace` call instances of `service`, all and by subset."""
        return tuple(one.cluster for one in self.instances(service, namespace))

    def instances(self, service: Service, namespace: str) -> tuple[Instances, ...]:
        """Return how instances of `service` are called from `namespace`, all and by subset."""
        found: dict[str, Instances] = {}
        for part in self._clusters_from(service, namespace):
            assert part.calling is not None  # noqa: S101 - a claim
            for one in part.calling.instances:
                if one.cluster.subset not in found:
                    labels = one.labels
                    addresses = None if labels is None else self._carrying(service, labels)
                    told = one.telling(partial(self._values, service))
                    found[one.cluster.subset] = told.only(addresses)
        return tuple(found.values())

    def _values(self, service: Service, labels: tuple[str, ...]) -> Carried:
        if service.host is not None:
            return self._registry.values(service, labels)
        placed = self._placed.get((service.namespace, service.app), ())
        return tuple((one.instance.address, values(labels, *one.said)) for one in placed)

    def _carrying(self, service: Service, labels: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        if service.host is not None:
            return self._registry.carrying(service, labels)
        placed = self._placed.get((service.namespace, service.app), ())
        return tuple(
            one.instance.address
            for one in placed
            if satisfied(labels, one.instance.app, one.membership.labels)
        )

    def _claims(self, service: Service, namespace: str, *, destination: bool) -> list[Part]:
        """Return the objects about `service` that callers of `namespace` see, the first counts."""
        found: list[_Claim] = []
        for part in self._about(service):
            calling, own = part.calling, part.resource.namespace
            if calling is None or calling.destination is not destination:
                continue
            if not _exported(calling, own, namespace):
                continue
            name = _named(part, service)
            order = (
                own != namespace,
                own != service.namespace,
                -len(name) if name.startswith("*") else -1000,
                own,
                part.resource.name,
            )
            found.append(_Claim(order, part))
        return [claim.part for claim in sorted(found, key=lambda claim: claim.order)]


def _rank(part: Part, namespace: str) -> tuple[bool, str, str]:
    own = part.resource.namespace
    return own != namespace, own, part.resource.name


def _exported(calling: Calling, own: str, namespace: str) -> bool:
    exported = calling.exported or (EVERYWHERE,)
    return EVERYWHERE in exported or namespace in exported or ("." in exported and own == namespace)


def _named(part: Part, service: Service) -> str:
    """Return the host of `part` that names `service`, ``""`` for none; an exact one first."""
    assert part.calling is not None  # noqa: S101 - asked of those
    names = _names(service, part.resource.namespace)
    patterns = [host for host in part.calling.hosts if _matches(host.lower(), names)]
    return min(patterns, key=lambda host: (host.startswith("*"), -len(host)), default="")


def addressed(host: str, app: str, namespace: str, own: str) -> bool:
    """Tell whether `host`, as somebody of namespace `own` writes it, names an app of another one.

    It may be a pattern.
    """
    return _matches(host.lower(), _names(Service(namespace=namespace, app=app), own))


def _without_suffix(host: str) -> str:
    for suffix in SUFFIXES[:0:-1]:
        if host.endswith(suffix):
            return host.removesuffix(suffix)
    return host


def _matches(host: str, names: tuple[str, ...]) -> bool:
    if host.startswith("*"):
        return host == "*" or any(name.endswith(host[1:]) for name in names)
    return host in names


def _names(service: Service, namespace: str) -> tuple[str, ...]:
    """Return how `service` is called in an object of `namespace`."""
    if service.host is not None:
        return (service.host,)
    full = f"{service.app}.{service.namespace}".lower()
    short = (service.app.lower(),) if service.namespace == namespace else ()
    return (*short, *(full + suffix for suffix in SUFFIXES))


def _key(part: Part) -> tuple[str, str, str]:
    resource = part.resource
    return resource.kind.called, resource.namespace, resource.name


def _called(part: Part) -> str:
    resource = part.resource
    return f"{resource.kind.kind} {resource.namespace}/{resource.name}"
