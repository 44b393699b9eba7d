"""A data plane with the real engine and counters, for tests that hook real libraries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from random import random

from fairlead.flow.engine import Engine
from fairlead.flow.gates import Gates
from fairlead.instruments.instrument import Handler, Rewriting, Sockets
from fairlead.instruments.interfaces import Interfaces
from fairlead.instruments.leftovers import Leftovers
from fairlead.instruments.observing import Observing
from fairlead.instruments.passage import Served
from fairlead.instruments.patch import Patches
from fairlead.instruments.propagate import resume, suspend
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.lane import Colouring, Entry, Lane
from fairlead.policy.match import Condition
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from fairlead.telemetry.counters import Counters
from fairlead.telemetry.names import ACCESS_LOG_DROPPED, AGENT_FAULTS
from fairlead.telemetry.refusals import Refusals

LANES = (Lane(name="gray"), Lane(name="blue", key="x-blue"))


class Plane:
    """What an instrument is given; remembers what it was told."""

    pure = False
    """Whether gates, and what every request comes by, are interpreted (tests/forms.py)."""

    def __init__(self, snapshot: Snapshot | None = None, *, trust: bool = True) -> None:
        gates = Gates(pure=self.pure)
        self.engine = Engine(clock=time.monotonic, dice=random, trust=trust, gates=gates)
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
        self.servers: list[tuple[str, Sockets | None]] = []
        self.left = 0
        self.handed_over = 0
        self.waited = 0
        self.engine.apply(snapshot or inner())

    def ensure_ready(self) -> None:
        self.waited += 1
        self.ready = True

    def serving(self, server: str, sockets: Sockets | None, *, worker: bool = False) -> None:
        self.servers.append((server, sockets))

    def leaving(self) -> None:
        self.left += 1

    def handing_over(self) -> None:
        self.handed_over += 1

    def hearing(self, handler: Handler, *numbers: int) -> Handler:
        return handler

    def departing(
        self, then: Callable[[], object], *, heir: bool = False, queue: float = 0.5
    ) -> None:
        if heir or self.replaced():
            self.handing_over()
        else:
            self.leaving()
        then()

    def counted(self, name: str) -> dict[str, int]:
        return self.counters.read().get(name, {})


def inner(
    services: dict[str, dict[str, str]] | None = None, *, app: str = "a", lane: str = ""
) -> Snapshot:
    """Return the snapshot of an app that is no entry; `services` maps app → address → lane."""
    return Snapshot(
        workload=Workload(app=app, lane=lane),
        lanes=LANES,
        services=tuple(
            Service(
                namespace="default",
                app=name,
                endpoints=tuple(
                    Endpoint(address=address, lane=lane) for address, lane in endpoints.items()
                ),
            )
            for name, endpoints in (services or {}).items()
        ),
    )


def entry(*conditions: Condition, lane: str = "") -> Snapshot:
    """Return the snapshot of an entry that colours gray what meets `conditions`."""
    wanted = conditions or (Condition(source="header", key="x-user", operator="==", values=("1",)),)
    colouring = Colouring(rule="TrafficLane/gray", lane="gray", conditions=wanted)
    return Snapshot(
        workload=Workload(app="entry", lane=lane),
        lanes=LANES,
        entry=Entry(colourings=(colouring,)),
    )


@contextmanager
def hooked(plane: Plane, *libraries: str) -> Iterator[Patches]:
    """Hook `libraries` for the time being."""
    patches = Patches()
    try:
        for library in libraries:
            import_module(f"fairlead.instruments.libs.{library}").install(plane, patches)
        yield patches
    finally:
        assert patches.restore() == []


@contextmanager
def serving(lane: str) -> Iterator[Served]:
    """Run what is inside as a request on `lane` would."""
    served = Served(lane)
    token = resume(served)
    try:
        yield served
    finally:
        served.ended = True
        suspend(token)


def eventually(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Wait until `true()`, for what another process does and nothing here can await."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.01)
    return False


def names(values: Iterable[object]) -> list[str]:
    """Return the class names of `values`."""
    return [type(value).__name__ for value in values]
