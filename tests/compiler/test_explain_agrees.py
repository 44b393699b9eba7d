"""What explain says is what an agent does: the same worlds and requests, and the agent's hooks."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from fairlead.compiler.compile import World
from fairlead.compiler.explain import explain
from fairlead.flow.call import Call
from fairlead.flow.route import Routes
from fairlead.instruments.asgi import Gate
from fairlead.instruments.wsgi import Gate as WsgiGate
from fairlead.policy.match import Condition
from fairlead.policy.snapshot import Snapshot
from tests.compiler.golden_case import world
from tests.instruments.plane import Plane
from tests.instruments.starlette.calls import nothing

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/in.yaml"))
REQUESTS = 60
"""Requests at each app of a case."""

ODD = ("", "x", "a,b", '"q"', "é", "1.10", "007", "a=b", " s ", "%20", "//a", "#")


class Words:
    """Random requests, half of them of what the rules look for."""

    def __init__(self, snapshot: Snapshot, dice: random.Random) -> None:
        self._dice = dice
        entry = snapshot.entry
        self._conditions = [c for one in entry.colourings for c in one.conditions] if entry else []
        self._lanes = [lane.name for lane in snapshot.lanes] or ["gray"]
        self._keys = [lane.key for lane in snapshot.lanes]

    def request(self) -> dict[str, Any]:
        """Return a question, without its app."""
        headers, query, cookies = [], [], []
        path, method, source = "/", "GET", "127.0.0.1"
        for condition in self._dice.sample(
            self._conditions, self._dice.randint(0, len(self._conditions))
        ):
            value = self._value(condition)
            match condition.source:
                case "header":
                    headers.append([condition.key, value])
                case "query":
                    query.append(f"{quote(condition.key)}={quote(value)}")
                case "cookie":
                    cookies.append(f"{condition.key}={value}")
                case "path":
                    path = f"/{quote(value.lstrip('/'))}"
                case "method":
                    method = self._dice.choice(["GET", "post", "HEAD"])
                case "source-ip":
                    source = value if value.isascii() else source
                case "trace":
                    trace = f"00-{self._dice.getrandbits(128):032x}-0000000000000001-01"
                    headers.append(["traceparent", trace])
        headers += self._labels()
        if cookies:
            headers.append(["Cookie", "; ".join(cookies)])
        target = path + (f"?{'&'.join(query)}" if query else "")
        return {"headers": headers, "path": target, "method": method, "source_ip": source}

    def _value(self, condition: Condition) -> str:
        choices = [*condition.values, self._dice.choice(ODD)]
        return self._dice.choice(choices).strip()

    def _labels(self) -> list[list[str]]:
        lane = self._dice.choice([*self._lanes, "base", "no such", ""])
        key = self._dice.choice([*self._keys, "x-opensergo-traffic", "OpenSergo-Label"])
        return self._dice.choice(
            [
                [],
                [["baggage", f"other=1,{key}={quote(lane)}"]],
                [[key, lane]],
                [["baggage", f"{key}={lane}" + ",a=" * 5000]],
            ]
        )


def asgi(query: dict[str, Any]) -> dict[str, Any]:
    """Return the request as uvicorn hands it on."""
    path, _, text = query["path"].partition("?")
    return {
        "type": "http",
        "method": query["method"].upper(),
        "path": unquote(path),
        "query_string": text.encode("latin-1"),
        "headers": [(k.lower().encode(), v.encode()) for k, v in query["headers"]],
        "client": (query["source_ip"], 1),
    }


def wsgi(query: dict[str, Any]) -> dict[str, Any]:
    """Return the request as a WSGI server hands it on."""
    path, _, text = query["path"].partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": query["method"].upper(),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path).encode().decode("latin-1"),
        "QUERY_STRING": text,
        "REMOTE_ADDR": query["source_ip"],
    }
    for name, value in query["headers"]:
        key = f"HTTP_{name.upper().replace('-', '_')}"
        sent = value.encode().decode("latin-1")
        environ[key] = f"{environ[key]},{sent}" if key in environ else sent
    return environ


def apps_of(found: World) -> list[tuple[str, str]]:
    """Return every app that something is known of."""
    known = {(service.namespace, service.app) for service in found.services}
    places = {namespace for namespace, _ in known} | {"default"}
    return sorted(known | {(place, app) for place in places for app in found.entries(place)})


@pytest.mark.parametrize("case", CASES)
def test_a_lane_that_is_explained_is_the_lane_that_an_agent_chooses(case):
    """An explanation that can disagree is worse than none."""
    found, _ = world(GOLDEN / case / "in.yaml")
    dice = random.Random(case)
    for namespace, app in apps_of(found):
        snapshot = found.snapshot(namespace, app)
        plane, words = Plane(snapshot), Words(snapshot, dice)
        gates = (Gate(plane), WsgiGate(plane))
        for _ in range(REQUESTS):
            query = words.request()
            answer = explain(found, {**query, "app": app, "namespace": namespace})
            lanes = {answer["lane"], *(one["lane"] for one in answer["possible"])}
            for served in (
                gates[0].admit(asgi(query), nothing),
                gates[1].admit(wsgi(query)),
            ):
                assert served is not None
                assert served.lane in lanes, (query, answer)
        assert plane.counted("agent_faults") == {}


@pytest.mark.parametrize("case", CASES)
def test_instances_that_are_explained_are_those_that_a_caller_chooses(case):
    """Lane first, then base, and who is left out."""
    found, _ = world(GOLDEN / case / "in.yaml")
    for namespace, app in apps_of(found):
        snapshot = found.snapshot(namespace, app)
        routes = Routes(snapshot)
        for lane in ("", *(lane.name for lane in snapshot.lanes)):
            labelled = {"x-opensergo-traffic": lane or "base"}
            answer = explain(found, {"app": app, "namespace": namespace, "headers": labelled})
            for hop in answer["hops"]:
                call = Call(host=hop["host"].lower(), lane=answer["lane"], method="GET")
                chosen = [endpoint.address for endpoint in routes.candidates(call)]
                told = len(hop["endpoints"])
                assert sorted(chosen[:told]) == hop["endpoints"]
                assert sorted(chosen[told:]) == hop["fallback"]
                assert routes.unfit(call) == tuple(
                    (one["address"], one["why"]) for one in hop["excluded"]
                )


@pytest.mark.parametrize("case", CASES)
def test_the_runner_up_is_who_wins_when_the_winner_is_gone(case):
    """Whoever deletes the winner asked who comes next."""
    found, _ = world(GOLDEN / case / "in.yaml")
    dice = random.Random(case)
    for namespace, app in apps_of(found):
        words = Words(found.snapshot(namespace, app), dice)
        for _ in range(REQUESTS):
            answer = explain(found, {**words.request(), "app": app, "namespace": namespace})
            matching = [rule["rule"] for rule in answer["rules"] if rule["matches"] == "yes"]
            if answer["winner"] is None:
                assert answer["runner_up"] is None
                assert matching == []
            else:
                assert [answer["winner"], answer["runner_up"]["rule"]] == [*matching, None][:2]
