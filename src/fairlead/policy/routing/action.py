"""What becomes of a request that a route is for. Fields mean what they mean in Envoy."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy.routing.match import Fraction, TextMatch

APPEND, ADD_IF_ABSENT, OVERWRITE, OVERWRITE_IF_EXISTS = (
    "append",
    "add-if-absent",
    "overwrite",
    "overwrite-if-exists",
)
"""What setting a header does: APPEND adds a value, the header may be there or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderValue:
    """A header that is set. `value` may hold Envoy's ``%COMMAND%``; ``%%`` is a percent sign."""

    name: str
    value: str
    how: str = OVERWRITE
    """One of APPEND, ADD_IF_ABSENT, OVERWRITE, OVERWRITE_IF_EXISTS."""
    keep_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderChanges:
    """Headers that are removed, and then those that are set, of a request and of its answer."""

    request_set: tuple[HeaderValue, ...] = ()
    request_removed: tuple[str, ...] = ()
    response_set: tuple[HeaderValue, ...] = ()
    response_removed: tuple[str, ...] = ()


NO_CHANGES = HeaderChanges()


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """Every place where an expression of RE2 matches is replaced.

    In `text`, a backslash and a digit stand for a group.
    """

    regex: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRewrite:
    """One of the three."""

    prefix: str | None = None
    """Replaces what the route's path matched: a prefix, or all of an exact path."""
    regex: Substitution | None = None
    template: str = ""
    full: str | None = None
    """Replaces all of the path, not the query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRewrite:
    """The first that is given."""

    literal: str = ""
    header: str = ""
    """Header that the host is taken from."""
    path: Substitution | None = None
    """Applied to the path: what comes out is the host."""
    auto: bool = False
    """The name of the instance that is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """A cluster, and its part of the requests."""

    cluster: str
    weight: int = 1
    changes: HeaderChanges = NO_CHANGES
    host: str = ""
    """Rewrites the host, where the route does not."""
    fallback: str = ""
    """Cluster that is called where this one has no instance; ``""`` for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A copy of a request, whose answer nobody waits for."""

    cluster: str
    fraction: Fraction | None = None
    """None: of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashKey:
    """What requests are told apart by, where a cluster chooses instances by a hash."""

    source: str
    """``header``, ``cookie``, ``query``, ``source-ip`` or ``filter-state``."""
    name: str = ""
    ttl: float | None = None
    """Seconds that a cookie lives which is made where none came; None: none is made, 0: it lives
    as long as the session."""
    path: str = ""
    """Of that cookie."""
    terminal: bool = False
    """Whether later ones are left out where this one is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Who may call from a page of another origin."""

    origins: tuple[TextMatch, ...] = ()
    methods: str = ""
    headers: str = ""
    exposed: str = ""
    max_age: str = ""
    credentials: bool | None = None
    forward_unmatched: bool = True
    """Whether a preflight request of another origin is passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """The request is sent to one of `clusters`, by weight."""

    clusters: tuple[Weighted, ...] = ()
    cluster_header: str = ""
    """Header that names the cluster, instead."""
    missing: int = 503
    """Status where the cluster is not known."""
    path: PathRewrite | None = None
    host: HostRewrite | None = None
    append_forwarded_host: bool = False
    mirrors: tuple[Mirror, ...] = ()
    hashing: tuple[HashKey, ...] = ()
    priority: str = ""
    """``high``, or ``""``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """The client is sent elsewhere."""

    code: int = 301
    https: bool = False
    scheme: str = ""
    host: str = ""
    port: int | None = None
    path: str | None = None
    """Replaces the whole path; one with ``?`` replaces the query as well."""
    prefix: str | None = None
    """Replaces what the route's path matched."""
    regex: Substitution | None = None
    strip_query: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The request is answered at once."""

    status: int
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Serve it here: for servers that route nothing on (Envoy's non_forwarding_action)."""


Action = Forward | Redirect | Answer | Refuse
