"""VirtualServices and their kin that are right one by one and wrong together.

From objects alone: which apps there are does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fairlead.compiler.istio.form import EVERYBODY, Ruled
from fairlead.compiler.istio.hosts import DOMAIN
from fairlead.compiler.istio.routes import ruled
from fairlead.compiler.part import Part
from fairlead.kinds.istio_http import Destination, HttpRoute
from fairlead.kinds.violation import Loc
from fairlead.policy.routing.match import EVERYTHING, EXACT, PREFIX, REGEX, PathMatch

Said = tuple[Part, Loc, str]


def never_reached(part: Part) -> Iterator[Said]:
    """Yield the routes of a list all of whose requests an earlier one takes."""
    earlier: list[tuple[int, Ruled]] = []
    for place, route in _http(part):
        mine = list(ruled("", route, part.resource.namespace))
        takers = [next((at for at, one in earlier if _covers(one, way)), None) for way in mine]
        if None not in takers:
            first = max(at for at in takers if at is not None)
            message = f"http[{first}] takes every request that http[{place}] matches"
            yield part, ("spec", "http", place), message
        if route.delegate is None:  # what a delegate does not match goes on
            earlier += ((place, way) for way in mine)


def dangling_subsets(parts: Iterable[Part]) -> Iterator[Said]:
    """Yield the subsets that no DestinationRule has, and no other object of its kind."""
    found = [one for one in parts if one.calling]
    callees = [one for one in found if one.calling and one.calling.destination]
    for part in found:
        for loc, destination in _destinations(part):
            known = set(_subsets(callees, full_name(destination.host, part.resource.namespace)))
            fallback = destination.fallback.subset if destination.fallback else None
            for subset in (destination.subset, fallback):
                if subset and subset not in known:
                    message = f"no DestinationRule has a subset {subset} of {destination.host}"
                    yield part, loc, message


def of_one_host(parts: Iterable[Part]) -> Iterator[Said]:
    """Yield objects about a host that another one of their namespace is about: it counts alone."""
    first: dict[tuple[str, str], Part] = {}
    rules = (one for one in parts if one.calling and not one.calling.destination)
    for part in sorted(rules, key=lambda one: (one.resource.namespace, one.resource.name)):
        calling, own = part.calling, part.resource.namespace
        for place, host in enumerate(calling.hosts if calling else ()):
            other = first.setdefault((own, full_name(host, own)), part)
            if other is not part and not _apart(other, part):
                resource = other.resource
                whose = f"{resource.kind.kind} {resource.namespace}/{resource.name}"
                message = f"{whose} says what holds for calls of {host}"
                yield part, ("spec", "hosts", place), message


def full_name(host: str, namespace: str) -> str:
    """Return `host`, or an app's name, without the suffix that all apps have."""
    name = host.lower().rstrip(".").removesuffix(f".{DOMAIN}").removesuffix(".svc")
    return name if "." in name or name == "*" else f"{name}.{namespace}"


def _http(part: Part) -> Iterator[tuple[int, HttpRoute]]:
    if part.calling is not None and not part.calling.destination:
        yield from enumerate(part.resource.spec.http or ())


def _destinations(part: Part) -> Iterator[tuple[Loc, Destination]]:
    for place, route in _http(part):
        above: Loc = ("spec", "http", place)
        for at, one in enumerate(route.route or ()):
            yield (*above, "route", at, "destination"), one.destination
        if route.mirror is not None:
            yield (*above, "mirror"), route.mirror
        for at, copy in enumerate(route.mirrors or ()):
            yield (*above, "mirrors", at, "destination"), copy.destination


def _subsets(parts: Iterable[Part], name: str) -> Iterator[str]:
    for part in parts:
        calling = part.calling
        if calling is None:
            continue
        hosts = (full_name(host, part.resource.namespace) for host in calling.hosts)
        if any(_means(host, name) for host in hosts):
            yield from (one.cluster.subset for one in calling.instances)


def _means(host: str, name: str) -> bool:
    return host in ("*", name) or (host.startswith("*") and name.endswith(host[1:]))


def _apart(first: Part, second: Part) -> bool:
    """Tell whether no caller sees both: each is exported to others."""
    exported = [set(one.calling.exported or ("*",)) for one in (first, second) if one.calling]
    return not ("*" in exported[0] | exported[1] or exported[0] & exported[1])


def _covers(first: Ruled, second: Ruled) -> bool:
    """Tell whether `first` takes whatever `second` matches: it asks for nothing else."""
    one, other = first.route.match, second.route.match
    return (
        first.scope in (EVERYBODY, second.scope)
        and replace(one, path=PathMatch(), headers=(), queries=()) == EVERYTHING
        and _above(one.path, other.path)
        and set(one.headers) <= set(other.headers)
        and set(one.queries) <= set(other.queries)
    )


def _above(one: PathMatch, other: PathMatch) -> bool:
    if one == other or (one.kind, one.value) in ((PREFIX, "/"), (REGEX, ".*")):
        return True
    alike = one.kind == PREFIX and other.kind in (EXACT, PREFIX)
    return alike and not other.ignore_case and other.value.startswith(one.value)
