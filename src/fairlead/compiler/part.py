"""What one resource compiles to, before anything is decided between resources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fairlead.compiler.gateways.form import RouteRule
from fairlead.compiler.istio.form import Ruled
from fairlead.compiler.istio.hosted import Egress, Entry, Member
from fairlead.compiler.istio.instances import Instances
from fairlead.compiler.labels import Pairs, satisfied
from fairlead.kinds import Resource
from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.fallback import Fallback
from fairlead.policy.lane import Colouring
from fairlead.policy.rule import ENFORCE, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelling:
    """Give `labels` to the workloads of `app` (any, if empty) that carry `selector`."""

    app: str = ""
    selector: Pairs = ()
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A database that other resources name."""

    engine: str
    database: Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """On `lanes`, lead connections to the endpoint named `source` to the one named `shadow`."""

    lanes: tuple[str, ...]
    source: str
    shadow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What a resource is guarded by, not yet on one."""

    rule: Rule | None
    """The rule that it is on each resource, without names and an answer of its own; None where
    this version enforces nothing of it."""
    mode: str = ENFORCE
    """ENFORCE, SIMULATE or OFF."""
    unenforced: str = ""
    """Why this version does not enforce it, ``""`` where it does."""
    not_honoured: tuple[str, ...] = ()
    """Sentences about what it says and nobody enforces; the rest of it is enforced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A strategy of the namespace, by name."""

    kind: str = ""
    """``""`` for any: the name has to be unique then."""
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" if self.kind else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """A strategy that stands in the object that uses it."""

    place: str
    """Where: ``strategies[0].rateLimit``."""
    strategy: Strategy

    def __str__(self) -> str:
        return self.place


@dataclass(frozen=True, slots=True)
class Target:
    """What is guarded: a resource as `policy.resource` names it, or a pattern of names."""

    resource: str
    regex: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Each of `targets` of a workload is guarded by each of `strategies`."""

    app: str
    """App of the workloads, ``""`` for every app of the namespace."""
    workloads: tuple[Pairs, ...] = ()
    """Labels, all of one of which a workload carries; none for whatever it carries."""
    targets: tuple[Target, ...]
    strategies: tuple[Named | Inline, ...]
    fallback: str | Fallback | None = None
    """The answer to what is rejected, or its name; None for the usual one."""
    mode: str = ENFORCE
    """With that of a strategy, the one that enforces less counts: OFF, SIMULATE, ENFORCE."""

    def concerns(self, app: str, labels: Iterable[tuple[str, str]]) -> bool:
        """Tell whether it is for a workload of `app` with `labels`."""
        if self.app not in ("", app):
            return False
        return not self.workloads or any(satisfied(one, app, labels) for one in self.workloads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """How calls of some hosts are made."""

    destination: bool
    """Whether it is about instances; else about calls."""
    hosts: tuple[str, ...]
    """As their author wrote them; none where no agent is meant."""
    exported: tuple[str, ...]
    """Namespaces that call, ``.`` for its own; none for all."""
    ways: tuple[Ruled, ...] = ()
    """What is done with calls; of those that match, the first counts."""
    instances: tuple[Instances, ...] = ()
    """How they are called: all, and subsets."""
    policy: bool = False
    """Whether it says how all instances are called."""
    unenforced: str = ""
    """Why nothing of it is enforced, ``""`` where something is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A resource's share of the policy of its namespace. What it does not touch stays empty."""

    resource: Resource[Any]
    lane: str = ""
    """A lane that exists because of it."""
    key: str = ""
    """Baggage key of that lane, ``""`` for no say in it."""
    app: str = ""
    """App that it makes an entry."""
    colouring: Colouring | None = None
    workloads: Pairs = ()
    """Labels that put a workload on the lane, none for no such rule."""
    labelling: Labelling | None = None
    shadow_tables: tuple[ShadowTable, ...] = ()
    shadow_databases: tuple[ShadowDatabase, ...] = ()
    endpoint: Endpoint | None = None
    redirects: tuple[Redirect, ...] = ()
    guard: Guard | None = None
    strategy: Strategy | None = None
    fallback: Fallback | None = None
    calling: Calling | None = None
    routing: tuple[RouteRule, ...] = ()
    """Rules of a route of the Gateway API."""
    outer: Entry | None = None
    """Hosts that are no app's."""
    member: Member | None = None
    """An instance of such hosts."""
    egress: Egress | None = None
    not_honoured: tuple[str, ...] = ()
    """Sentences about what it says and nobody enforces."""
