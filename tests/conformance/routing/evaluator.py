"""Our own evaluator as a data plane. It sends nothing: what only the wire shows it cannot see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from random import Random

from google.protobuf.json_format import ParseError

from fairlead.policy.routing.action import Answer, Forward
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Decision, Router
from fairlead.policy.routing.table import RouteTable
from fairlead.protocols.xds.pb import from_json
from fairlead.protocols.xds.reading import Unreadable, route_table
from tests.conformance.routing.corpus import EMPTY, UNKNOWN, Ask, Case, Group
from tests.conformance.routing.outcome import Outcome
from tests.conformance.routing.runners import Refused

USUAL_TIMEOUT = 15.0
NO_INSTANCE = 503
TIMED_OUT = 504


class Evaluator:
    """Answers with what `policy.routing.router` decides of a table that was read from JSON."""

    name = "evaluator"

    def __init__(self) -> None:
        self._routers: dict[str, Router] = {}

    def ask(self, group: Group, case: Case) -> Sequence[Outcome]:
        """Return what is decided of a case's requests."""
        if group.id not in self._routers:
            self._routers[group.id] = Router(read(group))
        router, dice = self._routers[group.id], Random(case.id)
        return [
            outcome(router.route(request(case.ask, dice.getrandbits(64))), case.ask)
            for _ in range(case.ask.times)
        ]


def read(group: Group) -> RouteTable:
    """Return the table of a group; raises Refused."""
    try:
        message = from_json(group.table, "envoy.config.route.v3.RouteConfiguration")
        return route_table(message).table
    except (ParseError, Unreadable) as error:
        raise Refused(f"{group.id}: {error}") from error


def outcome(decision: Decision, ask: Ask) -> Outcome:
    """Return what becomes of a request by a decision."""
    route = decision.route
    reached = decision.cluster if decision.cluster not in (EMPTY, UNKNOWN) else ""
    sent = grouped(decision.sent()[0]) if reached else None
    timeout = _timeout(decision) if reached else None
    answers = [(name.lower(), value) for name, value in ask.answers]
    return Outcome(
        to=reached,
        status=_status(decision, ask, timeout),
        virtual_host=decision.host.name if decision.host is not None else "",
        route=route.name if route is not None else "",
        path="".join(sent[":path"]) if sent else None,
        authority="".join(sent[":authority"]) if sent else None,
        sent=sent,
        got=grouped(decision.answered(answers)[0]),
        location=decision.location,
        body=route.action.body if route is not None and isinstance(route.action, Answer) else None,
        mirrors=tuple(sorted(m.cluster for m in decision.mirrors if m.cluster != UNKNOWN)),
        timeout=timeout,
    )


def request(ask: Ask, random: int) -> Request:
    """Return the request that is decided; `random` are 64 bits."""
    headers: dict[str, list[str]] = defaultdict(list)
    for name, value in ask.headers:
        headers[name.lower()].append(value)
    return Request(
        method=ask.method,
        authority=ask.host,
        path=ask.target,
        scheme="".join(headers.get("x-forwarded-proto", ("http",))),
        headers={name: ",".join(values) for name, values in headers.items()},
        repeated={name: tuple(values) for name, values in headers.items() if len(values) > 1},
        metadata=ask.metadata,
        random=random,
    )


def _status(decision: Decision, ask: Ask, timeout: float | None) -> int:
    """Return the status of the answer, where each instance answers 200 at once."""
    if decision.status is not None:
        return decision.status
    if decision.cluster == EMPTY:
        return NO_INSTANCE
    route = decision.route
    if decision.cluster == UNKNOWN and route is not None and isinstance(route.action, Forward):
        return route.action.missing
    return TIMED_OUT if timeout and ask.takes > timeout else 200


def _timeout(decision: Decision) -> float:
    route = decision.route
    return route.timeout if route is not None and route.timeout is not None else USUAL_TIMEOUT


def grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """Return headers by name."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found
