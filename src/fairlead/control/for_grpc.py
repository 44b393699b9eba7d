"""What clients of gRPC are given in place of what they refuse, or leave undone without a word.

They carry out a part of what Envoy does (gRFC A27, A28, A31, A42, A44), and refuse a whole table,
or a cluster, for a word that they do not know.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from fairlead.control.destinations import LANE, clusters_of
from fairlead.policy.balance import MAGLEV, RING_HASH, ROUND_ROBIN
from fairlead.policy.mesh import MeshCluster
from fairlead.policy.resilience import Injection
from fairlead.policy.routing.action import Answer, Forward, Redirect, Weighted
from fairlead.policy.routing.match import (
    REGEX,
    SEPARATED_PREFIX,
    HeaderMatch,
    PathMatch,
    QueryMatch,
    RouteMatch,
)
from fairlead.policy.routing.predicates import text_test
from fairlead.policy.routing.table import Route, RouteTable

FACTS = {
    ":method": ("POST",),
    ":scheme": ("http",),
    "content-type": ("application/grpc", "application/grpc+proto"),
}
"""What is known of every call. Not all have such headers, and then a test of one never holds."""
MOST_EITHER = 4
"""Headers of a route that may be missing, each of which doubles it."""
MOST_SPARE = 16
"""Clusters of a host that are named beforehand."""
_IS = HeaderMatch(name="x-fairlead-never")
SPARE = "spare"
"""Name of the route that names them."""
NEVER = RouteMatch(headers=(_IS, replace(_IS, invert=True)))
"""Holds of no call."""
NOBODY = "BlackHoleCluster"
"""Cluster without instances."""
LEAST_PAUSE = 0.005
"""Seconds. A pause that is rounded to nothing is never over in gRPC's core (seen in 1.85)."""


def routes(found: Iterable[Route], names: tuple[str, ...]) -> Iterator[Route]:
    """Yield routes of a host as they take them; `names` are what it is called."""
    facts = {**FACTS, ":authority": names}
    for one in found:
        headers = list(_known(one.match.headers, facts))
        if None not in headers and not any(map(_asks, one.match.queries)):
            told = tuple(header for header in headers if isinstance(header, HeaderMatch))
            for each in _alternatives(told):
                match = replace(one.match, headers=tuple(map(_there, each)), queries=())
                yield _route(replace(one, match=match))


def kept(tables: Iterable[RouteTable], clusters: Iterable[str]) -> Iterator[RouteTable]:
    """Yield tables whose subsets are all named, by a route that no call takes, if one of them is.

    A cluster that is new to a client is called before it is ready for it: in gRPC of Go such calls
    fail. So those that a rule may choose next are there beforehand.
    """
    subsets: dict[str, list[str]] = defaultdict(list)
    for name in clusters:
        _, _, slot, host = _parts(name)
        if slot and not slot.startswith(LANE):
            subsets[host].append(name)
    for table in tables:
        (one,) = table.hosts
        named = set(clusters_of(table.hosts))
        ports = {_parts(name)[1] for name in named}
        found = [name for name in subsets[one.name] if _parts(name)[1] in ports]
        spare = tuple(Weighted(cluster=name) for name in found if name not in named)
        more: tuple[Route, ...] = ()
        if spare and len(spare) < len(found) and len(spare) <= MOST_SPARE:
            action = Forward(clusters=spare)
            more = (Route(name=SPARE, match=NEVER, action=action, timeout=0),)
        yield replace(table, hosts=(replace(one, routes=(*one.routes, *more)),))


def _parts(cluster: str) -> list[str]:
    found = cluster.split("|", 3)
    return found if len(found) == 4 else [""] * 4


def cluster(one: MeshCluster) -> MeshCluster:
    """Return a cluster as they take it: turns or a ring choose instances.

    A channel has the credentials of its own: a cluster with files of others is refused.
    """
    balance = one.balance
    if balance.algorithm == MAGLEV:
        balance = replace(balance, algorithm=RING_HASH, size=0)
    elif balance.algorithm != RING_HASH:
        balance = replace(balance, algorithm=ROUND_ROBIN)
    return replace(one, tls=None, balance=balance)


def _route(one: Route) -> Route:
    """Return a route without prefixes of whole elements, and CORS, which is for browsers.

    What a call may take they read as the most that a caller may say of it.
    """
    path, retry = one.match.path, one.retry
    if path.kind == SEPARATED_PREFIX:
        expression = f"{re.escape(path.value.rstrip('/'))}(?:/.*)?"
        known = PathMatch(kind=REGEX, value=expression)
        one = replace(one, match=replace(one.match, path=known))
    if retry is not None and retry.backoff < LEAST_PAUSE:
        longest = max(retry.longest, LEAST_PAUSE)
        retry = replace(retry, backoff=LEAST_PAUSE, longest=longest)
    limit = one.timeout if one.grpc_timeout is None else one.grpc_timeout
    return replace(_sent(one), cors=None, grpc_timeout=limit, retry=retry)


def _sent(one: Route) -> Route:
    """Return a route that sends calls: what is answered at once is a fault on purpose.

    Of a route that sends nothing, gRPC of Java refuses the table, and a process of Node ends.
    """
    if isinstance(one.action, Forward):
        return one
    status = 503
    if isinstance(one.action, Answer):
        status = one.action.status
    elif isinstance(one.action, Redirect):
        status = one.action.code
    action = Forward(clusters=(Weighted(cluster=NOBODY),))
    return replace(one, action=action, injection=Injection(status=status, abort_percent=100.0))


def _known(
    headers: Iterable[HeaderMatch], facts: dict[str, tuple[str, ...]]
) -> Iterator[HeaderMatch | None]:
    """Yield the tests that a call decides; None for one that no call passes."""
    for one in headers:
        values = facts.get(one.name)
        if values is None or one.range is not None:
            yield one
            continue
        held = {
            (one.present if one.text is None else text_test(one.text)(value)) != one.invert
            for value in values
        }
        if held == {True}:
            continue
        yield None if held == {False} else one


def _asks(one: QueryMatch) -> bool:
    """Tell whether a parameter has to be there: no call has any, which gRPC of Node overlooks."""
    return one.text is not None or one.present


def _there(one: HeaderMatch) -> HeaderMatch:
    """Return a test whether a header is missing as gRPC of Node reads it, too: it is not there."""
    if one.text is not None or one.range is not None or one.present:
        return one
    return replace(one, present=True, invert=not one.invert)


def _alternatives(headers: tuple[HeaderMatch, ...]) -> Iterator[tuple[HeaderMatch, ...]]:
    """Yield `headers` so that none is empty where it is missing: it is missing, or is so.

    That a missing header is empty they do not read: to them, its test fails.
    """
    either = [one for one in headers if one.missing_is_empty and one.text is not None]
    if len(either) > MOST_EITHER:
        yield headers
        return
    yield from product(*(tuple(_either(one)) for one in headers))


def _either(one: HeaderMatch) -> Iterator[HeaderMatch]:
    yield replace(one, missing_is_empty=False)
    if one.missing_is_empty and one.text is not None and text_test(one.text)("") != one.invert:
        yield HeaderMatch(name=one.name, present=False)
