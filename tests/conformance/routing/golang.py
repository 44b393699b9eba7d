"""The evaluator of Go programs as a data plane: the same tables, asked of the Go runtime."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fairlead.policy.encode import to_plain
from tests.conformance.routing.corpus import EMPTY, UNKNOWN, Ask, Case, Group
from tests.conformance.routing.evaluator import (
    NO_INSTANCE,
    TIMED_OUT,
    USUAL_TIMEOUT,
    grouped,
    read,
)
from tests.conformance.routing.outcome import Outcome
from tests.golang.asking import Runtime


class GoEvaluator:
    """Answers with what the Go runtime decides of a table that Python has read."""

    name = "go"

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._told: set[str] = set()

    def ask(self, group: Group, case: Case) -> Sequence[Outcome]:
        """Return what is decided of a case's requests."""
        if group.id not in self._told:
            text = json.dumps(to_plain(read(group)))
            self._runtime.ask("table", Name=group.id, Text=text)
            self._told.add(group.id)
        dice = Random(case.id)
        requests = [_question(case.ask, dice.getrandbits(64)) for _ in range(case.ask.times)]
        answers = self._runtime.ask("route", Name=group.id, Requests=requests)
        return [_outcome(answer, case.ask) for answer in answers]


def _question(ask: Ask, random: int) -> dict[str, Any]:
    schemes = [value for name, value in ask.headers if name.lower() == "x-forwarded-proto"]
    return {
        "Method": ask.method,
        "Authority": ask.host,
        "Path": ask.target,
        "Scheme": "".join(schemes or ["http"]),
        "Headers": ask.headers,
        "Metadata": ask.metadata,
        "Random": str(random),
        "Answers": ask.answers,
    }


def _outcome(answer: Mapping[str, Any], ask: Ask) -> Outcome:
    reached = answer["cluster"] if answer["cluster"] not in (EMPTY, UNKNOWN) else ""
    sent = grouped(answer["sent"]) if reached else None
    timeout = USUAL_TIMEOUT if answer["timeout"] is None else answer["timeout"]
    return Outcome(
        to=reached,
        status=_status(answer, ask, timeout),
        virtual_host=answer["virtual_host"],
        route=answer["route"],
        path="".join(sent[":path"]) if sent else None,
        authority="".join(sent[":authority"]) if sent else None,
        sent=sent,
        got=grouped(answer["got"]),
        location=answer["location"],
        body=answer["body"],
        mirrors=tuple(sorted(one for one in answer["mirrors"] if one != UNKNOWN)),
        timeout=timeout if reached else None,
    )


def _status(answer: Mapping[str, Any], ask: Ask, timeout: float) -> int:
    """Return the status of the answer, where each instance answers 200 at once."""
    if answer["status"]:
        return int(answer["status"])
    if answer["cluster"] == EMPTY:
        return NO_INSTANCE
    if answer["cluster"] == UNKNOWN and answer["missing"] is not None:
        return int(answer["missing"])
    return TIMED_OUT if timeout and ask.takes > timeout else 200
