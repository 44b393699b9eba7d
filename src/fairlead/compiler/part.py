"""What one resource compiles to, before anything is decided between resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fairlead.kinds import Resource
from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.fallback import Fallback
from fairlead.policy.lane import Colouring

Pairs = tuple[tuple[str, str], ...]


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
    """A rate limit without a resource, for the rules that name it."""

    app: str
    """App whose rules may name it, ``""`` for any."""
    threshold: float
    window_ms: int
    unenforced: str
    """Why this version does not enforce it, ``""`` where it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Resources of `app`, and the names of what guards them."""

    app: str
    resources: tuple[str, ...]
    strategies: tuple[tuple[str, str], ...]
    """Kind, ``""`` for any, and name."""
    fallback: str
    """Name of an answer, ``""`` for the usual one."""


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
    not_honoured: tuple[str, ...] = ()
    """Sentences about what it says and nobody enforces."""
