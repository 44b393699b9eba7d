"""Decides by a table as slowly and plainly as can be: what tests of tables are tried with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from fairlead.compiler import Instance, World
from fairlead.compiler.governance import Governance
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from fairlead.policy.routing.action import Answer, Forward, Redirect
from fairlead.policy.routing.match import HeaderMatch, PathMatch, RouteMatch, TextMatch
from fairlead.policy.routing.table import RouteTable, VirtualHost


def world(text: str, apps: list[str] | None = None, namespace: str = "default") -> World:
    """Return the world of the objects in `text`, with apps ``name`` or ``namespace/name``."""
    objects = [parse(one.plain, namespace=namespace) for one in read_documents(text)]
    named = [name.rpartition("/") for name in apps or ()]
    instances = [
        Instance(namespace=where or namespace, app=app, address=f"10.0.0.{n}:80")
        for n, (where, _, app) in enumerate(named, 1)
    ]
    return World.of(objects, instances, 1, governance=Governance(labels={"shop": {"team": "a"}}))


def table(found: World, port: int = 80) -> RouteTable:
    """Return the table of the only gateway with that port."""
    (one,) = (one.table for one in found.gateways.served if one.port == port)
    return one


@dataclass(frozen=True)
class Asked:
    """A request."""

    path: str = "/"
    host: str = "any.example.com"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        if name == ":method":
            return self.method
        found = [value for key, value in self.headers if key.lower() == name]
        return ",".join(found) if found else None


def host_of(found: RouteTable, name: str) -> VirtualHost | None:
    """Return the host of a table that counts: an equal name, the longest wildcard, ``*``."""

    def fits(domain: str) -> bool:
        return domain in ("*", name) or (domain.startswith("*.") and name.endswith(domain[1:]))

    fitting = [(one, d) for one in found.hosts for d in one.domains if fits(d)]
    best = max(fitting, key=lambda pair: (pair[1] == name, len(pair[1])), default=None)
    return best[0] if best else None


def route_of(found: RouteTable, asked: Asked) -> Any:
    """Return the route of a request, None for a 404."""
    host = host_of(found, asked.host.partition(":")[0].lower())
    return next((one for one in host.routes if holds(one.match, asked)), None) if host else None


def outcome(found: RouteTable, asked: Asked) -> Any:
    """Return a status, a redirect, or the clusters of a request with their share."""
    route = route_of(found, asked)
    if route is None:
        return 404
    if isinstance(route.action, Answer):
        return route.action.status
    if isinstance(route.action, Redirect):
        return route.action
    assert isinstance(route.action, Forward)
    shares = {
        one.cluster.partition("||")[2].split(".")[0]: one.weight for one in route.action.clusters
    }
    return next(iter(shares)) if len(shares) == 1 and "" not in shares else shares


def holds(match: RouteMatch, asked: Asked) -> bool:
    path, _, query = asked.path.partition("?")
    fields = dict(reversed(parse_qsl(query, keep_blank_values=True)))
    grpc = (asked.header("content-type") or "").startswith("application/grpc")
    return (
        _path(match.path, path)
        and all(_header(one, asked) for one in match.headers)
        and all(one.name in fields and _text(one.text, fields[one.name]) for one in match.queries)
        and (grpc or not match.grpc)
    )


def _path(match: PathMatch, path: str) -> bool:
    if match.kind == "exact":
        return path == match.value
    if match.kind == "prefix":
        return path.startswith(match.value)
    if match.kind == "separated-prefix":
        return path == match.value or path.startswith(f"{match.value}/")
    return re.fullmatch(match.value, path) is not None


def _header(match: HeaderMatch, asked: Asked) -> bool:
    value = asked.header(match.name)
    return value is not None and _text(match.text, value)


def _text(match: TextMatch | None, value: str) -> bool:
    if match is None:
        return True
    return value == match.value if match.kind == "exact" else bool(re.fullmatch(match.value, value))
