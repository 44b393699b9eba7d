"""Where a call lands: the lane that the request is on there, why, and who serves it.

Decides nothing itself: labels are written and read, and endpoints chosen, by the code that agents
run. What cannot be known from outside, such as the headers that an app sends on, is said to be
unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from fairlead.compiler.compile import World
from fairlead.compiler.explain import entered, labels_of
from fairlead.compiler.labels import pairs
from fairlead.compiler.request import Question, Request
from fairlead.compiler.seen import App
from fairlead.compiler.shadows import shown
from fairlead.compiler.verdicts import possible_before, verdict_on, with_result
from fairlead.compiler.whereabouts import hop
from fairlead.flow.lane import Lanes
from fairlead.flow.route import Routes
from fairlead.policy.governance import ON
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import BASE

MOST_SHADOWS = 20
"""Shadows of a lane that are told at a hop."""

_NOBODY: dict[str, Any] = {"side": "none", "endpoints": [], "fallback": [], "excluded": []}

PASSED_ON = frozenset(("trace",))
"""What of a request every hop has alike; headers and paths of a call are the caller's affair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """A request at one app."""

    app: App
    snapshot: Snapshot
    """Of the instance that serves it."""
    request: Request
    """As far as it is known here: at the entry all of it, behind it what is passed on."""
    lane: str
    """The lane that it is on here."""
    sent: str = BASE
    """The lane of the work that called."""
    decision: dict[str, Any]
    where: dict[str, Any]
    """Who serves it, as `whereabouts.hop` says; at the entry `side` is ``entry``: all may."""
    resource: str = ""
    """What the caller's agent calls this call, ``""`` at the entry."""
    notes: tuple[dict[str, str], ...] = ()
    known: bool = True
    """Whether any agent has reported the app, and whoever asks may read it."""

    def told(self) -> dict[str, Any]:
        """Return it as it is told."""
        namespace, app = self.app
        return {
            "namespace": namespace,
            "app": app,
            "known": self.known,
            "entry": self.snapshot.entry is not None,
            "governance": self.snapshot.governance,
            "lane": self.lane,
            "label": self.sent,
            **self.decision,
            **{key: self.where[key] for key in ("side", "endpoints", "fallback", "excluded")},
            **self._shadows(),
        }

    def _shadows(self) -> dict[str, Any]:
        tables = [one for one in self.snapshot.shadow_tables if one.lane == self.lane != BASE]
        others = [one for one in self.snapshot.shadow_databases if one.lane == self.lane != BASE]
        told = (
            *(
                {"rule": one.rule, "of": f"{one.database}.{one.table}", "shadow": one.shadow}
                for one in tables
            ),
            *(
                {"rule": one.rule, "of": shown(one.source), "shadow": shown(one.shadow)}
                for one in others
            ),
        )
        more = max(0, len(told) - MOST_SHADOWS)
        return {"shadows": list(islice(told, MOST_SHADOWS)), "moreShadows": more}


def arriving(world: World, question: Question) -> Landing:
    """Return where a request comes in from outside."""
    snapshot = world.snapshot(question.namespace, question.app)
    decision = entered(snapshot, question.request)
    app = (question.namespace, question.app)
    service = next((one for one in snapshot.services if (one.namespace, one.app) == app), None)
    lane = decision.pop("lane")
    addresses = [one.address for one in service.endpoints] if service else []
    return Landing(
        app=app,
        snapshot=snapshot,
        request=question.request,
        lane=lane,
        sent=BASE,
        decision=decision,
        where={**_NOBODY, "side": "entry", "endpoints": addresses},
        known=service is not None,
    )


def called(world: World, by: Landing, app: App, known: set[App], *, readable: bool) -> Landing:
    """Return where a call of `app` lands, made for a request that has landed at `by`."""
    lanes = Lanes(by.snapshot)
    header = lanes.label(by.lane, None)
    passed = tuple(one for one in by.request.headers if one[0] == "traceparent")
    request = Request(headers=(*passed, *((("baggage", header),) if header else ())))
    where, resource = _where(by, app)
    nobody = Snapshot(workload=replace(by.snapshot.workload, namespace=app[0], app=app[1]))
    address = next(iter(where["endpoints"]), "") if where else ""
    snapshot = _there(world, app, address) if readable else nobody
    lane, decision = _decided(snapshot, request)
    if not readable:
        lane, decision = by.lane, {**decision, "why": "it is in another namespace"}
    landing = Landing(
        app=app,
        snapshot=snapshot,
        request=request,
        lane=lane,
        sent=by.lane,
        decision=decision,
        where=where or _NOBODY,
        resource=resource,
        known=app in known and readable,
    )
    return replace(landing, notes=tuple(_notes(landing)))


def _where(by: Landing, app: App) -> tuple[dict[str, Any] | None, str]:
    """Return who serves a call, None where nobody knows the app, and the call's resource."""
    service = next((one for one in by.snapshot.services if (one.namespace, one.app) == app), None)
    if service is None:
        return None, ""
    # Only this one: what there is to know of hundreds would be worked out at each hop.
    routes = Routes(replace(by.snapshot, services=(service,)))
    found = hop(routes, service, by.snapshot.workload, by.lane)
    return found, routes.callees[found["host"].lower()].resource


def _there(world: World, app: App, address: str) -> Snapshot:
    """Return the policy of the instance that serves, of the app where there is none."""
    for placed in world.instances(*app):
        if placed.instance.address == address:
            own = placed.instance
            return world.snapshot(*app, pairs(own.labels), own.lane, own.zone)
    return world.snapshot(*app)


def _decided(snapshot: Snapshot, request: Request) -> tuple[str, dict[str, Any]]:
    """Return the lane that a call is on at an app, and what decided it."""
    app, lanes = snapshot.workload.app, Lanes(snapshot)
    if snapshot.entry is None:
        labels = labels_of(request, lanes.key_set)
        lane = lanes.inherit(labels)
        why = "it takes the label that the call carries" if labels else "the call carries no label"
        if lane and not labels:
            why = f"{why}, and the instance is on {lane}"
        why = f"{app} is no entry: {why}"
        return lane, {"why": why, "winner": None, "runner_up": None, "possible": [], "rules": []}
    return _decided_anew(snapshot, request)


def _decided_anew(snapshot: Snapshot, request: Request) -> tuple[str, dict[str, Any]]:
    """Return what an entry behind the first makes of a call, as far as that can be known.

    It takes the label away and decides by its own rules (contract 7), on headers and a path that
    only the app that calls it knows.
    """
    entry, own = snapshot.entry, snapshot.workload.lane
    colourings = entry.colourings if entry else ()
    verdicts = [verdict_on(one, request, PASSED_ON) for one in colourings]
    sure = [one for one in verdicts if one["matches"] == "yes"]
    winner = sure[0] if sure else None
    possible = list(possible_before(verdicts, winner))
    lane = winner["lane"] if winner and snapshot.governance == ON else own
    app = snapshot.workload.app
    if winner:
        why = f"{app} is an entry: it takes the label away, and {winner['rule']} matches"
    elif possible:
        why = f"{app} is an entry: it takes the label away, and its rules depend on what it is sent"
    else:
        why = f"{app} is an entry: it takes the label away, and no rule of it matches"
    if snapshot.governance != ON:
        why = f"governance of namespace {snapshot.workload.namespace} is {snapshot.governance}"
        why += ": no rule is enforced"
    second = sure[1] if len(sure) > 1 else None
    return lane, {
        "why": why,
        "rules": [with_result(one, winner, possible) for one in verdicts],
        "winner": winner["rule"] if winner else None,
        "runner_up": {"rule": second["rule"], "lane": second["lane"]} if second else None,
        "possible": possible,
    }


def _notes(landing: Landing) -> Iterator[dict[str, str]]:
    """Yield where the lane is not kept: at a fallback, at an entry, or for want of its label."""
    where, name, sent = landing.where, landing.app[1], landing.sent
    if not landing.known:
        return
    if where["side"] == "base" and sent != BASE:
        text = f"{name} has no instance on lane {sent}: base serves it"
        yield {"code": "fallback", "text": text}
    if landing.snapshot.entry is not None and sent != landing.lane:
        yield {"code": "decided anew", "text": f"the label {sent or 'base'} ends here"}
    elif sent not in (BASE, landing.lane):
        namespace = landing.app[0]
        text = f"the label is lost: {namespace} does not know the key that {sent} travels under"
        yield {"code": "lost", "text": text}
    if landing.snapshot.governance != ON:
        text = f"governance is {landing.snapshot.governance}: no rule is enforced here"
        yield {"code": "governance", "text": text}
