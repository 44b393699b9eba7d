"""What becomes of a call that an app makes by another one's name: which route, whom, and as what.

Decides nothing itself: routes are held against the tests that agents run (`policy.routing`), and
instances are those of `flow.route`, on the snapshot that the workload has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fairlead.compiler.compile import World
from fairlead.compiler.labels import Pairs, pairs
from fairlead.compiler.request import InvalidQuery, headers_of
from fairlead.flow.route import Callee, Pool, Routes
from fairlead.policy.call_wording import parts, route_asked, route_worded
from fairlead.policy.calls import DOMAIN, CalleeRules
from fairlead.policy.routing import predicates
from fairlead.policy.routing.action import Forward
from fairlead.policy.routing.match import RouteMatch
from fairlead.policy.routing.matchers import BUILT_IN
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Decision
from fairlead.policy.routing.table import SEPARATORS, Route, RouteTable, VirtualHost
from fairlead.policy.workload import BASE, DEFAULT_NAMESPACE, lane_name

ASKED = ("app", "namespace", "labels", "lane", "call", "method", "headers")
TAKEN, MISSED, MAYBE, BEHIND = "taken", "no match", "possible", "not reached"
MOST_SHOWN = 16
"""Instances of a cluster that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Called:
    """The call that is asked about."""

    namespace: str
    app: str
    labels: Pairs
    lane: str
    host: str
    request: Request


def explain_call(world: World, query: Mapping[str, Any]) -> dict[str, Any]:
    """Answer what becomes of a `call` (``http://HOST/PATH?QUERY``) of a workload of `app`.

    `namespace`, `labels` (a map), `lane`, `method` and `headers` (a list of pairs, or a map) are
    optional. `routes` are in order, each with its `rule`, what is `asked`, and a `result`: taken,
    no match with the test that is `missed`, possible where a draw or the process that calls
    decides, or not reached. `taken` says what is done: `says` in words, the `status` of an answer,
    or `sent` (path, host and headers as they arrive) and `clusters`, each with its `share` in
    percent and its instances, those of the `lane` first and base `behind`. Without a route about
    the app any instance may get it. `callee` is None for nobody's host. Raises InvalidQuery.
    """
    asked = _read(query)
    snapshot = world.snapshot(asked.namespace, asked.app, asked.labels)
    known = Routes(snapshot)
    callee = known.callees.get(asked.host)
    rules = {one.host: one for one in (snapshot.calls.callees if snapshot.calls else ())}
    own = next((one for one in rules.values() if _callee(known, one.host) is callee), None)
    answer = {
        "namespace": asked.namespace,
        "app": asked.app,
        "revision": snapshot.revision,
        "governance": snapshot.governance,
        "host": asked.host,
        "lane": asked.lane,
        "callee": None if callee is None else callee.resource.partition(":")[2],
        "routes": [],
        "taken": None,
    }
    if callee is None:
        return answer
    if own is None or not own.routes:
        whole = CalleeRules(namespace="", app="") if own is None else own
        return answer | {"clusters": [_instances("", 100.0, callee, whole, asked.lane)]}
    told, route = _held(own, asked.request)
    taken = None if route is None else _taken(route, own.host, asked)
    if route is not None and isinstance(route.action, Forward):
        clusters = list(_clusters(route.action, known, rules, asked.lane))
        return answer | {"routes": told, "taken": taken, "clusters": clusters}
    nobody = {"rule": None, "says": "answered with 404: no route is for it", "status": 404}
    return answer | {"routes": told, "taken": taken or nobody}


def _read(query: Mapping[str, Any]) -> _Called:
    unknown = sorted(str(key) for key in query if key not in ASKED)
    if unknown:
        raise InvalidQuery(f"unknown field {', '.join(unknown)}; known: {', '.join(ASKED)}")
    texts = {"namespace": DEFAULT_NAMESPACE, "lane": BASE, "method": "GET", "app": "", "call": ""}
    for key, usual in texts.items():
        texts[key] = query.get(key, usual)
        if not isinstance(texts[key], str):
            raise InvalidQuery(f"{key}: must be a text")
    labels = query.get("labels") or {}
    if not isinstance(labels, Mapping) or not all(isinstance(one, str) for one in labels.values()):
        raise InvalidQuery("labels: must be a map of texts")
    if not texts["app"]:
        raise InvalidQuery("app: required: the app that calls")
    lane = lane_name(texts["lane"])
    if lane is None:
        raise InvalidQuery(f"lane: {texts['lane']!r} can name no lane")
    host, path = _target(texts["call"])
    headers: dict[str, str] = {}
    for name, value in headers_of(query.get("headers", ())):
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    request = Request(
        authority=headers.get("host", host),
        path=path,
        method=texts["method"].upper(),
        headers=headers,
    )
    return _Called(
        namespace=texts["namespace"],
        app=texts["app"],
        labels=pairs(labels),
        lane=lane,
        host=host.removesuffix(":80").lower(),
        request=request,
    )


def _target(call: str) -> tuple[str, str]:
    """Return host and path of a URL."""
    rest = call.removeprefix("http://")
    host, slash, path = rest.partition("/")
    if not host or "://" in rest:
        raise InvalidQuery("call: required: what is called, as http://orders/cart?a=b")
    return host, f"/{path}" if slash else "/"


def _held(rules: CalleeRules, request: Request) -> tuple[list[dict[str, Any]], Route | None]:
    """Return each route with what came of it, and the one that is taken."""
    told: list[dict[str, Any]] = []
    taken: Route | None = None
    for route in rules.routes:
        one: dict[str, Any] = {
            "rule": route.name,
            "asked": route_asked(route),
            "says": route_worded(route, rules.host),
            "result": BEHIND,
        }
        told.append(one)
        if taken is not None:
            continue
        missed = next(_missed(route, request), None)
        if missed is not None:
            one |= {"result": MISSED, "missed": missed}
        elif any(_undecided(part) for _, part in parts(route.match)):
            one["result"] = MAYBE
        else:
            one["result"], taken = TAKEN, route
    return told, taken


def _missed(route: Route, request: Request) -> Iterator[str]:
    """Yield the tests of a route that the request fails, of those that can be decided here."""
    for words, part in parts(route.match):
        tests = predicates.all_of(part, BUILT_IN)
        held = _undecided(part) or all(test(request, request.plain_path, []) for test in tests)
        if not held:
            yield words


def _undecided(part: RouteMatch) -> bool:
    """Tell whether only the process that calls knows: a draw, a message, a package's own test."""
    own = any(one.name not in BUILT_IN for one in part.custom)
    return part.fraction is not None or bool(part.metadata) or own


def _taken(route: Route, host: str, asked: _Called) -> dict[str, Any]:
    decision = Decision(
        table=RouteTable(),
        request=asked.request,
        host=VirtualHost(name=host, domains=("*",)),
        route=route,
        cluster="one of them",
    )
    found: dict[str, Any] = {
        "rule": route.name,
        "says": route_worded(route, host),
        "status": decision.status,
        "location": decision.location,
    }
    if decision.status is None:
        headers, remarks = decision.sent()
        before = {**asked.request.headers, ":authority": asked.request.authority}
        found["sent"] = {
            "method": asked.request.method,
            "path": next(value for name, value in headers if name == ":path"),
            "host": next(value for name, value in headers if name == ":authority"),
            "headers": [
                [name, value]
                for name, value in headers
                if not name.startswith(":") and before.get(name) != value
            ],
            "removed": sorted(set(asked.request.headers) - {name for name, _ in headers}),
        }
        found["remarks"] = list(remarks)
    return found


def _clusters(
    action: Forward, known: Routes, rules: Mapping[str, CalleeRules], lane: str
) -> Iterator[dict[str, Any]]:
    total = sum(one.weight for one in action.clusters) or 1
    for one in action.clusters:
        share = 100.0 if len(action.clusters) == 1 else 100 * one.weight / total
        found = _cluster(one.cluster, share, known, rules, lane)
        if one.fallback and not (found["instances"] or found["behind"]):
            spare = _cluster(one.fallback, share, known, rules, lane)
            found["fallback"] = spare
        yield found
    for mirror in action.mirrors:
        yield _cluster(mirror.cluster, 0.0, known, rules, lane) | {"mirror": True}


def _cluster(
    name: str, share: float, known: Routes, rules: Mapping[str, CalleeRules], lane: str
) -> dict[str, Any]:
    nobody = {"name": name, "share": share, "instances": [], "behind": [], "left_out": []}
    if name.count("|") != SEPARATORS:
        return nobody
    _, _, subset, host = name.split("|")
    callee = _callee(known, host)
    if callee is None:
        return nobody
    own = rules.get(host) or CalleeRules(namespace="", app="")
    if subset and subset not in {one.subset for one in own.clusters}:
        return nobody
    return _instances(subset, share, callee, own, lane) | {"name": name}


def _instances(
    subset: str, share: float, callee: Callee, rules: CalleeRules, lane: str
) -> dict[str, Any]:
    cluster = next((one for one in rules.clusters if one.subset == subset), None)
    only = None if cluster is None or cluster.addresses is None else set(cluster.addresses)
    pool: Pool = callee.pools.get(lane) or callee.pools[BASE]

    def among(found: tuple[Any, ...]) -> list[str]:
        return [one.address for one in found if only is None or one.address in only][:MOST_SHOWN]

    first, base = among(pool.first), among(pool.base)
    return {
        "name": f"subset {subset}" if subset else "",
        "share": share,
        "instances": first or base,
        "behind": base if first else [],
        "left_out": [list(pair) for pair in pool.unfit][:MOST_SHOWN],
    }


def _callee(known: Routes, host: str) -> Callee | None:
    return known.callees.get(host.removesuffix(f".{DOMAIN}").lower())
