"""Why a request is on the lane it is on: what the agent would decide, with the reasons.

Decides nothing itself: conditions, labels and endpoints are held against the very code that agents
run, on the snapshot that the workload has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from fairlead.compiler.compile import World
from fairlead.compiler.request import Question, Request
from fairlead.compiler.select import PRECEDENCE
from fairlead.flow import baggage
from fairlead.flow.call import Call
from fairlead.flow.lane import Lanes
from fairlead.flow.route import Routes
from fairlead.policy.endpoint import Service
from fairlead.policy.governance import ON
from fairlead.policy.lane import Colouring
from fairlead.policy.match import Condition, compile_condition
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import BASE

Holds = Literal["yes", "no", "by chance"]

_LOW, _HIGH = 0.0, 1.0 - 2.0**-53


def explain(world: World, query: dict[str, Any]) -> dict[str, Any]:
    """Answer a question (`request.Question`) about one request at one app.

    The answer's `rules` are in order of precedence, each with its conditions and a `result`: won,
    lost, possible (a draw decides) or no match. `lane` is the outcome, ``""`` for base; `possible`
    are lanes that a draw may give before it. Where `governance` is not on, no rule decides, and the
    results say what would be. `hops` says for every service who would serve a call
    on that lane, and who is excluded from it and why. Raises InvalidQuery.
    """
    question = Question.of(query)
    snapshot = world.snapshot(question.namespace, question.app)
    request = question.request
    verdicts = [_verdict(c, request) for c in snapshot.entry.colourings] if snapshot.entry else []
    winner = next((v for v in verdicts if v["matches"] == "yes"), None)
    lane, why = _outcome(snapshot, request, winner)
    possible = list(_possible(verdicts, winner))
    return {
        "namespace": question.namespace,
        "app": question.app,
        "revision": snapshot.revision,
        "known": any(_is(service, question) for service in snapshot.services),
        "entry": snapshot.entry is not None,
        "governance": snapshot.governance,
        "lane": lane,
        "why": why,
        "winner": winner["rule"] if winner else None,
        "possible": possible,
        "rules": [_with_result(verdict, winner, possible) for verdict in verdicts],
        "hops": list(_hops(snapshot, lane)),
    }


def _is(service: Service, question: Question) -> bool:
    return (service.namespace, service.app) == (question.namespace, question.app)


def _verdict(colouring: Colouring, request: Request) -> dict[str, Any]:
    conditions = [_condition(condition, request) for condition in colouring.conditions]
    held = {condition["holds"] for condition in conditions}
    matches: Holds = "no" if "no" in held else "by chance" if "by chance" in held else "yes"
    return {
        "rule": colouring.rule,
        "lane": colouring.lane,
        "matches": matches,
        "conditions": conditions,
    }


def _condition(condition: Condition, request: Request) -> dict[str, Any]:
    test = compile_condition(condition)
    low, high = test(request, lambda: _LOW), test(request, lambda: _HIGH)
    holds: Holds = "yes" if high else "by chance" if low else "no"
    return {"condition": worded(condition), "got": _got(condition, request), "holds": holds}


def worded(condition: Condition) -> str:
    """Return a condition as one reads it: ``header location == cn-shenzhen``."""
    words = [condition.source, condition.key, condition.operator, ", ".join(condition.values)]
    return " ".join(word for word in words if word)


def _got(condition: Condition, request: Request) -> str | None:
    match condition.source:
        case "header":
            return request.header(condition.key)
        case "query":
            return request.query(condition.key)
        case "cookie":
            return request.cookie(condition.key)
        case "path":
            return request.path()
        case "method":
            return request.method()
        case "source-ip":
            return request.source_ip()
    return request.trace()


def _outcome(
    snapshot: Snapshot, request: Request, winner: dict[str, Any] | None
) -> tuple[str, str]:
    app = snapshot.workload.app
    if snapshot.entry is not None and snapshot.governance != ON:
        return snapshot.workload.lane, _unenforced(snapshot, winner)
    if winner:
        return winner["lane"], f"{winner['rule']} matches at the entry {app}"
    if snapshot.entry is not None:
        return BASE, f"no rule matches at the entry {app}, and labels from outside do not count"
    lanes = Lanes(snapshot)
    lane = lanes.inherit(_labels(request, lanes.key_set))
    if lane != BASE:
        return lane, f"{app} is no entry: it takes the label that the request carries"
    return BASE, f"{app} is no entry, and the request carries no label"


def _unenforced(snapshot: Snapshot, winner: dict[str, Any] | None) -> str:
    workload, mode = snapshot.workload, snapshot.governance
    would = f"; {winner['rule']} would choose {winner['lane']}" if winner else ""
    return f"governance of namespace {workload.namespace} is {mode}: no rule is enforced{would}"


def _labels(request: Request, keys: frozenset[str]) -> dict[str, str]:
    ours, _ = baggage.split(request.header("baggage") or "", keys)
    plain = {key: value for key in keys if (value := request.header(key)) is not None}
    return plain | ours


def _possible(
    verdicts: list[dict[str, Any]], winner: dict[str, Any] | None
) -> Iterator[dict[str, Any]]:
    """Yield the rules that a draw decides and that come before the winner."""
    for verdict in verdicts:
        if verdict is winner:
            return
        if verdict["matches"] == "by chance":
            yield {"rule": verdict["rule"], "lane": verdict["lane"]}


def _with_result(
    verdict: dict[str, Any], winner: dict[str, Any] | None, possible: list[dict[str, Any]]
) -> dict[str, Any]:
    if verdict is winner:
        return {**verdict, "result": "won"}
    if verdict["matches"] == "no":
        return {**verdict, "result": "no match"}
    if any(one["rule"] == verdict["rule"] for one in possible):
        return {**verdict, "result": "possible"}
    why = f"{winner['rule'] if winner else ''} goes first: {PRECEDENCE}"
    return {**verdict, "result": "lost", "why": why}


def _hops(snapshot: Snapshot, lane: str) -> Iterator[dict[str, Any]]:
    routes = Routes(snapshot)
    own = snapshot.workload.namespace
    for service in snapshot.services:
        host = service.app if service.namespace == own else f"{service.app}.{service.namespace}"
        call = Call(host=host.lower(), lane=lane, method="GET")
        found = routes.candidates(call)
        first = found[0].lane if found else None
        serving = [endpoint.address for endpoint in found if endpoint.lane == first]
        side = "none" if first is None else "base" if first == BASE else "lane"
        yield {
            "host": host,
            "side": side,
            "lane": first or BASE,
            "endpoints": sorted(serving),
            "excluded": [{"address": where, "why": why} for where, why in routes.unfit(call)],
        }
