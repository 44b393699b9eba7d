"""Why a request is on the lane it is on: what the agent would decide, with the reasons.

Decides nothing itself: rules, labels and endpoints are held against the very code that agents run
(`flow.lane`, `flow.route`), on the snapshot that the workload has. Here it is only told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Literal

from fairlead.compiler.compile import World
from fairlead.compiler.guarding import guarding
from fairlead.compiler.request import Question, Request
from fairlead.compiler.select import PRECEDENCE
from fairlead.compiler.whereabouts import hops
from fairlead.flow import baggage
from fairlead.flow.lane import Lanes
from fairlead.policy.governance import OFF, ON
from fairlead.policy.lane import Colouring
from fairlead.policy.match import Condition, compile_condition
from fairlead.policy.snapshot import Snapshot

Holds = Literal["yes", "no", "by chance"]

_LOW, _HIGH = 0.0, 1.0 - 2.0**-53


def explain(world: World, query: dict[str, Any]) -> dict[str, Any]:
    """Answer a question (`request.Question`) about one request at one app.

    The answer's `rules` are in order of precedence, each with its conditions and a `result`: won,
    lost, possible (a draw decides) or no match. `lane` is the outcome, ``""`` for base; `possible`
    are lanes that a draw may give before it; `runner_up` is what would win without the winner, its
    `rule` None where the request would stay on `lane`. Where `governance` is not on, no rule
    decides, and the results say what would be. `hops` says for every service who may serve a call
    on that lane (`compiler.whereabouts`), the app itself among them. `guards` are the rules about
    the flow of calls that may concern it (`compiler.guarding`). `meant` are known apps of a
    like name, where the app is not known. Raises InvalidQuery.
    """
    question = Question.of(query)
    snapshot = world.snapshot(question.namespace, question.app)
    request = question.request
    colourings = snapshot.entry.colourings if snapshot.entry else ()
    verdicts = [_verdict(colouring, request) for colouring in colourings]
    chosen = _chosen(snapshot, request)
    winner = next((v for v, c in zip(verdicts, colourings, strict=True) if c is chosen), None)
    lane, why = _outcome(snapshot, request, winner)
    possible = list(_possible(verdicts, winner))
    return {
        "namespace": question.namespace,
        "app": question.app,
        "revision": snapshot.revision,
        "known": _is_known(snapshot),
        "meant": [] if _is_known(snapshot) or snapshot.entry else _meant(world, snapshot),
        "entry": snapshot.entry is not None,
        "governance": snapshot.governance,
        "lane": lane,
        "why": why,
        "winner": winner["rule"] if winner else None,
        "runner_up": _runner_up(snapshot, request, chosen),
        "possible": possible,
        "rules": [_with_result(verdict, winner, possible) for verdict in verdicts],
        "elsewhere": list(_elsewhere(world, snapshot, request, lane)),
        "hops": list(hops(snapshot, lane)),
        "guards": [] if snapshot.governance == OFF else guarding(snapshot.flow, request),
    }


def _is_known(snapshot: Snapshot) -> bool:
    own = snapshot.workload
    return any((one.namespace, one.app) == (own.namespace, own.app) for one in snapshot.services)


def _meant(world: World, snapshot: Snapshot) -> list[str]:
    """Return the known apps of the namespace that are called nearly as the workload is."""
    workload = snapshot.workload
    apps = {one.app for one in snapshot.services if one.namespace == workload.namespace}
    return get_close_matches(workload.app, sorted(apps | world.entries(workload.namespace)), n=1)


def _chosen(snapshot: Snapshot, request: Request) -> Colouring | None:
    """Return the colouring that wins where rules are enforced, and draws go against them."""
    return Lanes(replace(snapshot, governance=ON)).colour(request, lambda: _HIGH)[1]


def _runner_up(
    snapshot: Snapshot, request: Request, chosen: Colouring | None
) -> dict[str, Any] | None:
    entry = snapshot.entry
    if entry is None or chosen is None:
        return None
    others = tuple(one for one in entry.colourings if one is not chosen)
    without = replace(snapshot, entry=replace(entry, colourings=others), governance=ON)
    lane, colouring = Lanes(without).colour(request, lambda: _HIGH)
    return {"rule": colouring.rule if colouring else None, "lane": lane}


def _elsewhere(
    world: World, snapshot: Snapshot, request: Request, lane: str
) -> Iterator[dict[str, Any]]:
    """Yield the lanes of the app's instances at which the request is on another lane (contract 8).

    What carries no label, and no rule puts on a lane, takes that of the instance it reaches.
    """
    workload = snapshot.workload
    placed = world.instances(workload.namespace, workload.app)
    there: dict[str, list[str]] = {}
    for one in placed:
        there.setdefault(one.membership.lane, []).append(one.instance.address)
    for own, addresses in sorted(there.items()):
        at = replace(snapshot, workload=replace(workload, lane=own))
        winner = _chosen(at, request)
        won = {"rule": winner.rule, "lane": winner.lane} if winner else None
        found, _ = _outcome(at, request, won)
        if found != lane:
            yield {"instances": addresses, "lane": found}


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
            return request.header(condition.key.lower())
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
    """Return the lane, and why it is that one."""
    app, lanes = snapshot.workload.app, Lanes(snapshot)
    if snapshot.entry is not None:
        lane, _ = lanes.colour(request, lambda: _HIGH)
        if snapshot.governance != ON:
            return lane, _unenforced(snapshot, winner)
        if winner:
            return lane, f"{winner['rule']} matches at the entry {app}"
        return lane, f"no rule matches at the entry {app}, and labels from outside do not count"
    lane = lanes.inherit(_labels(request, lanes.key_set))
    if lane != lanes.own:
        return lane, f"{app} is no entry: it takes the label that the request carries"
    return lane, f"{app} is no entry, and the request carries no label"


def _unenforced(snapshot: Snapshot, winner: dict[str, Any] | None) -> str:
    workload, mode = snapshot.workload, snapshot.governance
    would = f"; {winner['rule']} would choose {winner['lane']}" if winner else ""
    return f"governance of namespace {workload.namespace} is {mode}: no rule is enforced{would}"


def _labels(request: Request, keys: frozenset[str]) -> dict[str, str]:
    header = request.header("baggage") or ""
    # Longer than anybody must carry it: an agent drops it.
    ours, _ = baggage.split(header if len(header) <= baggage.MAX_BYTES else "", keys)
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
