"""What one resource compiles to, before anything is decided between resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fairlead.kinds import Resource
from fairlead.policy.lane import Colouring

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelling:
    """Give `labels` to the workloads of `app` (any, if empty) that carry `selector`."""

    app: str = ""
    selector: Pairs = ()
    labels: tuple[str, ...]


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
    databases: tuple[str, ...] = ()
    """Databases and tables it selects, as they are shown."""
