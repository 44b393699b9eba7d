"""Routes as far as agents carry them out today: when, how long, how often, to which subset.

An agent sends a call to the app that was called; what a route changes beside that is carried out by
data planes of xDS alone, and its author is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fairlead.compiler.istio.form import EVERYBODY, Ruled
from fairlead.policy.match import Condition
from fairlead.policy.resilience import ALL, CallRoute, Share
from fairlead.policy.routing import match as routing
from fairlead.policy.routing.action import NO_CHANGES, Answer, Forward, Redirect, Weighted
from fairlead.policy.routing.table import Route

NOTHING = Condition(source="method", operator="in", values=())
_OPERATORS = {routing.EXACT: "==", routing.PREFIX: "prefix", routing.REGEX: "regex"}


def call_route(one: Ruled, full: str) -> CallRoute:
    """Return what an agent does with calls of the app `full`; clusters have full names.

    What it cannot decide matches nothing; where all of the weight is another host's, all instances
    share it.
    """
    route = one.route
    conditions = (NOTHING,) if one.scope != EVERYBODY else tuple(_conditions(route.match))
    return CallRoute(
        rule=route.name,
        matches=(conditions,) if conditions else (),
        timeout=route.timeout or 0.0,
        retry=route.retry,
        injection=route.injection,
        shares=_shares(route, full),
        answer=route.action if isinstance(route.action, Answer) else None,
    )


def left_out(place: str, one: Ruled) -> Iterator[str]:
    """Yield what of a route no agent carries out."""
    route, said = one.route, "agents do not carry it out, data planes of xDS do"
    if one.scope != EVERYBODY or NOTHING in _conditions(route.match):
        yield f"{place}.match: agents do not decide all of it: for them it matches nothing"
    action = route.action
    if isinstance(action, Redirect):
        yield f"{place}.redirect: {said}"
    elif isinstance(action, Forward):
        if action.path is not None or action.host is not None:
            yield f"{place}.rewrite: {said}"
        if action.mirrors:
            yield f"{place}.mirrors: {said}"
    weighted = action.clusters if isinstance(action, Forward) else ()
    if route.changes != NO_CHANGES or any(each.changes != NO_CHANGES for each in weighted):
        yield f"{place}.headers: {said}"
    if route.cors is not None:
        yield f"{place}.corsPolicy: {said}"


def _shares(route: Route, full: str) -> tuple[Share, ...]:
    action = route.action
    mine: Iterable[Weighted] = action.clusters if isinstance(action, Forward) else ()
    shares = tuple(
        Share(subset=_subset(one.cluster), weight=one.weight, fallback=_within(one.fallback, full))
        for one in mine
        if one.cluster.rpartition("|")[2] == full
    )
    if not shares:
        return ALL
    return (
        (Share(subset=shares[0].subset, fallback=shares[0].fallback),)
        if len(shares) == 1
        else shares
    )


def _within(cluster: str, full: str) -> str:
    """Return the subset that stands in, ``""`` where that is another host's."""
    return _subset(cluster) if cluster.rpartition("|")[2] == full else ""


def _subset(cluster: str) -> str:
    return cluster.split("|")[2] if cluster else ""


def _conditions(match: routing.RouteMatch) -> Iterator[Condition]:
    path = match.path
    if path.ignore_case:
        yield NOTHING
    elif path != routing.PathMatch():
        yield _condition("path", "", routing.TextMatch(kind=path.kind, value=path.value))
    for one in match.headers:
        yield _header(one)
    for query in match.queries:
        yield _condition("query", query.name, query.text)


def _header(one: routing.HeaderMatch) -> Condition:
    text = one.text
    if one.name == ":method" and text is not None:
        return _condition("method", "", text)
    if one.name.startswith(":"):
        return NOTHING
    if one.invert and text is not None and text.kind == routing.EXACT:
        return Condition(source="header", key=one.name, operator="!=", values=(text.value,))
    if one.invert or not one.present:
        return NOTHING
    return _condition("header", one.name, text)


def _condition(source: str, key: str, text: routing.TextMatch | None) -> Condition:
    if text is None:
        return Condition(source=source, key=key, operator="exists")
    operator = _OPERATORS[text.kind]
    return Condition(source=source, key=key, operator=operator, values=(text.value,))
