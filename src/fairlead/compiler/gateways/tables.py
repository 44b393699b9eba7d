"""Tables of the ports of a gateway, and of what callers of services do in a mesh.

A host of a table has the routes of the listener that is the most exact for it, and of no other; of
those, routes with a more exact host come first, then the more exact match, the older route, the
lower ``namespace/name``, the earlier rule (HTTPRoute, ``hostnames`` and ``rules.matches``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fairlead.compiler.gateways.filters import Place
from fairlead.compiler.gateways.hosts import ANY, covering, exactness
from fairlead.compiler.gateways.listeners import Serving, owner
from fairlead.compiler.gateways.rules import Rules
from fairlead.compiler.part import Part
from fairlead.kinds.kind import text_at
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A route at a listener."""

    part: Part
    serving: Serving
    hosts: tuple[str, ...]
    """That both are about."""


def gateway_table(
    name: str, listeners: tuple[Serving, ...], attached: Iterable[Attached], rules: Rules
) -> RouteTable:
    """Return the table of one port, whose usable `listeners` are given."""
    found = list(attached)
    domains = {one.host for one in listeners} | {host for one in found for host in one.hosts}
    by_host: dict[str, list[Attached]] = {}
    for one in found:
        for host in one.hosts:
            by_host.setdefault(host, []).append(one)
    hosts = []
    made: dict[int, list[tuple[Any, Route]]] = {}
    for domain in sorted(domains, key=lambda one: (tuple(-n for n in exactness(one)), one)):
        serving = owner(listeners, domain)
        if serving is None:
            continue
        place = Place(port=serving.listener.port, scheme=serving.scheme)
        ordered: list[tuple[Any, Route]] = []
        for host, one in _concerned(by_host, domain, serving):
            if id(one) not in made:
                made[id(one)] = _ranked(one.part, place, rules)
            exact = tuple(-number for number in exactness(host))
            ordered += [((exact, *order), route) for order, route in made[id(one)]]
        ordered.sort(key=lambda pair: pair[0])
        hosts.append(_host(domain, ordered))
    return RouteTable(name=name, hosts=tuple(hosts), ignore_port=True)


def _concerned(
    by_host: Mapping[str, list[Attached]], domain: str, serving: Serving
) -> Iterator[tuple[str, Attached]]:
    """Yield what is attached to a listener and about `domain`, each by its most exact host."""
    seen: set[int] = set()
    for host in covering(domain):
        for one in by_host.get(host, ()):
            if one.serving is serving and id(one) not in seen:
                seen.add(id(one))
                yield host, one


def mesh_host(
    name: str, domains: tuple[str, ...], parts: Iterable[Part], rules: Rules
) -> VirtualHost:
    """Return what callers of one service do."""
    ordered = [pair for part in parts for pair in _ranked(part, Place(), rules)]
    ordered.sort(key=lambda pair: pair[0])
    return VirtualHost(name=name, domains=domains, routes=tuple(route for _, route in ordered))


def _host(domain: str, ordered: list[tuple[Any, Route]]) -> VirtualHost:
    return VirtualHost(
        name=domain, domains=(domain or ANY,), routes=tuple(route for _, route in ordered)
    )


def _ranked(part: Part, place: Place, rules: Rules) -> list[tuple[Any, Route]]:
    """Return the routes of a resource, each with what they are ordered by among all."""
    resource = part.resource
    age = text_at(resource.plain, "metadata", "creationTimestamp")
    name = f"{resource.namespace}/{resource.name}"
    found = []
    for number, rule in enumerate(part.routing):
        routes = rules.routes(part, rule, place)
        for at, (one, route) in enumerate(zip(rule.matches, routes, strict=True)):
            rank = tuple(-figure for figure in one.rank)
            found.append(((rank, age, name, number, at), route))
    return found
