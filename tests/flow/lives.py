"""Calls that rules are about, driven by hand: a clock that tests move, dice that they throw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fairlead.flow.call import NOTHING_INHERITED, Call, Fault, Inherited, Outcome
from fairlead.flow.engine import Engine
from fairlead.flow.steps import Send, Wait
from fairlead.policy.balance import Cluster
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.resilience import Retry
from fairlead.policy.routing.table import Route
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.flow.routes import HOST, call_route

CALLER = Workload(app="a")
RULE = "VirtualService/b http[0]"


class Sender:
    """Whoever sends, as far as layers ask."""

    def __init__(self, above: Inherited = NOTHING_INHERITED, *, repeatable: bool = True) -> None:
        self.above, self._repeatable = above, repeatable
        self.facts = Facts()
        self.copies: list[tuple[Call, str]] = []

    def inherited(self) -> Inherited:
        return self.above

    def repeatable(self) -> bool:
        return self._repeatable

    def target(self) -> str:
        return self.facts.values.get("path", "/")

    def headers(self) -> dict[str, str]:
        found = self.facts.values.items()
        return {key.removeprefix("header_"): one for key, one in found if key[:7] == "header_"}

    def copy(self, call: Call, address: str) -> None:
        self.copies.append((call, address))


class Facts:
    """What conditions may ask."""

    def __init__(self, **values: str) -> None:
        self.values = values

    def value(self, source: str, name: str) -> Any:
        return self.values.get(f"{source}_{name}" if name else source)

    def caller(self) -> str:
        return ""

    def entrance(self) -> str:
        return ""


class Life:
    """An engine of app `a` that calls app `b`."""

    def __init__(
        self,
        *endpoints: tuple[str, str] | Endpoint,
        routes: Iterable[Route] = (),
        clusters: Iterable[Cluster] = (),
        dice: Iterator[float] | None = None,
        workload: Workload = CALLER,
    ) -> None:
        self.now = 100.0
        self.dice = dice or iter(lambda: 0.5, None)
        self.engine = Engine(clock=lambda: self.now, dice=lambda: next(self.dice))
        self.workload = workload
        self.endpoints = endpoints or (("b1", ""), ("b2", ""), ("b3", ""))
        self.apply(routes=routes, clusters=clusters)
        self.sent: list[Call] = []
        self.marks: list[dict[str, str]] = []
        self.waits: list[float] = []

    def apply(self, routes: Iterable[Route] = (), clusters: Iterable[Cluster] = ()) -> None:
        rules = CalleeRules(
            namespace="default", app="b", host=HOST, routes=tuple(routes), clusters=tuple(clusters)
        )
        made = tuple(
            one if isinstance(one, Endpoint) else Endpoint(address=one[0], lane=one[1])
            for one in self.endpoints
        )
        services = tuple(
            Service(namespace="default", app=app, endpoints=made) for app in ("b", "other")
        )
        snapshot = Snapshot(
            workload=self.workload, services=services, calls=Calls(callees=(rules,))
        )
        snapshot.check()
        self.engine.apply(snapshot)

    def call(
        self,
        answer: Callable[[Call], Outcome],
        method: str = "GET",
        *,
        host: str = "b",
        lane: str = "",
        sender: Sender | None = None,
        facts: Facts | None = None,
    ) -> Outcome:
        """Make one call; waits pass at once."""
        call = Call(host, method, lane)
        call.facts = facts = facts or Facts()
        call.sending = sender = sender or Sender()
        sender.facts = facts
        steps = self.engine.plan.outbound(call)
        reply: Outcome | None = None
        while True:
            try:
                effect = steps.send(reply)
            except StopIteration as done:
                outcome: Outcome = done.value
                self.last = call
                return outcome
            if isinstance(effect, Wait):
                self.waits.append(effect.seconds)
                self.now += effect.seconds
                reply = None
            else:
                assert isinstance(effect, Send)
                self.sent.append(effect.call)
                self.marks.append(dict(effect.call.marks))
                reply = answer(effect.call)

    def address(self, **options: Any) -> str:
        """Return where a call is sent that is answered well."""
        found: list[str] = []

        def answer(call: Call) -> Outcome:
            assert call.endpoint is not None
            found.append(call.endpoint.address)
            return Outcome(status=200)

        self.call(answer, **options)
        return found[-1]


def always(status: int = 200, **more: Any) -> Callable[[Call], Outcome]:
    return lambda _: Outcome(status=status, **more)


def broken(fault: Fault = Fault.RESET) -> Callable[[Call], Outcome]:
    return lambda _: Outcome(error=ConnectionResetError("x"), fault=fault)


def retrying(*on: str, attempts: int = 2, **more: Any) -> Route:
    statuses = more.pop("statuses", ())
    timeout = more.pop("timeout", 0.0)
    retry = Retry(attempts=attempts, on=on, statuses=statuses, **more)
    return call_route(rule=RULE, retry=retry, timeout=timeout)
