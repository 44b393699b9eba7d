"""Everything one workload enforces, frozen and consistent with itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from fairlead.policy import overload
from fairlead.policy.calls import Calls
from fairlead.policy.database import ShadowDatabase, ShadowTable
from fairlead.policy.endpoint import Service
from fairlead.policy.flow_rules import NO_RULES, FlowRules, problem
from fairlead.policy.governance import MODES, ON
from fairlead.policy.lane import Entry, Lane
from fairlead.policy.overload import OverloadProtection
from fairlead.policy.workload import BASE, Workload

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
    governance: str = ON
    """Whether rules are enforced: one of `policy.governance.MODES`."""
    lanes: tuple[Lane, ...] = ()
    entry: Entry | None = None
    services: tuple[Service, ...] = ()
    shadow_tables: tuple[ShadowTable, ...] = ()
    shadow_databases: tuple[ShadowDatabase, ...] = ()
    flow: FlowRules = NO_RULES
    overload: OverloadProtection | None = None
    """How the process protects itself; None where it does not."""
    calls: Calls | None = None
    """None where no rule is about how apps are called: nobody passes on a deadline then."""

    def check(self) -> None:
        """Raise InvalidSnapshot unless the parts agree with each other."""
        if self.governance not in MODES:
            modes = ", ".join(MODES)
            raise InvalidSnapshot(f"governance: {self.governance!r} is none of {modes}")
        names = [lane.name for lane in self.lanes]
        if len(set(names)) != len(names):
            raise InvalidSnapshot("lanes: a lane is declared twice")
        for service in self.services:
            addresses = [endpoint.address for endpoint in service.endpoints]
            warmups = (endpoint.warmup for endpoint in service.endpoints)
            if not all(0 < warmup < inf for warmup in warmups if warmup is not None):
                raise InvalidSnapshot(f"services.{service.app}: a warm-up takes no such time")
            if len(set(addresses)) != len(addresses):
                raise InvalidSnapshot(f"services.{service.app}: an address is listed twice")
        for colouring in self.entry.colourings if self.entry else ():
            if colouring.lane not in names:
                raise InvalidSnapshot(
                    f"entry: {colouring.rule} colours with the undeclared lane {colouring.lane!r}"
                )
        self._check_shadows()
        self._check_flow()

    def _check_flow(self) -> None:
        """Refuse what would turn every call away, or answer what is no answer."""
        for rule in self.flow:
            if (found := problem(rule)) is not None:
                raise InvalidSnapshot(f"flow: {rule.rule}, {rule.strategy}: {found}")
        if self.overload is not None and (found := overload.problem(self.overload)) is not None:
            raise InvalidSnapshot(f"overload: {self.overload.rule}: {found}")
        for found in self.calls.problems() if self.calls is not None else ():
            raise InvalidSnapshot(f"calls: {found}")

    def _check_shadows(self) -> None:
        """Refuse what would lead a lane's writes to base, or to two places."""
        lanes = {shadow.lane for shadow in self.shadow_tables}
        if BASE in lanes | {shadow.lane for shadow in self.shadow_databases}:
            raise InvalidSnapshot("shadows: base has none, and one names no lane")
        if any(shadow.shadow == shadow.table for shadow in self.shadow_tables):
            raise InvalidSnapshot("shadow_tables: a table is its own shadow")
        if any(shadow.shadow == shadow.source for shadow in self.shadow_databases):
            raise InvalidSnapshot("shadow_databases: a database is its own shadow")
        tables = [(shadow.lane, shadow.database, shadow.table) for shadow in self.shadow_tables]
        if len(set(tables)) != len(tables):
            raise InvalidSnapshot("shadow_tables: a table has two shadows on one lane")
        databases = [(shadow.lane, shadow.source) for shadow in self.shadow_databases]
        if len(set(databases)) != len(databases):
            raise InvalidSnapshot("shadow_databases: a database has two shadows on one lane")
