"""A request from hop to hop, along calls that were observed: lane, rules and endpoints at each.

Who calls whom is what agents reported (`seen`); what becomes of a call there is worked out by the
code that agents run. A hop that nobody has observed is not made up: the answer says so instead.
Hops are told in the order of a tree, each with its `depth`; breadth and depth have bounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fairlead.compiler.compile import World
from fairlead.compiler.guarding import guards
from fairlead.compiler.landing import Landing, arriving, called
from fairlead.compiler.meeting import concerning, decided
from fairlead.compiler.request import Question
from fairlead.compiler.seen import App, Calls, Interface, Seen, Sight
from fairlead.policy.governance import OFF
from fairlead.policy.rule import Rule
from fairlead.policy.workload import BASE

MOST_DEPTH, MOST_BREADTH, MOST_HOPS = 8, 12, 60
"""Calls one behind the other, apps that one app calls, and hops of an answer."""

MOST_INTERFACES = 5
"""Interfaces of a hop that are named."""

FOLLOWED, NONE_SEEN, SILENT, CYCLE = "followed", "none seen", "silent", "cycle"
TOLD, CUT, ELSEWHERE, NOBODY = "told", "cut", "elsewhere", "nobody"
"""Where a hop's calls are: behind it, or why they are not."""


@dataclass(slots=True)
class _Hop:
    landing: Landing
    path: tuple[App, ...]
    """The apps up to this one."""
    rules: list[tuple[str, list[Rule]]] = field(default_factory=list)
    """Those that it meets: whose agent enforces them, and which."""
    found: tuple[Calls, ...] = ()
    """What was seen of calls that come here."""
    interfaces: tuple[Interface, ...] = ()
    statements: bool = False
    """Whether it was seen to send SQL."""
    children: list[_Hop] = field(default_factory=list)
    calls: str = FOLLOWED
    says: str = ""
    same: _Hop | None = None
    """The hop that tells what comes behind this one."""
    left_out: int = 0


def chain(world: World, question: Question, sight: Sight) -> dict[str, Any]:
    """Answer how a request goes on from the app that it reaches, as calls were observed.

    Each of the `hops` tells its app, the `lane` that the request is on there and `why`, the rules
    that decide about it (`rules`, `winner`, `runner_up`) and about the flow of its calls
    (`limits`), who serves it (`side`, `endpoints`, `fallback`, `excluded`), the `shadows` that
    apply, what was `observed`, and `notes` where a lane falls back or its label is lost. `from` is
    the place of the hop that calls it. `calls` is ``followed``, or says with `says` why nothing is
    told behind it; ``told`` is what another hop, `same`, has behind it.
    """
    found = _Chain(world, sight)
    first = found.first(question)
    found.grow(first)
    flat = list(_flat(first, None))
    places = {id(hop): place for place, (hop, _) in enumerate(flat)}
    return {
        "seconds": sight.seconds,
        "ago": sight.ago,
        "hops": [
            {
                "from": None if caller is None else places[id(caller)],
                "depth": len(hop.path) - 1,
                **_told(hop),
                "same": None if hop.same is None else places[id(hop.same)],
            }
            for hop, caller in flat
        ],
    }


class _Chain:
    def __init__(self, world: World, sight: Sight) -> None:
        self._world, self._sight = world, sight
        self._known = {(one.namespace, one.app) for one in world.services}
        self._shown: dict[tuple[App, str], _Hop] = {}
        self._count = 1

    def first(self, question: Question) -> _Hop:
        """Return the hop at which the request comes in."""
        landing = arriving(self._world, question)
        rules = list(guards(landing.snapshot, question.request))
        return _Hop(landing, (landing.app,), rules=[("callee", rules)])

    def grow(self, first: _Hop) -> None:
        """Follow calls from `first`, those that are nearer to it before others."""
        waiting = deque([first])
        while waiting:
            hop = waiting.popleft()
            self._follow(hop)
            waiting.extend(hop.children)

    def _follow(self, hop: _Hop) -> None:
        stop = self._stop(hop)
        if stop is not None:
            hop.calls, hop.says = stop
            return
        seen = self._sight.apps[hop.landing.app]
        by_callee: dict[App, list[Calls]] = {}
        for one in seen.calls:
            by_callee.setdefault(one.callee, []).append(one)
        room = min(MOST_BREADTH, MOST_HOPS - self._count)
        chosen = sorted(by_callee.items(), key=lambda item: _weight(item[1], hop.landing.lane))
        for app, rows in chosen[: max(0, room)]:
            hop.children.append(self._child(hop, app, tuple(rows), seen))
        hop.left_out = len(chosen) - len(hop.children)
        self._count += len(hop.children)

    def _child(self, hop: _Hop, app: App, rows: tuple[Calls, ...], seen: Seen) -> _Hop:
        readable = self._sight.may_read(app[0])
        landing = called(self._world, hop.landing, app, self._known, readable=readable)
        child = _Hop(landing, (*hop.path, app), found=rows)
        resource = landing.resource
        names = [one.name for one in seen.interfaces if one.name.startswith(f"{resource}:/")]
        mine = concerning(hop.landing.snapshot.flow, [resource, *names]) if resource else []
        child.rules.append(("caller", mine))
        there = self._sight.apps.get(app)
        if readable and there is not None:
            child.statements = there.statements
            served = [one for one in there.interfaces if not one.name.startswith("call:")]
            on_lane = [one for one in served if one.lane == landing.lane]
            child.interfaces = tuple(on_lane or served)
            names = [one.name for one in child.interfaces]
            child.rules.append(("callee", concerning(landing.snapshot.flow, names)))
        return child

    def _stop(self, hop: _Hop) -> tuple[str, str] | None:
        """Return why calls of a hop are not followed, None where they are."""
        app, lane, path = hop.landing.app, hop.landing.lane, hop.path
        name = app[1]
        if app in path[:-1]:
            round_ = " → ".join(one[1] for one in path[path.index(app) :])
            return CYCLE, f"calls come back: {round_}"
        if not self._sight.may_read(app[0]):
            return ELSEWHERE, f"{name} is in namespace {app[0]}, which you may not read"
        if hop.landing.where["side"] == "none":
            return NOBODY, f"nobody serves it: the call fails here, and {name} calls nobody for it"
        same = self._shown.setdefault((app, lane), hop)
        if same is not hop:
            hop.same = same
            return TOLD, f"what {name} calls on this lane is told above"
        seen = self._sight.apps.get(app)
        if len(path) > MOST_DEPTH or self._count >= MOST_HOPS or seen is None:
            return CUT, f"not followed any further: {MOST_DEPTH} calls or {MOST_HOPS} hops at most"
        if not seen.told:
            return SILENT, f"no agent of {name} reported anything {self._sight.ago}"
        if not seen.calls:
            return NONE_SEEN, f"no calls observed from {name} {self._sight.ago}"
        return None


def _weight(rows: list[Calls], lane: str) -> tuple[int, int, App]:
    """Order those that are called on the lane first, and of them those that are called most."""
    on_lane = sum(one.calls for one in rows if one.label == lane)
    return -on_lane, -sum(one.calls for one in rows), rows[0].callee


def _flat(hop: _Hop, caller: _Hop | None) -> Iterator[tuple[_Hop, _Hop | None]]:
    yield hop, caller
    for child in hop.children:
        yield from _flat(child, hop)


def _told(hop: _Hop) -> dict[str, Any]:
    landing = hop.landing
    off = landing.snapshot.governance == OFF
    limits = [one for at, rules in ([] if off else hop.rules) for one in decided(rules, at)]
    interfaces = sorted(hop.interfaces, key=lambda one: -one.calls)
    return {
        **landing.told(),
        "limits": limits,
        "interfaces": [
            {"name": one.name, "lane": one.lane, "calls": one.calls}
            for one in interfaces[:MOST_INTERFACES]
        ],
        "moreInterfaces": max(0, len(interfaces) - MOST_INTERFACES),
        "observed": _observed(hop) if hop.found else None,
        "statements": hop.statements,
        "notes": [*landing.notes, *_notes(hop)],
        "calls": hop.calls,
        "says": hop.says,
        "leftOut": hop.left_out,
    }


def _observed(hop: _Hop) -> Mapping[str, int]:
    own = [one for one in hop.found if one.label == hop.landing.sent]
    return {
        "calls": sum(one.calls for one in hop.found),
        "onLane": sum(one.calls for one in own),
        "errors": sum(one.errors for one in own),
        "fallbacks": sum(one.fallbacks for one in own),
        "lost": sum(one.lost for one in own),
    }


def _notes(hop: _Hop) -> Iterator[dict[str, str]]:
    """Yield what was seen of the lane on its way to this hop, and behind it."""
    lane, name = hop.landing.sent, hop.landing.app[1]
    if hop.found and lane != BASE:
        seen = _observed(hop)
        if seen["lost"]:
            text = f"{seen['lost']} calls of lane {lane} were sent to {name} without their label"
            yield {"code": "lost", "text": text}
        if seen["fallbacks"] and hop.landing.where["side"] == "lane":
            text = f"{seen['fallbacks']} calls of lane {lane} fell back to base of {name}"
            yield {"code": "fell back", "text": text}
        if not seen["onLane"] and not seen["lost"]:
            text = f"no call of lane {lane} was observed here: these are calls of other lanes"
            yield {"code": "other lanes", "text": text}
    lane = hop.landing.lane
    came = sum(one.calls for one in hop.interfaces if one.lane == lane)
    went = sum(one.found[0].calls for one in hop.children if one.found)
    on_lane = any(one.label == lane for child in hop.children for one in child.found)
    if lane != BASE and came and went and not on_lane:
        text = f"{name} served {came} requests on lane {lane} and made no call on it: "
        yield {"code": "not passed on", "text": text + "its label may be lost in the app"}
