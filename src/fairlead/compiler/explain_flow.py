"""Which rules a call of a resource meets, in their order, and what it is answered by each.

Decides nothing: rules are those of the workload's snapshot, matched by name as `flow.gates` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from fairlead.compiler.calls import addressed
from fairlead.compiler.compile import World
from fairlead.compiler.labels import Pairs, pairs
from fairlead.compiler.meeting import counted_at
from fairlead.compiler.request import InvalidQuery
from fairlead.flow import refusal
from fairlead.flow.refusal import Refusal
from fairlead.flow.rejected import Rejected
from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.call_wording import cluster_worded, route_asked, route_worded
from fairlead.policy.calls import Calls
from fairlead.policy.fallback import Fallback
from fairlead.policy.limit import (
    NOT_FOUND,
    Authority,
    ConcurrencyLimit,
    HotLimit,
    RateLimit,
    Throttle,
)
from fairlead.policy.overload import OverloadProtection, excepted
from fairlead.policy.resource import OUTBOUND, is_route, resource_name, scopes
from fairlead.policy.rule import Rule
from fairlead.policy.wording import worded
from fairlead.policy.workload import DEFAULT_NAMESPACE

LONGEST = 1200
"""Characters of a resource's name: patterns are held against it."""

ASKED = ("app", "namespace", "resource", "labels")

_REASONS: tuple[tuple[type[Rule], str], ...] = (
    (OverloadProtection, refusal.OVERLOAD),
    (Authority, refusal.AUTHORITY),
    (HotLimit, refusal.HOT),
    (RateLimit, refusal.RATE),
    (Throttle, refusal.QUEUE),
    (ConcurrencyLimit, refusal.CONCURRENCY),
    (CircuitBreaker, refusal.BREAKER),
)
"""The order in which a call meets rules, and why each rejects."""


def explain_flow(world: World, query: Mapping[str, Any]) -> dict[str, Any]:
    """Answer which rules a call of `resource` meets at a workload of `app`.

    `namespace` and `labels` of the workload, a map, are optional. The `rules` are in order, each
    with the resource that it counts at, its `limit` in words, and the `answer` to a call that it
    rejects, `given` if its author wrote one for HTTP. `governance` is that of the namespace.
    `calls` is what VirtualServices and DestinationRules say of a call of an app (``call:APP``),
    None where they say nothing: `routes` in order, of which the first one counts whose `asked`
    holds, and `clusters`, which decide the instance, by `subset`.
    `meant` are resources of a like name that rules are for, where there is no rule for this one.
    Raises InvalidQuery.
    """
    app, namespace, resource, labels = _read(query)
    snapshot = world.snapshot(namespace, app, labels)
    names = scopes(resource)
    rules: list[Rule] = [rule for rule in snapshot.flow if counted_at(rule, names)]
    elsewhere = len(list(snapshot.flow)) - len(rules)
    if (protection := snapshot.overload) is not None and _comes_in(resource, protection):
        rules.append(protection)
    known = any((one.namespace, one.app) == (namespace, app) for one in snapshot.services)
    return {
        "namespace": namespace,
        "app": app,
        "revision": snapshot.revision,
        "known": known,
        "governance": snapshot.governance,
        "resource": resource,
        "scopes": list(names),
        "rules": [_told(rule, names) for rule in _ordered(rules, names)],
        "calls": _calls(snapshot.calls, resource, namespace),
        "elsewhere": elsewhere,
        "meant": [] if rules else _like(resource, snapshot.flow),
    }


def _read(query: Mapping[str, Any]) -> tuple[str, str, str, Pairs]:
    unknown = sorted(str(key) for key in query if key not in ASKED)
    if unknown:
        raise InvalidQuery(f"unknown field {', '.join(unknown)}; known: {', '.join(ASKED)}")
    for key in ("app", "resource"):
        if not isinstance(query.get(key), str) or not query[key]:
            raise InvalidQuery(f"{key}: required: a text")
    if len(query["resource"]) > LONGEST:
        raise InvalidQuery(f"resource: longer than {LONGEST} characters")
    namespace, labels = query.get("namespace", DEFAULT_NAMESPACE), query.get("labels") or {}
    if not isinstance(namespace, str):
        raise InvalidQuery("namespace: must be a string")
    if not isinstance(labels, Mapping) or not all(isinstance(one, str) for one in labels.values()):
        raise InvalidQuery("labels: must be a map of texts")
    return query["app"], namespace, resource_name(query["resource"]), pairs(labels)


def _calls(calls: Calls | None, resource: str, namespace: str) -> dict[str, Any] | None:
    if calls is None or not resource.startswith(OUTBOUND):
        return None
    host = resource.removeprefix(OUTBOUND).partition(":/")[0]
    for one in calls.callees:
        if addressed(host, one.app, one.namespace, namespace):
            return {
                "app": f"{one.app}.{one.namespace}",
                "routes": [
                    {
                        "rule": way.name,
                        "asked": route_asked(way),
                        "says": route_worded(way, one.host),
                    }
                    for way in one.routes
                ],
                "clusters": [
                    {
                        "rule": cluster.rule,
                        "subset": cluster.subset,
                        "says": cluster_worded(cluster),
                    }
                    for cluster in one.clusters
                ],
            }
    return None


def _ordered(rules: list[Rule], names: tuple[str, ...]) -> Iterator[Rule]:
    """Yield `rules` by what they do, and of each sort those of wider resources first."""
    for kind, _ in _REASONS:
        mine = (rule for rule in rules if isinstance(rule, kind))
        yield from sorted(mine, key=lambda rule: names.index(counted_at(rule, names) or names[0]))


def _told(rule: Rule, names: tuple[str, ...]) -> dict[str, Any]:
    reason = next(reason for kind, reason in _REASONS if isinstance(rule, kind))
    return {
        "rule": rule.rule,
        "strategy": rule.strategy,
        "reason": reason,
        "resource": counted_at(rule, names) or rule.resource,
        "pattern": rule.resource if rule.regex else None,
        "mode": rule.mode,
        "limit": worded(rule),
        "answer": _answer(_refusal(rule, names[-1], reason), rule.fallback),
    }


def _comes_in(resource: str, protection: OverloadProtection) -> bool:
    """Tell whether calls of `resource` come in from others, and may be rejected."""
    if not is_route(resource) and resource != NOT_FOUND:
        return False
    return not excepted(protection, resource[resource.find("/") :])


def _refusal(rule: Rule, resource: str, reason: str) -> Refusal:
    process = isinstance(rule, OverloadProtection)
    return Refusal(rule, rule.resource if process else resource, reason)


def _answer(refused: Refusal, fallback: Fallback) -> dict[str, Any]:
    return {
        "status": fallback.status,
        "headers": [list(header) for header in fallback.headers],
        "body": refused.body if fallback.body is None else fallback.body,
        "given": Rejected(refused).answers,
        "grpc_status": fallback.grpc_status,
        "grpc_message": fallback.grpc_message,
        "value": fallback.value,
    }


def _like(resource: str, rules: Any) -> list[str]:
    named = sorted({rule.resource for rule in rules if not rule.regex})
    return get_close_matches(resource, named, n=3)
