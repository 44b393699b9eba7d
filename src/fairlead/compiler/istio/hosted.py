"""Hosts that are no app's: what ServiceEntries and WorkloadEntries compile to, one by one."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.compiler.labels import Pairs
from fairlead.policy.workload import BASE

LOOKED_UP, LISTED, CALLED = "dns", "list", "called"
"""Where instances come from: names that are looked up, a list, or the address that was called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port of a host, that speaks HTTP."""

    number: int
    name: str
    grpc: bool = False
    """Whether HTTP/2 is spoken, as gRPC does."""
    target: int = 0
    """Port of instances, 0 for `number`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An instance of a host."""

    address: str
    """IP address or name; of one that registered ``host:port``."""
    registered: bool = False
    ports: tuple[tuple[str, int], ...] = ()
    """Its own ports, by name."""
    labels: Pairs = ()
    locality: tuple[str, str, str] = ("", "", "")
    """Region, zone and subzone."""
    weight: int = 1
    lane: str = BASE

    def at(self, port: Port) -> str:
        """Return ``host:port`` where calls of a port go."""
        if self.registered:
            return self.address
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{dict(self.ports).get(port.name) or port.target or port.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a ServiceEntry says."""

    hosts: tuple[str, ...]
    """In lower case."""
    addresses: tuple[str, ...] = ()
    """IP addresses that stand for the hosts."""
    ports: tuple[Port, ...] = ()
    source: str = CALLED
    """One of LOOKED_UP, LISTED, CALLED."""
    one_name: bool = False
    """Of LOOKED_UP: whether a connection takes what the newest look-up said."""
    members: tuple[Member, ...] = ()
    selector: Pairs | None = None
    """Labels of members, None where those are listed."""
    external: bool = True
    exported: tuple[str, ...] = ()
    """Namespaces that call, ``.`` for its own; none for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """Which hosts data planes know."""

    selector: Pairs = ()
    """Labels of the workloads, none for all of the namespace."""
    hosts: tuple[tuple[str, str], ...] | None = None
    """Namespaces and hosts, as they are written; None for all there are."""
    registry_only: bool = False
    """Whether calls of hosts that nobody knows are refused."""
