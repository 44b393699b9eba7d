"""A rule of a route as one resource says it, before it is known where it is attached."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.kinds.gateway_api import BackendObject
from fairlead.kinds.route_filter import Filter
from fairlead.policy.resilience import Retry
from fairlead.policy.routing.match import RouteMatch

Rank = tuple[int, int, int, int, int]
"""Sort of path, characters of it, whether a method, headers, parameters: the greater the earlier.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """A match, and how exact it is."""

    match: RouteMatch
    rank: Rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One of those who are called."""

    ref: BackendObject
    weight: int
    filters: tuple[Filter, ...] = ()
    path: str
    """Where it stands: ``rules[0].backendRefs[1]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """One rule."""

    path: str
    """Where it stands: ``rules[0]``."""
    matches: tuple[Matching, ...]
    """Any of these; those that this version cannot read are left out."""
    prefix: str = ""
    """What a PathPrefix of the one match matches, without a slash at its end."""
    filters: tuple[Filter, ...] = ()
    backends: tuple[Backend, ...] = ()
    timeout: float = 0.0
    """Seconds, 0 for no end."""
    retry: Retry | None = None
    failure: int = 500
    """Status of an answer instead of a backend that is none."""
