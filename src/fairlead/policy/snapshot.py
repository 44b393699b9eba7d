"""Everything one workload enforces, frozen and consistent with itself."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy.endpoint import Service
from fairlead.policy.lane import Entry, Lane
from fairlead.policy.workload import Workload

NOBODY = Workload()


class InvalidSnapshot(Exception):
    """The sender's fault: a snapshot that cannot be enforced; the previous one stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One workload's compiled policy.

    `digest` names the content and decides whether there is something to push; `revision` is the
    store's and decides order: it never goes back, also across restarts.
    """

    digest: str = ""
    revision: int = 0
    workload: Workload = NOBODY
    lanes: tuple[Lane, ...] = ()
    entry: Entry | None = None
    services: tuple[Service, ...] = ()

    def check(self) -> None:
        """Raise InvalidSnapshot unless the parts agree with each other."""
        names = [lane.name for lane in self.lanes]
        if len(set(names)) != len(names):
            raise InvalidSnapshot("lanes: a lane is declared twice")
        for service in self.services:
            addresses = [endpoint.address for endpoint in service.endpoints]
            if len(set(addresses)) != len(addresses):
                raise InvalidSnapshot(f"services.{service.app}: an address is listed twice")
        for colouring in self.entry.colourings if self.entry else ():
            if colouring.lane not in names:
                raise InvalidSnapshot(
                    f"entry: {colouring.rule} colours with the undeclared lane {colouring.lane!r}"
                )
