"""What clients of gRPC are given in place of what they refuse, or leave undone without a word.

They carry out a part of what Envoy does (gRFC A27, A28, A31, A42, A44), and refuse a whole table,
or a cluster, for a word that they do not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from fairlead.policy.balance import MAGLEV, RING_HASH, ROUND_ROBIN
from fairlead.policy.mesh import MeshCluster
from fairlead.policy.routing.match import REGEX, SEPARATED_PREFIX, HeaderMatch, PathMatch
from fairlead.policy.routing.predicates import text_test
from fairlead.policy.routing.table import Route

FACTS = {":method": ("POST",), ":scheme": ("http",)}
"""What is known of every call. They have no such headers, and a test of one never holds."""
MOST_EITHER = 4
"""Headers of a route that may be missing, each of which doubles it."""
LEAST_PAUSE = 0.005
"""Seconds. A pause that is rounded to nothing is never over in gRPC's core (seen in 1.85)."""


def routes(found: Iterable[Route], names: tuple[str, ...]) -> Iterator[Route]:
    """Yield routes of a host as they take them; `names` are what it is called."""
    facts = {**FACTS, ":authority": names}
    for one in found:
        headers = list(_known(one.match.headers, facts))
        if None not in headers:
            told = tuple(header for header in headers if isinstance(header, HeaderMatch))
            for each in _alternatives(told):
                yield _route(replace(one, match=replace(one.match, headers=each)))


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
    return replace(one, cors=None, grpc_timeout=limit, retry=retry)


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
