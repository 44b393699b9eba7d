"""CPU of a call by app name, and of rules about calls, around a client that does nothing.

From the look-up of the name to the answer: what a library does in between is left out, as it is a
hundred times as much and drowns the difference. And the choice of an instance alone, by how many
there are. The least of many rounds counts, which a noisy neighbour cannot make smaller.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.measure import Figure
from benchmarks.plane import Plane, service, snapshot
from fairlead.flow.balance import Choice, Standing
from fairlead.flow.call import Call, Outcome
from fairlead.flow.route import Pool
from fairlead.instruments.attempt import Sender, send
from fairlead.instruments.outbound import call_for
from fairlead.policy.balance import (
    ALGORITHMS,
    HEADER,
    LEAST_REQUEST,
    MAGLEV,
    Balance,
    Cluster,
    Outlier,
)
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.endpoint import Endpoint
from fairlead.policy.locality import Caller
from fairlead.policy.resilience import Retry
from fairlead.policy.routing.action import Forward, Weighted
from fairlead.policy.routing.table import Route

ROUNDS, CALLS = 60, 1500
RULE = "VirtualService/c http[0]"
BALANCED = (Cluster(balance=Balance(algorithm=LEAST_REQUEST), outlier=Outlier()),)
RETRY = Retry(attempts=2, on=("connect-failure", "gateway-error", "reset"))
SENT = Forward(clusters=(Weighted(cluster="outbound|80||c.default.svc.cluster.local"),))
TIMED = (Route(name=RULE, action=SENT, timeout=30.0),)
EVERYTHING = CalleeRules(
    namespace="default",
    app="c",
    routes=(Route(name=RULE, action=SENT, timeout=30.0, retry=RETRY),),
    clusters=BALANCED,
)
RULES = {
    "other": replace(EVERYTHING, app="d"),
    "balanced": replace(EVERYTHING, routes=()),
    "timed": replace(
        EVERYTHING, routes=(Route(name=RULE, action=SENT, timeout=30.0),), clusters=()
    ),
    "ruled": EVERYTHING,
}
INSTANCES = (10, 100, 1000)


class Nothing(Sender):
    """A client that answers at once."""

    __slots__ = ("last",)

    library = "nothing"

    def __init__(self) -> None:
        self.last: Outcome | None = None

    def __call__(self, call: Call) -> Outcome:
        """Answer."""
        self.last = outcome = Outcome(1, status=200)
        return outcome

    def value(self, source: str, name: str) -> Any:
        """Return a user."""
        return "user"


def run() -> Iterator[Figure]:
    """Measure calls under each sort of rules, then each choice."""
    plain = snapshot("b", services=[service("c", "127.0.0.1:1", "127.0.0.1:2")])
    planes = {"plain": Plane(plain)} | {
        name: Plane(replace(plain, calls=Calls(callees=(rules,)))) for name, rules in RULES.items()
    }
    called = {name: _caller(plane) for name, plane in planes.items()}
    for name, value in _least(called).items():
        yield Figure(name=f"calls_{name}_us", value=round(value / 1000, 2))
    chosen = {
        f"{algorithm.lower()}_{size}": _chooser(algorithm, size)
        for algorithm in ALGORITHMS
        for size in INSTANCES
    }
    for name, value in _least(chosen).items():
        yield Figure(name=f"choice_{name}_ns", value=round(value))
    yield Figure(name="maglev_table_ms", value=round(_table_ms(), 1))


def _least(measured: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the nanoseconds of each, by turns."""
    least = dict.fromkeys(measured, float("inf"))
    for _ in range(ROUNDS):
        for name, function in measured.items():
            began = time.thread_time_ns()
            for _ in range(CALLS):
                function()
            least[name] = min(least[name], (time.thread_time_ns() - began) / CALLS)
    return least


def _caller(plane: Plane) -> Callable[[], object]:
    def call() -> object:
        found = call_for(plane, "http", "c", None, "GET")
        assert found is not None
        return send(plane, found[0].outbound, found[1], Nothing())

    return call


def _chooser(algorithm: str, size: int) -> Callable[[], object]:
    endpoints = tuple(Endpoint(address=f"10.0.{n // 250}.{n % 250}:80") for n in range(size))
    standing = Standing(time.monotonic, random.random)
    balance = Balance(algorithm=algorithm, key=HEADER, name="x-user")
    pools = {"": Pool((), endpoints)}
    cluster = Cluster(balance=balance)
    choice = Choice(pools, cluster, Caller(), standing, lambda _: 1.0, random.random)
    standing.hosts.apply(None, choice.addresses())
    call = Call("c", "GET", "")
    call.facts = Nothing()
    return lambda: choice.candidates(call)


def _table_ms() -> float:
    began = time.thread_time_ns()
    _chooser(MAGLEV, 100)
    return (time.thread_time_ns() - began) / 1e6
