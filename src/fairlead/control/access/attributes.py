"""From a request's method, path and query to what is asked for. Pure, and total.

Every request has attributes; what no rule here knows is a path that only an admin of all may use.

The path is the one that the router sees, decoded once and never again: a path that is read in two
ways is a way in.
"""

from __future__ import annotations

from fairlead.control.access.roles import (
    ACKNOWLEDGEMENTS,
    EXPLANATIONS,
    REGISTRATIONS,
    REPORTS,
    REWRITES,
    SETTINGS,
    SNAPSHOTS,
    TELEMETRY,
    TOKENS,
    Attributes,
)

VERBS = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}

OWN = "/fairlead/v1/"
REQUESTS = "requests.fairlead.io"
"""Counts over all namespaces: nothing about them is left to their handler."""

SESSIONS = "sessions.fairlead.io"

OWN_ROUTES: dict[tuple[str, str], tuple[str, str]] = {
    ("GET", "watch"): ("watch", SNAPSHOTS),
    ("POST", "ack"): ("create", ACKNOWLEDGEMENTS),
    ("POST", "instances"): ("create", REGISTRATIONS),
    ("DELETE", "instances"): ("delete", REGISTRATIONS),
    ("DELETE", "replaced"): ("delete", REGISTRATIONS),
    ("POST", "explain"): ("create", EXPLANATIONS),
    ("POST", "analyze"): ("create", EXPLANATIONS),
    ("GET", "nodes"): ("list", "nodes.fairlead.io"),
    ("GET", "traffic"): ("list", "traffic.fairlead.io"),
    ("POST", "reports"): ("create", REPORTS),
    ("POST", "rewrites"): ("create", REWRITES),
    ("POST", "contracts"): ("create", REPORTS),
    ("GET", "contracts"): ("list", TELEMETRY),
    ("GET", "services"): ("list", TELEMETRY),
    ("GET", "service"): ("list", TELEMETRY),
    ("GET", "statements"): ("list", TELEMETRY),
    ("GET", "topology"): ("list", TELEMETRY),
    ("GET", "overview"): ("list", TELEMETRY),
    ("GET", "lanes"): ("list", TELEMETRY),
    ("GET", "series"): ("list", TELEMETRY),
    ("GET", "live"): ("watch", TELEMETRY),
    ("GET", "settings"): ("get", SETTINGS),
    ("PUT", "settings"): ("update", SETTINGS),
    ("GET", "history"): ("get", "history.fairlead.io"),
    ("GET", "requests"): ("list", REQUESTS),
    ("GET", "tokens"): ("list", TOKENS),
    ("POST", "tokens"): ("create", TOKENS),
    ("DELETE", "tokens"): ("delete", TOKENS),
    ("GET", "session"): ("get", SESSIONS),
    ("POST", "session"): ("create", SESSIONS),
    ("DELETE", "session"): ("delete", SESSIONS),
}
"""Verb and resource of our own endpoints, by method and the word below ``/fairlead/v1/``.

Which namespace and app they are about stands in a body or a query that their handler reads: it has
to ask `Caller.require` once it knows, and the gate withholds the answer of one that does not.
"""


def attributes_of(method: str, path: str, watch: str = "") -> Attributes:
    """Return what a request asks for; `watch` is the query's parameter of that name."""
    verb = VERBS.get(method, method.lower())
    parts = path.split("/")[1:]
    if path.startswith(OWN):
        return _own(method, verb, path, parts[2:])
    if not path.startswith("/") or not all(parts):
        return Attributes(verb=verb, path=path)
    group, rest = "", parts[2:]
    if parts[0] == "apis":
        group, rest = parts[1] if len(parts) > 1 else "", parts[3:]
    if parts[0] not in ("api", "apis") or not rest or (parts[0] == "api" and parts[1] != "v1"):
        return Attributes(verb=verb, path=path)
    return _resource(verb, path, group, rest, watching=watch in ("1", "true"))


def is_deferred(asked: Attributes) -> bool:
    """Say whether only the handler can tell which namespace is meant."""
    return asked.path.startswith(OWN) and asked.full_resource not in ("", REQUESTS)


def _own(method: str, verb: str, path: str, rest: list[str]) -> Attributes:
    method = "GET" if method == "HEAD" else method
    found = OWN_ROUTES.get((method, rest[0]))
    if found is None or len(rest) > 2 or (len(rest) == 2 and rest[0] != "tokens"):
        return Attributes(verb=verb, path=path)
    resource, _, group = found[1].partition(".")
    name = rest[1] if len(rest) == 2 else ""
    return Attributes(verb=found[0], path=path, group=group, resource=resource, name=name)


def _resource(verb: str, path: str, group: str, rest: list[str], *, watching: bool) -> Attributes:
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and not (group == "" and rest[2] in ("status", "finalize")):
            rest = rest[2:]
    name = rest[1] if len(rest) > 1 else ""
    if verb == "get" and watching:
        verb = "watch"
    elif verb == "get" and not name:
        verb = "list"
    elif verb == "delete" and not name:
        verb = "deletecollection"
    return Attributes(
        verb=verb,
        path=path,
        group=group,
        resource=rest[0],
        subresource="/".join(rest[2:]),
        namespace=namespace,
        name=name,
    )
