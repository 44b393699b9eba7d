"""What each role may do. Pure: the tables below decide, and what they do not name is refused.

A person's role holds in one namespace, or in all of them (`*`), where it holds for what is in no
namespace too. An agent's role holds for one app of one namespace, and for nothing that people ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

EVERYWHERE = "*"
"""The namespace of a grant that holds in all of them."""

READ = frozenset({"get", "list", "watch"})
WRITE = frozenset({"create", "update", "patch", "delete", "deletecollection"})


class Role(StrEnum):
    """What somebody is to a namespace."""

    VIEW = "view"
    EDIT = "edit"
    ADMIN = "admin"
    AGENT = "agent"


PEOPLE = frozenset({Role.VIEW, Role.EDIT, Role.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role, and where it holds. `app` is an agent's, ``""`` for people."""

    role: Role
    namespace: str
    app: str = ""

    def __str__(self) -> str:
        return f"{self.role}@{self.namespace}" + (f"/{self.app}" if self.app else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks."""

    name: str
    uid: str
    """Of the token: two tokens may have the same name."""
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What is asked for, in Kubernetes' words. A path that is no resource has `resource` ``""``."""

    verb: str
    path: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    """``""`` for what is in no namespace, and for what is asked of all of them."""
    name: str = ""
    app: str = ""
    """The app that an agent speaks for."""

    @property
    def full_resource(self) -> str:
        """The resource with its group, as refusals name it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Verbs on resources; `but` are exceptions to "every resource"."""

    verbs: frozenset[str]
    resources: frozenset[str] = frozenset()
    """Empty: every resource, except those in `but`."""
    but: frozenset[str] = frozenset()

    def holds(self, verb: str, resource: str) -> bool:
        """Say whether it names `verb` on the full name of a resource."""
        named = resource in self.resources if self.resources else resource not in self.but
        return named and verb in self.verbs


SNAPSHOTS, ACKNOWLEDGEMENTS = "snapshots.fairlead.io", "acknowledgements.fairlead.io"
REGISTRATIONS, TOKENS = "registrations.fairlead.io", "tokens.fairlead.io"
EXPLANATIONS, INSTANCES = "explanations.fairlead.io", "instances.fairlead.io"
REPORTS, TELEMETRY = "reports.fairlead.io", "telemetry.fairlead.io"
SETTINGS = "settings.fairlead.io"
REWRITES = "rewrites.fairlead.io"
"""What statements of a lane are, for agents that have no parser."""
NAMESPACES, EVENTS = "namespaces", "events"
OF_AGENTS = frozenset({SNAPSHOTS, ACKNOWLEDGEMENTS, REGISTRATIONS, REPORTS, REWRITES})

_VIEW = (
    Permission(verbs=READ, but=OF_AGENTS | {TOKENS}),
    # Asking why is reading, though the question is posted.
    Permission(verbs=frozenset({"create"}), resources=frozenset({EXPLANATIONS})),
)
_EDIT = (
    Permission(verbs=WRITE, but=OF_AGENTS | {TOKENS, NAMESPACES, EVENTS, INSTANCES, SETTINGS}),
    *_VIEW,
)
_ADMIN = (Permission(verbs=READ | WRITE, but=OF_AGENTS), *_EDIT)
_AGENT = (
    Permission(verbs=frozenset({"watch"}), resources=frozenset({SNAPSHOTS})),
    Permission(
        verbs=frozenset({"create"}), resources=frozenset({ACKNOWLEDGEMENTS, REPORTS, REWRITES})
    ),
    Permission(verbs=frozenset({"create", "delete"}), resources=frozenset({REGISTRATIONS})),
)
PERMISSIONS: dict[Role, tuple[Permission, ...]] = {
    Role.VIEW: _VIEW,
    Role.EDIT: _EDIT,
    Role.ADMIN: _ADMIN,
    Role.AGENT: _AGENT,
}

PUBLIC = frozenset({"/healthz", "/livez", "/readyz", "/version"})
"""Paths that may be read without a token, as Kubernetes' `system:public-info-viewer` has it."""

CONSOLE = "/console/"
"""Below it are the pages of the console, which are the same for everybody."""

SESSION = "/fairlead/v1/session"
"""Where a browser signs in and out, and asks whether it has to."""

DISCOVERY = frozenset({"/api", "/apis", "/openapi", "/version"})
"""Paths, with everything below them that is no resource, that every person may read."""

METRICS = "/metrics"
"""What Prometheus reads: of all namespaces, for people who may read all of them."""

REVIEWS = frozenset(
    {
        "selfsubjectaccessreviews.authorization.k8s.io",
        "selfsubjectreviews.authentication.k8s.io",
        "selfsubjectrulesreviews.authorization.k8s.io",
    }
)
"""Questions about oneself, which every person may ask."""


def is_public(asked: Attributes) -> bool:
    """Say whether it is answered without a token."""
    if asked.path == SESSION:
        return asked.verb in ("get", "create", "delete")
    if asked.resource:
        return False
    shown = (
        asked.path in PUBLIC or asked.path in ("/", "/console") or asked.path.startswith(CONSOLE)
    )
    return asked.verb == "get" and shown


def allowed(grants: Iterable[Grant], asked: Attributes) -> bool:
    """Say whether one of `grants` allows what is asked for."""
    return any(_allows(grant, asked) for grant in grants)


def conceivable(grants: Iterable[Grant], asked: Attributes) -> bool:
    """Say whether one of `grants` would allow it in some namespace, for some app."""
    return any(_names(grant.role, asked) for grant in grants)


def _allows(grant: Grant, asked: Attributes) -> bool:
    if not asked.resource:
        return _allows_path(grant, asked)
    if grant.role in PEOPLE and asked.full_resource in REVIEWS:
        return asked.verb == "create"
    return _names(grant.role, asked) and _covers(grant, asked)


def _names(role: Role, asked: Attributes) -> bool:
    return any(one.holds(asked.verb, asked.full_resource) for one in PERMISSIONS[role])


def _covers(grant: Grant, asked: Attributes) -> bool:
    if grant.role is Role.AGENT:
        # Equal to the letter, and never by a wildcard.
        return bool(asked.app) and (grant.namespace, grant.app) == (asked.namespace, asked.app)
    return grant.namespace == EVERYWHERE or (
        asked.namespace != "" and grant.namespace == asked.namespace
    )


def _allows_path(grant: Grant, asked: Attributes) -> bool:
    if grant.role is Role.ADMIN and grant.namespace == EVERYWHERE:
        return True
    if asked.path == METRICS:
        return grant.role in PEOPLE and grant.namespace == EVERYWHERE and asked.verb == "get"
    first = "/" + asked.path[1:].partition("/")[0]
    return grant.role in PEOPLE and asked.verb == "get" and first in DISCOVERY
