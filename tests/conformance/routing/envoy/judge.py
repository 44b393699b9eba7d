"""Asks a real Envoy, and says what became of each request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from tests.conformance.routing.corpus import EMPTY, UNKNOWN, Ask, Case, Group, clusters
from tests.conformance.routing.envoy.bootstrap import METADATA, bootstrap
from tests.conformance.routing.envoy.process import Envoy
from tests.conformance.routing.envoy.upstream import SCRIPT, Seen, Upstream
from tests.conformance.routing.outcome import Outcome

EXPECTED = "x-envoy-expected-rq-timeout-ms"


class Judge:
    """Answers with what Envoy did."""

    name = "envoy"

    def __init__(self, envoy: Envoy, upstream: Upstream) -> None:
        self._envoy, self._upstream = envoy, upstream

    def ask(self, group: Group, case: Case) -> Sequence[Outcome]:
        """Return what became of a case's requests, in their order."""
        connection = HTTPConnection("127.0.0.1", self._envoy.ports[group.id], timeout=30)
        try:
            return [
                self._once(connection, case, f"{case.id}/{number}")
                for number in range(case.ask.times)
            ]
        finally:
            connection.close()

    def _once(self, connection: HTTPConnection, case: Case, name: str) -> Outcome:
        send(connection, case.ask, name)
        answer = connection.getresponse()
        body = answer.read().decode("latin-1")
        least = 0 if case.answer.mirrors is None else len(case.answer.mirrors) + 1
        return outcome(answer, body, self._upstream.seen(name, least))


def send(connection: HTTPConnection, ask: Ask, name: str) -> None:
    """Send a request, whose upstream is told `name`."""
    connection.putrequest(ask.method, ask.target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("host", ask.host)
    script = {"id": name, "fails": ask.fails, "takes": ask.takes, "answers": ask.answers}
    connection.putheader(SCRIPT, json.dumps(script))
    for key, value in ask.headers:
        connection.putheader(key, value)
    for space, values in ask.metadata.items():
        for key, value in values.items():
            connection.putheader(METADATA, f"{space} {key} {value}")
    if ask.body:
        connection.putheader("content-length", str(len(ask.body)))
    connection.endheaders(ask.body.encode("latin-1") or None)


def outcome(answer: HTTPResponse, body: str, seen: Sequence[Seen]) -> Outcome:
    """Return what became of a request, by its answer and by what upstreams have seen."""
    got: dict[str, tuple[str, ...]] = {}
    for key, value in answer.getheaders():
        got[key.lower()] = (*got.get(key.lower(), ()), value)
    copies = [each for each in seen if each.values("host")[0].partition(":")[0].endswith("-shadow")]
    mine = [each for each in seen if each not in copies]
    last = mine[-1] if mine else None
    reports = {name: "".join(got.get(f"x-judge-{name}", ())) for name in ("route", "host")}
    sent: dict[str, tuple[str, ...]] | None = None
    if last is not None:
        sent = {key: last.values(key) for key, _ in last.headers}
    return Outcome(
        to=last.cluster if last else "",
        status=answer.status,
        virtual_host="" if reports["host"] == "-" else reports["host"],
        route="" if reports["route"] == "-" else reports["route"],
        path=last.path if last else None,
        authority=last.values("host")[0] if last else None,
        sent=sent,
        got=got,
        location="".join(got.get("location", ())),
        body=body,
        mirrors=tuple(sorted(each.cluster for each in copies)),
        timeout=_timeout(last),
        attempts=len(mine),
    )


def _timeout(last: Seen | None) -> float | None:
    if last is None:
        return None
    told = "".join(last.values(EXPECTED))
    return int(told) / 1000 if told else 0.0


@contextmanager
def judging(program: str, groups: Sequence[Group], folder: Path) -> Iterator[Judge]:
    """Start Envoy and what is behind it, for all `groups`; end them afterwards."""
    named = set().union(*(clusters(group.table) for group in groups))
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream(named - {EMPTY, UNKNOWN}))
        config = bootstrap(groups, upstream.ports)
        yield Judge(stack.enter_context(Envoy(program, config, folder)), upstream)
