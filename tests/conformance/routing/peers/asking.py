"""Cases as calls of a program, and its answers as outcomes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

from tests.conformance.routing.corpus import Ask, Case
from tests.conformance.routing.envoy.upstream import SCRIPT, Seen
from tests.conformance.routing.outcome import Outcome
from tests.conformance.routing.peers.corpus import Policies
from tests.conformance.routing.peers.plane import Plane

Told = dict[str, Any]
_NUMBERS = count(1)


class Grpc:
    """Calls of gRPC by way of a program; `target` says what it calls, and as whom."""

    def __init__(
        self, plane: Plane, ask: Callable[[Told], Any], target: Callable[[str], tuple[str, str]]
    ) -> None:
        self._plane, self._ask, self._target = plane, ask, target

    def ask(self, group: Policies, case: Case) -> Sequence[Outcome]:
        """Return what became of a case's calls, in their order."""
        return [self._once(group, case) for _ in range(case.ask.times)]

    def _once(self, group: Policies, case: Case) -> Outcome:
        name = named(case)
        target, authority = self._target(case.ask.host)
        script = (SCRIPT, scripted(case.ask, name))
        answer = self._ask(
            {
                "target": target,
                "authority": authority,
                "method": case.ask.target,
                "metadata": [list(pair) for pair in (*case.ask.headers, script)],
                "deadline": group.deadline(case),
            }
        )
        seen = self._plane.services.seen(name, least(case))
        got = grouped((*answer["headers"], *answer["trailers"]))
        return reached(seen, Outcome(code=answer["code"], got=got))


class Http:
    """Calls of HTTP by way of a program."""

    def __init__(self, plane: Plane, ask: Callable[[Told], Any]) -> None:
        self._plane, self._ask = plane, ask

    def ask(self, group: Policies, case: Case) -> Sequence[Outcome]:
        """Return what became of a case's calls, in their order."""
        return [self._once(group, case) for _ in range(case.ask.times)]

    def _once(self, group: Policies, case: Case) -> Outcome:
        name = named(case)
        script = (SCRIPT, scripted(case.ask, name))
        answer = self._ask(
            {
                "url": f"http://{case.ask.host}{case.ask.target}",
                "method": case.ask.method,
                "headers": [list(pair) for pair in (*case.ask.headers, script)],
                "body": case.ask.body,
                "deadline": group.deadline(case),
            }
        )
        got = grouped(answer["headers"])
        seen = self._plane.web.seen(name, least(case))
        location = "".join(got.get("location", ()))
        found = Outcome(status=answer["status"], got=got, location=location, body=answer["body"])
        return reached(seen, found)


def named(case: Case) -> str:
    """Return a name that no other call has."""
    return f"{case.id}/{next(_NUMBERS)}"


def scripted(ask: Ask, name: str) -> str:
    """Return what an instance is told to do."""
    return json.dumps({"id": name, "fails": ask.fails, "takes": ask.takes, "answers": ask.answers})


def least(case: Case) -> int:
    """Return how many requests have to arrive before it is known who got copies."""
    return 0 if case.answer.mirrors is None else len(case.answer.mirrors) + 1


def reached(seen: Sequence[Seen], found: Outcome) -> Outcome:
    """Return `found` with what instances saw; copies are told by their host, as in Envoy."""
    copies = [each for each in seen if each.values("host")[0].partition(":")[0].endswith("-shadow")]
    mine = [each for each in seen if each not in copies]
    last = mine[-1] if mine else None
    return Outcome(
        to=last.cluster if last else "",
        status=found.status,
        path=last.path if last else None,
        authority=last.values("host")[0] if last else None,
        sent=grouped(last.headers) if last else None,
        got=found.got,
        location=found.location,
        body=found.body,
        mirrors=tuple(sorted(each.cluster for each in copies)),
        attempts=len(mine),
        code=found.code,
    )


def grouped(pairs: Iterable[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the values of each header, in their order."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name.lower()] = (*found.get(name.lower(), ()), value)
    return found
