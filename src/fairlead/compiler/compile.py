"""Resources and instances to snapshots: the face of the compiler.

A World is everything at one revision, indexed once. Every service of every namespace is in every
snapshot, because an app calls others as ``app`` and ``app.namespace``; lanes and entry are the
workload's own namespace's. Snapshots share the services and the text their digest is taken of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from fairlead.compiler.called import Called
from fairlead.compiler.calls import Callings
from fairlead.compiler.enforcement import flow_findings
from fairlead.compiler.finding import LANE_CONFLICT, TARGET_NOT_SEEN, Finding
from fairlead.compiler.gateways.gateways import Gateways, Served
from fairlead.compiler.gateways.report import (
    colouring_findings,
    gateway_findings,
    gateways_of,
)
from fairlead.compiler.gateways.standing import Standing
from fairlead.compiler.governance import Governance, unenforced
from fairlead.compiler.instance import Instance
from fairlead.compiler.istio.gateways import IstioGateways, remarks
from fairlead.compiler.istio.registry import Registry
from fairlead.compiler.labels import Pairs, pairs, satisfied
from fairlead.compiler.membership import Membership, membership
from fairlead.compiler.part import Part
from fairlead.compiler.placed import Placed, services, shadow_findings
from fairlead.compiler.select import Rules, finding, losers, rules_by_namespace
from fairlead.kinds import Resource
from fairlead.policy.encode import canonical, to_plain
from fairlead.policy.endpoint import Service
from fairlead.policy.locality import Place
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload

_NO_RULES = Rules()
_ALL_ON = Governance()


class World:
    """All resources and instances at one revision. Immutable; its methods are pure."""

    def __init__(
        self,
        revision: int,
        rules: dict[str, Rules],
        placed: tuple[Placed, ...],
        apps: set[Any],
        governance: Governance,
    ) -> None:
        """Use `World.of`."""
        self.revision = revision
        self.governance = governance
        self._rules = rules
        self._placed = placed
        self.services = tuple(services(placed, apps, rules))
        self.registry = Registry(rules, self.services, placed)
        self.callings = Callings(
            {namespace: one.parts for namespace, one in rules.items()},
            self.services,
            placed,
            self.registry,
        )
        every = tuple(part for one in rules.values() for part in one.parts)
        self.gateways = Gateways(
            every, ((one.namespace, one.app) for one in self.services), governance.labels_of
        )
        self._called = Called(self.callings, self.gateways, self.registry, self.services)
        self._services: dict[str, tuple[tuple[Service, ...], bytes]] = {}
        self.istio = IstioGateways(every, self.callings.ways, self.callings.naming)
        self._services_text = canonical(to_plain(self.services))

    @classmethod
    def of(
        cls,
        resources: Iterable[Resource[Any]],
        instances: Iterable[Instance],
        revision: int,
        known_apps: Iterable[tuple[str, str]] = (),
        governance: Governance = _ALL_ON,
    ) -> World:
        """Index a world.

        `known_apps` are (namespace, app) that stay known without an instance: callers of one get a
        connect error that names it.
        """
        rules = rules_by_namespace(resources)
        placed = tuple(
            Placed(i, membership(rules.get(i.namespace, _NO_RULES), i.app, i.labels, i.lane))
            for i in sorted(instances, key=lambda i: (i.namespace, i.app, i.address))
        )
        apps = {*known_apps, *((p.instance.namespace, p.instance.app) for p in placed)}
        return cls(revision, rules, placed, apps, governance)

    def membership(
        self, namespace: str, app: str, labels: Pairs = (), lane: str | None = None
    ) -> Membership:
        """Return the lane and labels of a workload, or what contradicts what (contract 1)."""
        return membership(self._rules.get(namespace, _NO_RULES), app, labels, lane)

    def snapshot(
        self,
        namespace: str,
        app: str,
        labels: Pairs = (),
        lane: str | None = None,
        zone: str = "",
    ) -> Snapshot:
        """Return what a workload is to enforce, sealed."""
        return self._sealed(self.unsealed(namespace, app, labels, lane, zone))

    def unsealed(
        self,
        namespace: str,
        app: str,
        labels: Pairs = (),
        lane: str | None = None,
        zone: str = "",
    ) -> Snapshot:
        """Return that without its digest: for data planes that are told of it in other words."""
        rules = self._rules.get(namespace, _NO_RULES)
        member = membership(rules, app, labels, lane)
        workload = Workload(
            namespace=namespace,
            app=app,
            lane=member.lane,
            labels=member.labels,
            zone=str(Place.of(zone, member.labels)),
        )
        return Snapshot(
            revision=self.revision,
            workload=workload,
            governance=self.governance.of(namespace),
            lanes=rules.lanes,
            entry=rules.entries.get(app),
            services=self._seen_from(namespace)[0],
            shadow_tables=rules.shadows.tables,
            shadow_databases=rules.shadows.databases,
            flow=rules.guards.rules(app, member.labels),
            calls=self._called.of(namespace, app, member.labels),
            overload=rules.guards.overload(app, member.labels),
        )

    def leaving_out(self, caller: str, app: str) -> Iterator[Resource[Any]]:
        """Yield the objects by which callers of namespace `caller` leave out instances of `app`."""
        yield from (part.resource for part in self.callings.leaving_out(caller, app))

    @cached_property
    def served(self) -> tuple[Served, ...]:
        """Return every port of every gateway that can be served."""
        return (*self.gateways.served, *self.istio.served)

    def tables(
        self, kind: str, namespace: str, name: str
    ) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """Return the tables of gateways where an object is carried out, and services with callers.

        Of the latter, see `Gateways.tables`.
        """
        tables, services = self.gateways.tables(kind, namespace, name)
        return (*tables, *self.istio.tables.get((kind, namespace, name), ())), services

    def entries(self, namespace: str) -> set[str]:
        """Return the apps of a namespace that rules make entries, seen or not."""
        return set(self._rules.get(namespace, _NO_RULES).entries)

    def lanes(self, namespace: str) -> dict[str, tuple[tuple[str, str], ...]]:
        """Return the lanes of a namespace, each with the kind and name of what makes it exist."""
        found: dict[str, list[tuple[str, str]]] = {}
        for part in self._rules.get(namespace, _NO_RULES).parts:
            if part.lane:
                resource = part.resource
                found.setdefault(part.lane, []).append((resource.kind.called, resource.name))
        return {lane: tuple(parts) for lane, parts in found.items()}

    def keys(self, namespace: str) -> dict[str, str]:
        """Return the keys that lanes of a namespace have in a baggage."""
        return {lane.name: lane.key for lane in self._rules.get(namespace, _NO_RULES).lanes}

    def findings(self) -> tuple[Finding, ...]:
        """Return what authors should know, in order of namespace and precedence."""
        return self._findings

    def members(self, kind: str, namespace: str, name: str) -> tuple[str, ...]:
        """Return what the resource selects: instances, or databases and tables."""
        rules = self._rules.get(namespace, _NO_RULES)
        part = rules.by_name.get((kind, name))
        return (*rules.shadows.members(part), *self._instances(part)) if part else ()

    def standing(self, kind: str, namespace: str, name: str) -> Standing:
        """Return how a gateway or route stands; of other kinds there is nothing to say."""
        return self.gateways.standing(kind, namespace, name)

    def apps(self, kind: str, namespace: str, name: str) -> frozenset[str] | None:
        """Return the apps that are to enforce the resource, None for all of the namespace."""
        rules = self._rules.get(namespace, _NO_RULES)
        part = rules.by_name.get((kind, name))
        if part is not None and (self.gateways.knows(part) or self.registry.knows(part)):
            called = self.gateways.tables(part.resource.kind.called, namespace, name)[1]
            return None if called else frozenset()  # else no agent's affair
        if part is None or not (part.guard or part.strategy or part.fallback):
            return None
        guards = [part.guard] if part.guard else rules.guards.named.users(part)
        if any(guard.app == "" and not guard.workloads for guard in guards):
            return None
        found = {guard.app for guard in guards if guard.app}
        for one in self._placed if any(not guard.app for guard in guards) else ():
            app, labels = one.instance.app, one.membership.labels
            if one.instance.namespace == namespace and any(g.concerns(app, labels) for g in guards):
                found.add(app)
        return frozenset(found)

    def instances(self, namespace: str, app: str) -> tuple[Placed, ...]:
        """Return the instances of an app with their membership."""
        return tuple(self._by_app.get((namespace, app), ()))

    def _instances(self, part: Part) -> tuple[str, ...]:
        return tuple(
            f"instance {placed.instance.app} {placed.instance.address}"
            for placed in self._placed
            if placed.instance.namespace == part.resource.namespace and _selects(part, placed)
        )

    def _sealed(self, snapshot: Snapshot) -> Snapshot:
        """Return `snapshot` with its digest: policy.encode.seal, over text made once."""
        plain = to_plain(replace(snapshot, services=(), calls=None))
        for name in ("digest", "revision"):
            del plain[name]
        texts = {key: canonical(value) for key, value in plain.items()}
        texts["services"] = self._seen_from(snapshot.workload.namespace)[1]
        if snapshot.calls is not None:
            own = snapshot.workload
            texts["calls"] = self._called.text(own.namespace, own.app, own.labels)
        content = b",".join(canonical(key) + b":" + texts[key] for key in sorted(texts))
        digest = sha256(b"{" + content + b"}").hexdigest()[:32]
        return replace(snapshot, digest=digest)

    def _seen_from(self, namespace: str) -> tuple[tuple[Service, ...], bytes]:
        """Return what agents of a namespace can call by name, and its text."""
        hosted = self.registry.services(namespace)
        if not hosted:
            return self.services, self._services_text
        if namespace not in self._services:
            every = (*self.services, *hosted)
            self._services[namespace] = every, canonical(to_plain(every))
        return self._services[namespace]

    @cached_property
    def _by_app(self) -> dict[tuple[str, str], list[Placed]]:
        found: dict[tuple[str, str], list[Placed]] = {}
        for one in self._placed:
            found.setdefault((one.instance.namespace, one.instance.app), []).append(one)
        return found

    @cached_property
    def _findings(self) -> tuple[Finding, ...]:
        found: list[Finding] = []
        known = {(service.namespace, service.app) for service in self.services}
        for namespace, rules in sorted(self._rules.items()):
            # Of findings of one type the first decides what is said, and a switch is above a rule.
            found += unenforced(rules.parts, self.governance.of(namespace))
            found += losers(rules)
            gateways = {(namespace, app) for app in gateways_of(self.served, namespace)}
            found += _unseen(rules.parts, known | gateways)
            found += (finding(*one) for one in colouring_findings(self.served, rules.parts))
            here = [p for p in self._placed if p.instance.namespace == namespace]
            found += shadow_findings(rules, here)
            found += flow_findings(rules.guards, here, known)
        found += (finding(*one) for one in remarks(self.istio))
        found += (finding(*one) for one in self.callings.findings())
        found += (finding(*one) for one in gateway_findings(self.gateways, self.callings.ruling))
        found += (finding(*one) for one in self.registry.findings())
        return (*found, *self._conflicts())

    def _conflicts(self) -> Iterable[Finding]:
        blamed: dict[int, tuple[Part, list[Placed]]] = {}
        for placed in self._placed:
            for part in placed.membership.causes:
                blamed.setdefault(id(part), (part, []))[1].append(placed)
        for part, found in blamed.values():
            first, others = found[0], len(found) - 1
            more = f" (and {others} more)" if others else ""
            message = (
                f"{first.instance.app} {first.instance.address}{more} {first.membership.conflict}; "
                "until then it gets no traffic"
            )
            yield finding(part, LANE_CONFLICT, "SeveralLanes", message)


def _unseen(parts: Iterable[Part], known: set[tuple[str, str]]) -> Iterable[Finding]:
    for part in parts:
        app = part.app or (part.labelling.app if part.labelling else "")
        if app and (part.resource.namespace, app) not in known:
            message = f"no agent has reported an app called {app} in this namespace"
            yield finding(part, TARGET_NOT_SEEN, "NoInstanceReported", message)


def _selects(part: Part, placed: Placed) -> bool:
    app, member = placed.instance.app, placed.membership
    if part.labelling:
        chosen = part.labelling
        return chosen.app in ("", app) and satisfied(
            chosen.selector, app, pairs(placed.instance.labels)
        )
    if part.guard:
        return part.guard.concerns(app, member.labels)
    return bool(part.lane) and member.lane == part.lane
