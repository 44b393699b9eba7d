"""A workload's decisions, built from a snapshot and swapped in one assignment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fairlead.flow.calling import Callees
from fairlead.flow.database import Shadows
from fairlead.flow.failover import Avoided, Clock
from fairlead.flow.gates import Gates
from fairlead.flow.lane import Lanes
from fairlead.flow.measuring import Measuring
from fairlead.flow.outside import Outside, concerned
from fairlead.flow.overload.protection import Protection
from fairlead.flow.patience import Patience
from fairlead.flow.route import Routes
from fairlead.flow.sendings import Sent
from fairlead.flow.stack import NOBODY, outbound, outward
from fairlead.flow.statements import Statements
from fairlead.flow.steps import Flow
from fairlead.flow.warmup import Warming
from fairlead.policy.flow_rules import NO_RULES, FlowRules
from fairlead.policy.governance import OBSERVE, OFF
from fairlead.policy.resource import OUTBOUND, SQL
from fairlead.policy.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Plan:
    """One snapshot made ready. A reader takes it once per request and sees nothing half changed."""

    snapshot: Snapshot
    lanes: Lanes
    routes: Routes
    outbound: Flow
    """The life of a call by app name."""
    patient: Flow
    """The same of one that waits for an endpoint (`Call.waits`)."""
    ruled: bool
    """Whether rules are about how apps are called."""
    called: frozenset[str]
    """Hosts of apps that they are about."""
    repeated: frozenset[str]
    """Hosts of apps whose calls may be sent again by a rule, or end in its time."""
    outward: Flow
    """The life of a call to a host that is no app."""
    outside: Outside | None
    """Such hosts that rules concern; None where no rule may."""
    statements: Statements | None
    """Statements that rules concern; None where no rule may."""
    simple: dict[str | tuple[str, str], bool | Sent]
    """Statements of base, and with the lane before them those of lanes without shadows, that were
    met under this plan, that no rule concerns, and that leave the session alone; whether they
    write, or what counts them where they are measured.

    A slice of each to look at would cost as much as everything else that is done for it."""
    shadows: Shadows
    own_lane: str
    """The lane of what has no request; here because every statement asks."""


class Engine:
    """Holds the plan in force, and the state that outlives it."""

    def __init__(
        self,
        *,
        clock: Clock,
        dice: Callable[[], float],
        trust: bool = True,
        governed: bool = False,
        gates: Gates | None = None,
    ) -> None:
        """Start with the plan of an empty snapshot: no lane, no known app.

        In a process that is `governed`, a lane counts as one with shadows until a snapshot says
        what it has: its rows must not reach base because the control plane was late.
        """
        self._governed = governed
        self.dice = dice
        self._trust = trust
        self.clock = clock
        self._avoided = Avoided(clock)
        self._warming = Warming(clock)
        self._patience = Patience()
        self.callees = Callees(clock, dice, self._warming, self._avoided)
        self.gates = Gates() if gates is None else gates
        self.measuring = Measuring(self.gates)
        self.listeners: list[Callable[[Plan], object]] = []
        """Hear of each plan when it is in force, in the thread that applies it."""
        self.overload = Protection()
        self.plan = self._build(Snapshot())

    def apply(self, snapshot: Snapshot) -> None:
        """Enforce `snapshot` from the next call on."""
        # The gates first: what a plan finds out about them it keeps.
        simulate, lane = snapshot.governance == OBSERVE, snapshot.workload.lane
        self.gates.apply(_rules(snapshot), simulate=simulate, lane=lane)
        protection = None if snapshot.governance == OFF else snapshot.overload
        self.overload.apply(protection, simulate=simulate)
        self.plan = plan = self._build(snapshot)
        for listener in self.listeners:
            listener(plan)

    def note_requests(self, on: bool) -> None:  # noqa: FBT001
        """Have requests come by their gates whether or not rules are about them."""
        self.gates.note(on)
        self.refresh()

    def measure(self, on: bool, *, shed: bool = False) -> None:  # noqa: FBT001
        """Measure calls that no rule is about, or not; what is shed is counted."""
        self.measuring.on, self.measuring.shed = on, shed
        self.gates.measure(on)
        self.refresh()

    def refresh(self) -> None:
        """Have whoever keeps something of the plan look again, at whatever else has changed."""
        while True:
            plan = self.plan
            again = replace(plan, simple={})
            if self.plan is plan:  # else a snapshot came meanwhile, which has to stay in force
                self.plan = again
                return

    def begin_again(self) -> None:
        """Count from nothing in a forked process: a permit may be in the hand of a lost thread."""
        self.callees.begin_again()
        self.plan = self._build(self.plan.snapshot)
        self.gates.begin_again()
        self.measuring.begin_again()
        self.overload.begin_again(self.clock())

    def _build(self, snapshot: Snapshot) -> Plan:
        # A random turn, or every caller would send its first call to the same instance.
        turn = int(self.dice() * 1_000_000)
        self._warming.see(snapshot)
        routes = Routes(snapshot, turn, warming=self._warming, dice=self.dice)
        lanes = Lanes(snapshot, trust=self._trust)
        known = bool(snapshot.digest) or not self._governed
        shadows = Shadows.of(snapshot) if known else Shadows.unknown()
        rules = _rules(snapshot)
        about_calls = concerned(rules, OUTBOUND)
        gates = self.gates if about_calls else None
        calls = None if snapshot.governance in (OFF, OBSERVE) else snapshot.calls
        ruled = None if calls is None else self.callees.ruled(calls, routes)
        flow, patient = outbound(routes, self._avoided, gates, self._patience, ruled)
        return Plan(
            snapshot=snapshot,
            lanes=lanes,
            routes=routes,
            outbound=flow,
            patient=patient,
            ruled=ruled is not None,
            called=NOBODY if ruled is None else frozenset(ruled.ways),
            repeated=NOBODY if ruled is None else ruled.repeated,
            outward=outward(self.gates),
            statements=Statements(rules) if concerned(rules, SQL) else None,
            outside=Outside(self.gates) if about_calls else None,
            simple={},
            shadows=shadows,
            own_lane=lanes.own,
        )


def _rules(snapshot: Snapshot) -> FlowRules:
    """Return the rules about the flow of calls that are in force, or observed."""
    return NO_RULES if snapshot.governance == OFF else snapshot.flow
