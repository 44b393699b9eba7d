"""Why a request is on the lane it is on: what the agent would decide, with the reasons.

Decides nothing itself: rules, labels and endpoints are held against the very code that agents run
(`flow.lane`, `flow.route`), on the snapshot that the workload has. Here it is only told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from fairlead.compiler.compile import World
from fairlead.compiler.guarding import guarding
from fairlead.compiler.request import Question, Request
from fairlead.compiler.verdicts import HIGH, possible_before, verdict_on, with_result
from fairlead.compiler.whereabouts import hops
from fairlead.flow import baggage
from fairlead.flow.lane import Lanes
from fairlead.policy.governance import OFF, ON
from fairlead.policy.lane import Colouring
from fairlead.policy.snapshot import Snapshot


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
    found = entered(snapshot, question.request)
    lane = found["lane"]
    return {
        "namespace": question.namespace,
        "app": question.app,
        "revision": snapshot.revision,
        "known": _is_known(snapshot),
        "meant": [] if _is_known(snapshot) or snapshot.entry else _meant(world, snapshot),
        "entry": snapshot.entry is not None,
        "governance": snapshot.governance,
        **found,
        "elsewhere": list(_elsewhere(world, snapshot, question.request, lane)),
        "hops": list(hops(snapshot, lane)),
        "guards": ([] if snapshot.governance == OFF else guarding(snapshot, question.request)),
    }


def entered(snapshot: Snapshot, request: Request) -> dict[str, Any]:
    """Return what a workload makes of a request from outside: its lane, and what decided it."""
    colourings = snapshot.entry.colourings if snapshot.entry else ()
    verdicts = [verdict_on(colouring, request) for colouring in colourings]
    chosen = _chosen(snapshot, request)
    winner = next((v for v, c in zip(verdicts, colourings, strict=True) if c is chosen), None)
    lane, why = _outcome(snapshot, request, winner)
    possible = list(possible_before(verdicts, winner))
    return {
        "lane": lane,
        "why": why,
        "winner": winner["rule"] if winner else None,
        "runner_up": _runner_up(snapshot, request, chosen),
        "possible": possible,
        "rules": [with_result(verdict, winner, possible) for verdict in verdicts],
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
    return Lanes(replace(snapshot, governance=ON)).colour(request, lambda: HIGH)[1]


def _runner_up(
    snapshot: Snapshot, request: Request, chosen: Colouring | None
) -> dict[str, Any] | None:
    entry = snapshot.entry
    if entry is None or chosen is None:
        return None
    others = tuple(one for one in entry.colourings if one is not chosen)
    without = replace(snapshot, entry=replace(entry, colourings=others), governance=ON)
    lane, colouring = Lanes(without).colour(request, lambda: HIGH)
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


def _outcome(
    snapshot: Snapshot, request: Request, winner: dict[str, Any] | None
) -> tuple[str, str]:
    """Return the lane, and why it is that one."""
    app, lanes = snapshot.workload.app, Lanes(snapshot)
    if snapshot.entry is not None:
        lane, _ = lanes.colour(request, lambda: HIGH)
        if snapshot.governance != ON:
            return lane, _unenforced(snapshot, winner)
        if winner:
            return lane, f"{winner['rule']} matches at the entry {app}"
        return lane, f"no rule matches at the entry {app}, and labels from outside do not count"
    lane = lanes.inherit(labels_of(request, lanes.key_set))
    if lane != lanes.own:
        return lane, f"{app} is no entry: it takes the label that the request carries"
    return lane, f"{app} is no entry, and the request carries no label"


def _unenforced(snapshot: Snapshot, winner: dict[str, Any] | None) -> str:
    workload, mode = snapshot.workload, snapshot.governance
    would = f"; {winner['rule']} would choose {winner['lane']}" if winner else ""
    return f"governance of namespace {workload.namespace} is {mode}: no rule is enforced{would}"


def labels_of(request: Request, keys: frozenset[str]) -> dict[str, str]:
    """Return the labels that a request carries under some keys, as agents find them."""
    header = request.header("baggage") or ""
    # Longer than anybody must carry it: an agent drops it.
    ours, _ = baggage.split(header if len(header) <= baggage.MAX_BYTES else "", keys)
    plain = {key: value for key in keys if (value := request.header(key)) is not None}
    return plain | ours
