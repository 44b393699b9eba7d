"""A real control plane with all policies of the corpus, and the instances that they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.proxy.following import xds_port
from tests.conformance.routing.envoy.upstream import Upstream
from tests.conformance.routing.peers.corpus import GRPC, HTTP, Policies, names
from tests.conformance.routing.peers.upstream import Services
from tests.control.fleet import Agent
from tests.control.serving import Server, serving

LEASE = 3600.0
"""Seconds: nobody renews."""


@dataclass(frozen=True, slots=True)
class Plane:
    """What data planes ask, and whom they call."""

    server: Server
    web: Upstream
    services: Services
    hosts: Mapping[str, str]
    """An app of each protocol that answers everything."""

    @property
    def xds(self) -> str:
        """Where xDS is answered."""
        return f"127.0.0.1:{xds_port(self.server)}"

    def refused(self) -> list[str]:
        """Return what connected data planes refuse, and why."""
        with self.server.client() as http:
            clients = http.get("/fairlead/v1/xds").json()["clients"]
        return [f"{one['agent']}: {no['reason']}" for one in clients for no in one["refused"]]

    def apply(self, plain: Any) -> None:
        """Have the control plane keep an object that is new."""
        place = f"/apis/{plain['apiVersion']}/namespaces/{plain['metadata']['namespace']}"
        with self.server.client() as http:
            answer = http.post(f"{place}/{plain['kind'].lower()}s", json=plain)
        assert answer.is_success, f"{plain}: {answer.text}"

    def register(self, group: Policies) -> None:
        """Have the instances of a group register."""
        ports = self.services.ports if group.protocol == GRPC else self.web.ports
        for one in group.serves:
            Agent(
                self.server.url,
                group.namespace,
                one.app,
                ports[one.name],
                protocol=group.protocol,
                lane=one.lane or None,
                labels=(("version", one.version),) if one.version else (),
                zone=one.place,
            ).register()


@contextmanager
def standing(folder: Path, groups: Sequence[Policies]) -> Iterator[Plane]:
    """Run all of it, with every group in a namespace of its own."""
    by = {one: [group for group in groups if group.protocol == one] for one in (GRPC, HTTP)}
    with (
        Upstream(names(by[HTTP])) as web,
        Services(names(by[GRPC])) as services,
        serving(folder / "data", xds="127.0.0.1:0", fixed={"lease": LEASE}) as server,
    ):
        hosts = {one: f"orders.{found[-1].namespace}" for one, found in by.items()}
        plane = Plane(server, web, services, hosts)
        for group in groups:
            plane.register(group)
        for group in groups:
            for one in group.objects:
                plane.apply(one)
        yield plane
