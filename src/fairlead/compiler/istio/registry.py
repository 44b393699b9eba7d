"""Hosts that are no app's, settled between objects: who serves them, and who may know of them.

Of several ServiceEntries for one host, the caller's namespace's comes first, then the lowest name.
An app's own name is the app's, whatever a ServiceEntry says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from fairlead.compiler.finding import ENFORCED, OVERRIDDEN
from fairlead.compiler.istio.hosted import CALLED, LISTED, Egress, Entry, Member, Port
from fairlead.compiler.istio.hosts import full_name
from fairlead.compiler.istio.instances import Carried
from fairlead.compiler.labels import Pairs, satisfied
from fairlead.compiler.membership import membership
from fairlead.compiler.part import Part
from fairlead.compiler.placed import Placed
from fairlead.compiler.select import Rules
from fairlead.policy.endpoint import GRPC, HTTP, Endpoint, Service
from fairlead.policy.locality import Place, values

AGENTS = 80
"""Port at which agents choose among instances (contract 6)."""
ROOT = "istio-system"
"""Namespace whose Sidecar without a selector is for namespaces that have none (Istio)."""
EVERYWHERE = "*"

Said = tuple[Part, str, str, str, str]
"""Part, type, reason, message and status."""


@dataclass(frozen=True, eq=False, slots=True)
class Hosted:
    """A host with its instances."""

    host: str
    part: Part
    entry: Entry
    members: tuple[Member, ...]
    service: Service
    """It as an app, with the instances of its first port."""

    def port(self, number: int) -> Port | None:
        """Return its port of a number, or the first where it has none."""
        ports = self.entry.ports
        return next((one for one in ports if one.number == number), ports[0] if ports else None)

    def endpoints(self, number: int) -> tuple[tuple[Member, Endpoint], ...]:
        """Return its instances at a port, each address once."""
        port = self.port(number)
        found: dict[str, tuple[Member, Endpoint]] = {}
        for one in self.members if port else ():
            assert port is not None  # noqa: S101 - looked at above
            endpoint = _endpoint(one, port)
            found.setdefault(endpoint.address, (one, endpoint))
        return tuple(found.values())

    @property
    def chosen(self) -> bool:
        """Whether agents choose among its instances."""
        numbers = {one.number for one in self.entry.ports}
        return self.entry.source == LISTED and AGENTS in numbers and "*" not in self.host


class Registry:
    """The hosts of all namespaces that are no app's."""

    def __init__(
        self, rules: Mapping[str, Rules], services: Iterable[Service], placed: Iterable[Placed]
    ) -> None:
        """`rules` are by namespace."""
        self._rules, self._placed = rules, tuple(placed)
        self._apps = {full_name(one).lower() for one in services}
        self._parts = [part for _, one in sorted(rules.items()) for part in one.parts]
        self._selected: set[int] = set()
        self.every = tuple(
            found
            for part in self._parts
            if part.outer is not None
            for found in self._hosts(part, part.outer)
        )
        self._by_service = {id(one.service): one for one in self.every}
        self._seen: dict[str, dict[str, Hosted]] = {}
        self._chosen: dict[str, dict[int, Service]] = {}
        self._sidecars: defaultdict[str, list[tuple[Part, Egress]]] = defaultdict(list)
        for part in self._parts:
            if part.egress is not None:
                self._sidecars[part.resource.namespace].append((part, part.egress))

    def seen_from(self, namespace: str) -> Mapping[str, Hosted]:
        """Return the hosts that callers of a namespace may call, by name."""
        if namespace not in self._seen:
            found: dict[str, Hosted] = {}
            for one in sorted(self.every, key=lambda one: one.service.namespace != namespace):
                if self._exported(one, namespace) and one.host not in self._apps:
                    found.setdefault(one.host, one)
            self._seen[namespace] = found
        return self._seen[namespace]

    def gives(self, service: Service, namespace: str) -> bool:
        """Tell whether agents of a namespace choose among the instances of an app or a host."""
        if service.host is None:
            return True
        self.services(namespace)
        return id(service) in self._chosen[namespace]

    def services(self, namespace: str) -> tuple[Service, ...]:
        """Return those that agents of a namespace choose among the instances of."""
        if namespace not in self._chosen:
            found = self.seen_from(namespace).values() if self.every else ()
            self._chosen[namespace] = {id(one.service): one.service for one in found if one.chosen}
        return tuple(self._chosen[namespace].values())

    def carrying(self, service: Service, labels: Pairs) -> tuple[str, ...]:
        """Return the addresses of instances with some labels, at whichever port."""
        one = self._by_service[id(service)]
        mine = [each for each in one.members if satisfied(labels, "", each.labels)]
        return tuple(each.at(port) for port in one.entry.ports for each in mine)

    def values(self, service: Service, labels: tuple[str, ...]) -> Carried:
        """Return what instances have of the labels that tell who is near."""
        found = self._by_service[id(service)]
        told = ((one, values(labels, Place(*one.locality), one.labels)) for one in found.members)
        return tuple((one.at(port), each) for one, each in told for port in found.entry.ports)

    def egress(self, namespace: str, labels: Pairs) -> Egress | None:
        """Return what the data plane of a workload may know, None for all; `labels` have its app.

        A Sidecar that selects the workload comes before the namespace's, that before the mesh's.
        """
        found = self._sidecars.get(namespace, ())
        for _, one in found:
            if one.selector and set(one.selector) <= set(labels):
                return one
        general = (one for _, one in (*found, *self._sidecars.get(ROOT, ())) if not one.selector)
        return next(general, None)

    def knows(self, part: Part) -> bool:
        """Tell whether a part is about hosts, and none that agents choose instances of."""
        if part.outer is not None:
            return not any(one.chosen for one in self.every if one.part is part)
        return part.egress is not None or part.resource.kind.kind == "WorkloadEntry"

    def findings(self) -> Iterator[Said]:
        """Yield what authors should know."""
        hosts: defaultdict[int, list[Hosted]] = defaultdict(list)
        for one in self.every:
            hosts[id(one.part)].append(one)
        for part in self._parts:
            if part.outer is not None:
                yield from self._of_entry(part, part.outer, hosts[id(part)])
            elif part.resource.kind.kind == "WorkloadEntry":
                yield self._of_member(part)
            elif part.egress is not None:
                yield from self._of_sidecar(part, part.egress)

    def _hosts(self, part: Part, entry: Entry) -> Iterator[Hosted]:
        members = tuple(self._members(part, entry))
        for host in entry.hosts:
            own = members
            if entry.source not in (LISTED, CALLED) and _looks_itself_up(entry):
                own = tuple(one for one in members if one.address == host)
            service = Service(namespace=part.resource.namespace, app=host, host=host)
            found = Hosted(host, part, entry, own, service)
            endpoints = tuple(endpoint for _, endpoint in found.endpoints(AGENTS))
            yield Hosted(host, part, entry, own, replace(service, endpoints=endpoints))

    def _members(self, part: Part, entry: Entry) -> Iterator[Member]:
        namespace = part.resource.namespace
        rules = self._rules[namespace]
        for one in entry.members:
            yield _on_lane(one, rules)
        if entry.selector is None or entry.source == CALLED:
            return
        for other in rules.parts:
            member = other.member
            if member is not None and satisfied(entry.selector, "", member.labels):
                self._selected.add(id(other))
                yield _on_lane(member, rules)
        for placed in self._placed:
            app, carried = placed.instance.app, placed.membership
            here = placed.instance.namespace == namespace and not carried.conflict
            if here and satisfied(entry.selector, app, carried.labels):
                yield _registered(placed)

    def _exported(self, one: Hosted, namespace: str) -> bool:
        exported, own = one.entry.exported or (EVERYWHERE,), one.service.namespace
        here = "." in exported and own == namespace
        return here or EVERYWHERE in exported or namespace in exported

    def _of_entry(self, part: Part, entry: Entry, hosts: list[Hosted]) -> Iterator[Said]:
        namespace = part.resource.namespace
        lost = []
        for one in hosts:
            first = self.seen_from(namespace).get(one.host)
            if first is not one:
                lost.append(one)
                who = f"ServiceEntry {first.part.resource.name}" if first else "the app"
                message = f"{one.host}: {who} of that name says what holds"
                yield part, OVERRIDDEN, "PrecedenceLost", message, "True"
        if not entry.ports:
            message = "no port speaks HTTP: calls pass by, as they are"
            yield part, ENFORCED, "NotSupported", message, "False"
        elif len(lost) == len(hosts):
            yield part, ENFORCED, OVERRIDDEN, "other objects say what holds", "False"
        elif entry.source != CALLED and not any(one.members for one in hosts):
            message = "no endpoint, WorkloadEntry or instance stands for it: calls fail"
            yield part, ENFORCED, "NoEndpoints", message, "False"
        else:
            yield part, ENFORCED, "DataPlanes", _who(hosts), "True"

    def _of_member(self, part: Part) -> Said:
        if part.member is None:
            return part, ENFORCED, "NotSupported", "nobody calls its address", "False"
        if id(part) not in self._selected:
            message = "no ServiceEntry of its namespace selects it: nobody calls it"
            return part, ENFORCED, "NotSelected", message, "False"
        return part, ENFORCED, "Selected", "an instance of ServiceEntries of its namespace", "True"

    def _of_sidecar(self, part: Part, egress: Egress) -> Iterator[Said]:
        here = self._sidecars[part.resource.namespace]
        first = next(one for one, other in here if other.selector == egress.selector)
        if first is not part:
            message = f"Sidecar {first.resource.name} is for the same workloads"
            yield part, OVERRIDDEN, "PrecedenceLost", message, "True"
            yield part, ENFORCED, OVERRIDDEN, "other objects say what holds", "False"
        else:
            message = "for data planes of xDS; agents know every app, and ask nobody per call"
            yield part, ENFORCED, "DataPlanes", message, "True"


def knows(egress: Egress, own: str, host: str, namespace: str) -> bool:
    """Tell whether a workload of namespace `own` knows a host that is of `namespace`."""
    return egress.hosts is None or any(
        where in ("*", namespace) or (where == "." and own == namespace)
        for where, written in egress.hosts
        if _matches(written, host.lower())
    )


def _matches(written: str, host: str) -> bool:
    return written in ("*", host) or (written.startswith("*.") and host.endswith(written[1:]))


def _who(hosts: list[Hosted]) -> str:
    if any(one.chosen for one in hosts):
        return "agents choose among instances for calls of port 80, data planes of xDS for all"
    return "by data planes of xDS; agents leave these hosts to DNS"


def _looks_itself_up(entry: Entry) -> bool:
    return entry.selector is None and {one.address for one in entry.members} == set(entry.hosts)


def _endpoint(one: Member, port: Port) -> Endpoint:
    return Endpoint(
        address=one.at(port),
        lane=one.lane,
        zone=str(Place(*one.locality)),
        protocol=GRPC if port.grpc else HTTP,
    )


def _on_lane(one: Member, rules: Rules) -> Member:
    found = membership(rules, dict(one.labels).get("app", ""), one.labels, None)
    return replace(one, lane=found.lane, labels=found.labels)


def _registered(placed: Placed) -> Member:
    one = placed.instance
    return Member(
        address=one.address,
        registered=True,
        labels=(*placed.membership.labels, ("app", one.app)),
        locality=placed.place,
        lane=placed.membership.lane,
    )
