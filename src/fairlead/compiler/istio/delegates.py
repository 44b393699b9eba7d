"""VirtualServices that others go on with where they say `delegate` (Istio).

Such a one has no hosts. Each of its routes is taken with what the other says of the same requests:
both matches have to hold, and what it does not say itself is taken over. Matches that contradict
each other are no route, one beside a regular expression neither, nor is a delegate's delegate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fairlead.compiler.istio.form import MESH, Ruled
from fairlead.compiler.istio.hosts import DOMAIN
from fairlead.compiler.istio.routes import ruled
from fairlead.compiler.part import Part
from fairlead.kinds.istio_http import (
    Delegate,
    Destination,
    HttpMatchRequest,
    HttpMirrorPolicy,
    HttpRoute,
    TextMatch,
)

TAKEN_OVER = ("rewrite", "timeout", "retries", "fault", "cors_policy", "headers")
COPIES = ("mirror", "mirrors", "mirror_percent", "mirror_percentage")
TEXTS = ("uri", "scheme", "method", "authority")
EVERYWHERE, HERE = "*", "."

Key = tuple[str, str, str]
"""Kind, namespace and name."""
Texts = Mapping[str, TextMatch | None]


class Contradiction(Exception):
    """Two matches of which no request meets both."""


class Delegates:
    """The VirtualServices of all namespaces, and who goes on with which."""

    def __init__(self, parts: Iterable[Part]) -> None:
        rules = [one for one in parts if one.calling and not one.calling.destination]
        self._rules = {_key(one): one for one in rules}
        self._roots: dict[Key, list[Part]] = {}
        self._joined: dict[Key, tuple[tuple[Ruled, str], ...]] = {}
        for part in rules:
            for _, route in _delegating(part):
                if (target := self.target(part, route.delegate)) is not None:
                    self._roots.setdefault(_key(target), []).append(part)

    def roots(self, part: Part) -> tuple[Part, ...]:
        """Return those who go on with `part`."""
        return tuple(self._roots.get(_key(part), ()))

    def target(self, part: Part, one: Delegate | None) -> Part | None:
        """Return whom `part` goes on with, None where nobody of that name may be."""
        if one is None:
            return None
        own = part.resource.namespace
        kind = part.resource.kind.called
        found = self._rules.get((kind, one.namespace or own, one.name or ""))
        if found is None or found.resource.spec.hosts:
            return None
        exported = found.resource.spec.export_to or (EVERYWHERE,)
        here = HERE in exported and found.resource.namespace == own
        return found if here or own in exported or EVERYWHERE in exported else None

    def ways(self, part: Part) -> Iterable[tuple[Ruled, str]]:
        """Return the routes of `part`, each with the namespace that short names are of."""
        calling, own = part.calling, part.resource.namespace
        if calling is None or not any(_delegating(part)):
            return ((way, own) for way in calling.ways) if calling else ()
        if _key(part) not in self._joined:
            self._joined[_key(part)] = tuple(self._followed(part))
        return self._joined[_key(part)]

    def lost(self, part: Part) -> Iterator[tuple[str, str]]:
        """Yield what of `part` leads to nobody: a reason and a message."""
        for place, route in _delegating(part):
            delegate, own = route.delegate, part.resource.namespace
            assert delegate is not None  # noqa: S101 - of those
            name = f"{delegate.namespace or own}/{delegate.name or ''}"
            target = self.target(part, delegate)
            where = f"http[{place}].delegate"
            if target is None:
                said = (
                    f"there is no {part.resource.kind.kind} {name} without hosts that {own} may use"
                )
                yield "NoDelegate", f"{where}: {said}: it is no route"
            elif not any(self._joint(part, route, target)):
                said = f"no route of {name} is about the requests that this one matches"
                yield "NoDelegate", f"{where}: {said}: it is no route"

    def _followed(self, part: Part) -> Iterator[tuple[Ruled, str]]:
        own = part.resource.namespace
        for place, route in enumerate(part.resource.spec.http or ()):
            if route.delegate is None:
                yield from ((one, own) for one in ruled(_named(part, place), route, own))
            elif (target := self.target(part, route.delegate)) is not None:
                yield from self._joint(part, route, target)

    def _joint(self, part: Part, above: HttpRoute, target: Part) -> Iterator[tuple[Ruled, str]]:
        own = target.resource.namespace
        rooted = _rooted(above, part.resource.namespace)
        for place, route in enumerate(target.resource.spec.http or ()):
            joined = _joined(rooted, route) if route.delegate is None else None
            if joined is not None:
                yield from ((one, own) for one in ruled(_named(target, place), joined, own))


def _delegating(part: Part) -> Iterator[tuple[int, HttpRoute]]:
    if part.calling is not None and not part.calling.destination:
        every = enumerate(part.resource.spec.http or ())
        yield from ((place, one) for place, one in every if one.delegate is not None)


def _key(part: Part) -> Key:
    return part.resource.kind.called, part.resource.namespace, part.resource.name


def _named(part: Part, place: int) -> str:
    return f"{part.resource.kind.kind}/{part.resource.name} http[{place}]"


def _rooted(route: HttpRoute, namespace: str) -> HttpRoute:
    """Return `route` with names that mean the same in another namespace."""
    changes: dict[str, Any] = {}
    if route.mirror is not None:
        changes["mirror"] = _whole(route.mirror, namespace)
    if route.mirrors:
        changes["mirrors"] = tuple(_copied(one, namespace) for one in route.mirrors)
    if route.match:
        changes["match"] = tuple(_entered(one, namespace) for one in route.match)
    return route.model_copy(update=changes)


def _copied(one: HttpMirrorPolicy, namespace: str) -> HttpMirrorPolicy:
    return one.model_copy(update={"destination": _whole(one.destination, namespace)})


def _whole(one: Destination, namespace: str) -> Destination:
    if "." in one.host:
        return one
    return one.model_copy(update={"host": f"{one.host}.{namespace}.{DOMAIN}"})


def _entered(one: HttpMatchRequest, namespace: str) -> HttpMatchRequest:
    named = (
        name if name == MESH or "/" in name else f"{namespace}/{name}"
        for name in one.gateways or ()
    )
    return one.model_copy(update={"gateways": tuple(named) or None})


def _joined(above: HttpRoute, own: HttpRoute) -> HttpRoute | None:
    """Return `own` with what `above` says, None where no request is meant by both."""
    changes = {name: _first(own, above, name) for name in TAKEN_OVER}
    if own.mirror is None and own.mirrors is None:
        changes |= {name: getattr(above, name) for name in COPIES}
    changes["match"] = own.match or above.match
    if own.match and above.match:
        changes["match"] = tuple(
            both for one in above.match for other in own.match if (both := _both(one, other))
        )
        if not changes["match"]:
            return None
    return own.model_copy(update=changes)


def _first(own: Any, above: Any, name: str) -> Any:
    found = getattr(own, name)
    return getattr(above, name) if found is None else found


def _both(above: HttpMatchRequest, own: HttpMatchRequest) -> HttpMatchRequest | None:
    try:
        changes: dict[str, Any] = {
            name: _narrower(getattr(above, name), getattr(own, name)) for name in TEXTS
        }
        for name in ("port", "source_namespace"):
            changes[name] = _same(getattr(above, name), getattr(own, name))
        for name in ("headers", "query_params", "arguments"):
            changes[name] = _narrowed(getattr(above, name) or {}, getattr(own, name) or {})
        for name in ("without_headers", "source_labels"):
            changes[name] = _united(getattr(above, name) or {}, getattr(own, name) or {})
    except Contradiction:
        return None
    if bool(above.ignore_uri_case) != bool(own.ignore_uri_case):
        return None
    changes["custom"] = (*(above.custom or ()), *(own.custom or ())) or None
    changes["gateways"] = own.gateways or above.gateways
    return own.model_copy(update=changes)


def _same(above: Any, own: Any) -> Any:
    if above is not None and own is not None and above != own:
        raise Contradiction
    return above if own is None else own


def _united(above: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any] | None:
    if any(above[name] != own[name] for name in above.keys() & own.keys()):
        raise Contradiction
    return {**above, **own} or None


def _narrowed(above: Texts, own: Texts) -> dict[str, TextMatch | None] | None:
    both = {name: _narrower(above[name], own[name]) for name in above.keys() & own.keys()}
    return {**above, **own, **both} or None


def _narrower(above: TextMatch | None, own: TextMatch | None) -> TextMatch | None:
    """Return the text that meets both."""
    if above is None or own is None or TextMatch() in (above, own):
        return above if own in (None, TextMatch()) else own
    if above.exact is not None and above.exact == own.exact:
        return own
    longer = own.exact if own.exact is not None else own.prefix
    if above.prefix is not None and longer is not None and longer.startswith(above.prefix):
        return own
    raise Contradiction
