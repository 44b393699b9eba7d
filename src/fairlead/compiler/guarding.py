"""Which rules about the flow of calls concern a request, as far as the control plane can tell.

Which route a path belongs to is the application's to decide: of `/orders/{id}` and `/orders/new`
both may be meant. All rules are told whose resource may be the request's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from fairlead.compiler.request import Request
from fairlead.policy.overload import excepted
from fairlead.policy.resource import is_route, resource_name
from fairlead.policy.rule import Rule
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.wording import worded

MOST = 50
"""Rules that an answer tells; a request has few, and a pattern may be meant by thousands."""

LONGEST = 1024
"""Characters of a path that patterns are held against."""

_VARIABLE = re.compile(r"\{[^{}]{1,256}\}")


def guarding(snapshot: Snapshot, request: Request) -> list[dict[str, Any]]:
    """Return the rules that may concern `request`, in the order in which it would meet them."""
    return [
        {
            "rule": rule.rule,
            "strategy": rule.strategy,
            "resource": rule.resource,
            "says": worded(rule),
        }
        for rule in islice(guards(snapshot, request), MOST)
    ]


def guards(snapshot: Snapshot, request: Request) -> Iterator[Rule]:
    """Yield the rules that may concern `request`, in order."""
    path = (request.path() or "/")[:LONGEST]
    name = resource_name(f"{request.method() or 'GET'}:{path}").replace("HEAD:", "GET:", 1)
    if snapshot.overload is not None and not excepted(snapshot.overload, path):
        yield snapshot.overload
    yield from (rule for rule in snapshot.flow if _concerns(rule, name, path))


def _concerns(rule: Rule, name: str, path: str) -> bool:
    if rule.regex:
        # Names of routes have variables: a pattern is held against what stands in their place.
        return any(re.fullmatch(rule.resource, one) is not None for one in (name, path))
    if not is_route(rule.resource):
        return False
    asked = path if rule.resource.startswith("/") else name
    return _like(rule.resource).fullmatch(asked) is not None


@lru_cache(maxsize=4096)
def _like(resource: str) -> re.Pattern[str]:
    """Return what the requests of a route look like; a variable at the end may hold slashes."""
    texts = _VARIABLE.split(resource)
    open_end = len(texts) > 1 and not texts[-1]
    inner = texts[:-2] if open_end else texts[:-1]
    words = [f"{re.escape(text)}[^/]+" for text in inner]
    last = f"{re.escape(texts[-2])}.+" if open_end else re.escape(texts[-1])
    return re.compile("".join(words) + last)
