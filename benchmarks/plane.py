"""A data plane without a control plane: an engine with a snapshot of our own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from fairlead.flow.engine import Engine
from fairlead.flow.gates import Gates
from fairlead.instruments.instrument import Handler, Rewriting, Sockets
from fairlead.instruments.interfaces import Interfaces
from fairlead.instruments.leftovers import Leftovers
from fairlead.instruments.observing import Observing
from fairlead.instruments.passage import Served
from fairlead.instruments.propagate import resume, suspend
from fairlead.policy.encode import seal
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.lane import Colouring, Entry, Lane
from fairlead.policy.match import Condition
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from fairlead.telemetry.counters import Counters
from fairlead.telemetry.names import ACCESS_LOG_DROPPED, AGENT_FAULTS
from fairlead.telemetry.refusals import Refusals

VIP = "123456789"
LANE_RULE = Colouring(
    rule="TrafficLane/lane-gray",
    lane="gray",
    conditions=(Condition(source="header", key="x-user-uuid", operator="==", values=(VIP,)),),
)


class Plane:
    """What hooks ask of an agent, answered by an engine alone."""

    def __init__(self, snapshot: Snapshot, *, pure: bool = False) -> None:
        gates = Gates(pure=pure)
        self.engine = Engine(clock=time.monotonic, dice=random.random, gates=gates)
        self.engine.apply(snapshot)
        self.counters = Counters()
        self.ready = True
        self.propagation_only = False
        self.endings: list[Callable[[float], object]] = []
        self.replaced: Callable[[], bool] = lambda: False
        self.insistent = False
        self.rewriting = Rewriting()
        self.interfaces = Interfaces()
        self.observing = Observing(
            self.engine,
            fault=lambda: self.counters.count(AGENT_FAULTS, "observing"),
            drop=lambda: self.counters.count(ACCESS_LOG_DROPPED),
        )
        self.refusals, self.leftovers = Refusals(), Leftovers()

    def ensure_ready(self) -> None:
        """Nothing is waited for."""

    def serving(self, server: str, sockets: Sockets | None, *, worker: bool = False) -> None:
        """Nobody registers."""

    def leaving(self) -> None:
        """Nobody is deregistered."""

    def hearing(self, handler: Handler, *numbers: int) -> Handler:
        """Return the handler: no signals come."""
        return handler

    def handing_over(self) -> None:
        """Nobody was registered."""

    def departing(
        self, then: Callable[[], object], *, heir: bool = False, queue: float = 0.5
    ) -> None:
        """Nothing has to be waited for."""
        then()


def snapshot(
    app: str, *, lane: str = "", entry: Entry | None = None, services: Iterable[Service] = ()
) -> Snapshot:
    """Return what an agent of `app` would get: lane gray, and whom it may call."""
    return seal(
        Snapshot(
            revision=1,
            workload=Workload(app=app, lane=lane),
            lanes=(Lane(name="gray"),),
            entry=entry,
            services=tuple(services),
        )
    )


def service(app: str, base: str, gray: str) -> Service:
    """Return an app with one instance on base and one on gray."""
    endpoints = (Endpoint(address=base), Endpoint(address=gray, lane="gray"))
    return Service(namespace="default", app=app, endpoints=endpoints)


@contextmanager
def on_lane(lane: str) -> Iterator[None]:
    """Run what is inside as a request on `lane` would."""
    served = Served(lane)
    token = resume(served)
    try:
        yield
    finally:
        served.ended = True
        suspend(token)
