"""Names of what the control plane shows to Prometheus: of itself, and of the services it hears of.

Those of agents are in `metrics.py`, where it is said how names are made.
"""

from __future__ import annotations

from fairlead.telemetry.metrics import ADVISED, COUNTER, GAUGE, HISTOGRAM, Metric

_OF = ("service_namespace", "service_name")
_SIDE = (*_OF, "side", "lane")

INSTANCES = Metric(
    name="fairlead.service.instances",
    unit="{instance}",
    kind=GAUGE,
    help="Instances that are registered.",
    labels=(*_OF, "lane"),
)
READY = Metric(
    name="fairlead.service.instances.ready",
    unit="{instance}",
    kind=GAUGE,
    help="Instances all of whose processes enforce the newest policy.",
    labels=(*_OF, "lane"),
)
DURATION = Metric(
    name="fairlead.service.call.duration",
    unit="s",
    kind=HISTOGRAM,
    help="How long the calls of all interfaces took, as agents reported it.",
    labels=_SIDE,
    bounds=ADVISED,
)
PASSED = Metric(
    name="fairlead.service.passed",
    unit="{call}",
    kind=COUNTER,
    help="Calls that were let in.",
    labels=_SIDE,
)
REJECTED = Metric(
    name="fairlead.service.rejected",
    unit="{call}",
    kind=COUNTER,
    help="Calls that a rule turned away.",
    labels=_SIDE,
)
SIMULATED = Metric(
    name="fairlead.service.simulated",
    unit="{call}",
    kind=COUNTER,
    help="Calls that were let in and that rules which are observed only would have turned away.",
    labels=_SIDE,
)
ERRORS = Metric(
    name="fairlead.service.errors",
    unit="{call}",
    kind=COUNTER,
    help="Calls that were let in and failed.",
    labels=_SIDE,
)
BROKEN = Metric(
    name="fairlead.service.breaker.open",
    unit="{breaker}",
    kind=GAUGE,
    help="Resources of which a circuit breaker is open in some process.",
    labels=_OF,
)

AGENTS = Metric(
    name="fairlead.control.agents",
    unit="{process}",
    kind=GAUGE,
    help="Processes with an agent, by how they stand to the newest policy.",
    labels=("state",),
)
REQUESTS = Metric(
    name="fairlead.control.requests",
    unit="{request}",
    kind=COUNTER,
    help="Requests that the control plane was asked, by what they ask for.",
    labels=("request",),
)
REPORTS = Metric(
    name="fairlead.control.reports",
    unit="{report}",
    kind=COUNTER,
    help="Reports of agents: taken in, or repeated.",
    labels=("outcome",),
)
SHED = Metric(
    name="fairlead.control.telemetry.dropped",
    unit="{call}",
    kind=COUNTER,
    help="Calls that agents did not measure, to spare the application.",
)
LEFT_OUT = Metric(
    name="fairlead.control.telemetry.left_out",
    unit="{row}",
    kind=COUNTER,
    help="Rows of reports that counted more than can be, and reports of apps beyond the bound.",
)
SERIES = Metric(
    name="fairlead.control.telemetry.series",
    unit="{series}",
    kind=GAUGE,
    help="Series that are kept in memory.",
)
FOLDED = Metric(
    name="fairlead.control.telemetry.folded",
    unit="{row}",
    kind=COUNTER,
    help="Rows of reports that were counted together, as their app tells of too many things.",
)
HISTORY_FAILED = Metric(
    name="fairlead.control.history.failed",
    unit="{problem}",
    kind=GAUGE,
    help="1 while what was measured cannot be kept on disk.",
)
REVISION = Metric(
    name="fairlead.control.revision",
    unit="{write}",
    kind=GAUGE,
    help="Revision of the newest write.",
)
UPTIME = Metric(
    name="fairlead.control.uptime",
    unit="s",
    kind=GAUGE,
    help="How long the control plane has run.",
)

EVERY = (
    *(INSTANCES, READY, DURATION, PASSED, REJECTED, SIMULATED, ERRORS, BROKEN),
    *(AGENTS, REQUESTS, REPORTS, SHED, LEFT_OUT, SERIES, FOLDED),
    *(HISTORY_FAILED, REVISION, UPTIME),
)
