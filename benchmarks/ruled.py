"""CPU that rules about calls add to a call by app name: none for the app, and all that there are.

Both sides are hooked and call the same server by name, with real clients. Plain has no rule about
calls anywhere, ruled has a timeout, retries, a budget, ejection and least-request for the app.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from typing import Any

from benchmarks.calls import EVERYTHING
from benchmarks.measure import Batch, Figure, added
from benchmarks.outbound import CLIENTS, NAME, Client
from benchmarks.plane import Plane, service, snapshot
from benchmarks.responder import responding
from fairlead.instruments.passage import Served
from fairlead.instruments.patch import Patches
from fairlead.instruments.propagate import resume, suspend
from fairlead.policy.calls import Calls
from fairlead.policy.snapshot import Snapshot


def run() -> Iterator[Figure]:
    """Measure every client library."""
    with responding() as address:
        callee = service("c", address, address)
        plain = snapshot("b", services=[callee])
        elsewhere = replace(plain, calls=Calls(callees=(replace(EVERYTHING, app="d"),)))
        ruled = replace(plain, calls=Calls(callees=(EVERYTHING,)))
        for client in CLIENTS:
            yield _figure(f"ruled_{client.name}_us", client, plain, ruled)
            yield _figure(f"ruled_elsewhere_{client.name}_us", client, plain, elsewhere)


def _figure(name: str, client: Client, before: Snapshot, after: Snapshot) -> Figure:
    lane = Served("gray")
    hooks: list[Any] = [
        import_module(f"fairlead.instruments.libs.{name}") for name in client.instruments
    ]
    planes = [Plane(one) for one in (before, after)]
    with ExitStack() as stack:
        opened = client.open(NAME, stack)

        def batch(plane: Plane) -> Batch:
            def hooked(calls: int) -> list[int]:
                patches = Patches()
                for instrument in hooks:
                    instrument.install(plane, patches)
                token = resume(lane)
                try:
                    return opened(calls)
                finally:
                    suspend(token)
                    patches.restore()

            return hooked

        figure = added(name, batch(planes[0]), batch(planes[1]), calls=client.calls, target=None)
    for plane in planes:
        if "agent_faults" in plane.counters.read():
            raise RuntimeError(f"the hooks of {client.name} failed: {plane.counters.read()}")
    return figure
