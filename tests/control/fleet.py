"""Agents for tests: the real client of the wire, each in a thread of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

from fairlead.policy.snapshot import InvalidSnapshot, Snapshot
from fairlead.protocols.watch.client import Door, Registry, Watch
from fairlead.protocols.watch.codec import Labels, Lease, Registration, Subscription
from fairlead.protocols.watch.connection import ControlAddress
from fairlead.protocols.watch.session import Session
from fairlead.protocols.watch.tls import Trust

PATIENCE = 60.0
"""Seconds that a test waits for something that should take a fraction of one: a busy machine is
slow, and what hangs hangs longer."""


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return what `condition` returns as soon as it is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)
    return found


class Agent:
    """One process as the control plane sees it. `refuses` is a reason to refuse everything."""

    def __init__(self, url: str, namespace: str, app: str, port: int = 0, **more: Any) -> None:
        self.refuses = ""
        self.snapshots: list[Snapshot] = []
        trust = Trust(more.pop("ca", ""))
        labels: Labels = tuple(more.pop("labels", ()))
        lane: str | None = more.pop("lane", None)
        self.subscription = Subscription(
            node=more.pop("node", f"{namespace}-{app}-{port}"),
            namespace=namespace,
            app=app,
            lane=lane,
            labels=labels,
        )
        self.registration = Registration(
            node=self.subscription.node,
            namespace=namespace,
            app=app,
            address=f"127.0.0.1:{port}",
            pid=port,
            host="h",
            lane=lane,
            labels=labels,
            **more,
        )
        self._woken = threading.Event()
        door = Door(address=ControlAddress.of(url), trust=trust)
        self._registry = Registry(door)
        self.session = Session(self._apply)
        self.watch = Watch(
            door, self.subscription, self.session, dice=lambda: 0.0, pause=self._woken.wait
        )
        self._thread = threading.Thread(target=self.watch.run)

    @property
    def newest(self) -> Snapshot:
        return self.snapshots[-1]

    @property
    def policies(self) -> list[Snapshot]:
        """What came to be enforced, one after the other; no snapshot said the same as the last.

        Without services: an instance of an earlier test may be given up meanwhile.
        """
        assert all(one.digest != then.digest for one, then in pairwise(self.snapshots))
        bare = (replace(one, digest="", revision=0, services=()) for one in self.snapshots)
        return [one for one, _ in groupby(bare)]

    def register(self) -> Lease:
        return self._registry.register(self.registration)

    def leave(self) -> None:
        self._registry.deregister(self.registration)

    def stop_registry(self) -> None:
        self._registry.abandon()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._woken.set()
        self.watch.stop()
        self._thread.join(PATIENCE)
        self._registry.abandon()

    def sees(self, app: str) -> list[tuple[str, str]]:
        """Addresses and lanes of an app in the newest snapshot."""
        for service in self.newest.services if self.snapshots else ():
            if (service.namespace, service.app) == (self.subscription.namespace, app):
                return [(endpoint.address, endpoint.lane) for endpoint in service.endpoints]
        return []

    def _apply(self, snapshot: Snapshot, plain: dict[str, Any]) -> None:
        del plain
        if self.refuses:
            raise InvalidSnapshot(self.refuses)
        self.snapshots.append(snapshot)


@contextmanager
def fleet(*agents: Agent, register: bool = True) -> Iterator[None]:
    """Run agents, registered or not, until the block ends."""
    for agent in agents:
        if register:
            agent.register()
        agent.start()
    try:
        yield
    finally:
        for agent in agents:
            agent.stop()
