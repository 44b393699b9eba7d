"""Every metric's name, once: OpenTelemetry's where its conventions have one, ``fairlead.`` else.

Units are UCUM's, as the conventions write them. How Prometheus spells a name follows from both
(OpenTelemetry's *Prometheus and OpenMetrics Compatibility*).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"

_UNITS = {"s": "seconds", "By": "bytes"}
_STRANGE = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One thing that is measured."""

    name: str
    unit: str
    """``s``, ``By``, or what is counted: ``{call}``."""
    kind: str
    help: str
    labels: tuple[str, ...] = ()
    """As Prometheus spells them."""
    bounds: tuple[float, ...] = ()
    """Of a histogram's buckets, some of ``policy.buckets.BOUNDS``."""

    @property
    def prometheus(self) -> str:
        """The name in Prometheus' text format; of a histogram without its three endings."""
        parts = [_STRANGE.sub("_", self.name)]
        if self.unit in _UNITS:
            parts.append(_UNITS[self.unit])
        if self.kind == COUNTER:
            parts.append("total")
        return "_".join(parts)


ADVISED = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Bounds that the conventions for HTTP and RPC advise."""

HTTP_SERVER = Metric(
    name="http.server.request.duration",
    unit="s",
    kind=HISTOGRAM,
    help="How long requests took, from their route to the last byte of the response.",
    labels=("http_request_method", "http_route", "lane"),
    bounds=ADVISED,
)
RPC_SERVER = Metric(
    name="rpc.server.call.duration",
    unit="s",
    kind=HISTOGRAM,
    help="How long calls of gRPC took that were served.",
    labels=("rpc_method", "lane"),
    bounds=ADVISED,
)
DATABASE = Metric(
    name="db.client.operation.duration",
    unit="s",
    kind=HISTOGRAM,
    help="How long statements took that rules are about, or all of a database.",
    labels=("db_namespace", "db_query_text", "lane"),
    bounds=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0),
)
FUNCTION = Metric(
    name="fairlead.function.duration",
    unit="s",
    kind=HISTOGRAM,
    help="How long guarded functions and blocks took.",
    labels=("interface", "lane"),
    bounds=ADVISED,
)
CALL = Metric(
    name="fairlead.call.duration",
    unit="s",
    kind=HISTOGRAM,
    help="How long calls to apps took, attempts and waiting included.",
    labels=("to", "lane", "served_by"),
    bounds=ADVISED,
)

PASSED = Metric(
    name="fairlead.interface.passed",
    unit="{call}",
    kind=COUNTER,
    help="Calls that were let in.",
    labels=("interface", "side", "lane"),
)
REJECTED = Metric(
    name="fairlead.interface.rejected",
    unit="{call}",
    kind=COUNTER,
    help="Calls that a rule turned away.",
    labels=("interface", "side", "lane"),
)
SIMULATED = Metric(
    name="fairlead.interface.simulated",
    unit="{call}",
    kind=COUNTER,
    help="Calls that were let in and that rules which are observed only would have turned away.",
    labels=("interface", "side", "lane"),
)
ERRORS = Metric(
    name="fairlead.interface.errors",
    unit="{call}",
    kind=COUNTER,
    help="Calls that were let in and failed.",
    labels=("interface", "side", "lane"),
)
INFLIGHT = Metric(
    name="fairlead.interface.inflight",
    unit="{call}",
    kind=GAUGE,
    help="Calls under way.",
    labels=("interface", "side", "lane"),
)

RULE_REJECTED = Metric(
    name="fairlead.rule.rejected",
    unit="{call}",
    kind=COUNTER,
    help="Calls that this rule turned away.",
    labels=("rule", "interface", "reason"),
)
RULE_SIMULATED = Metric(
    name="fairlead.rule.simulated",
    unit="{call}",
    kind=COUNTER,
    help="Calls that this rule would have turned away.",
    labels=("rule", "interface", "reason"),
)

CALL_ERRORS = Metric(
    name="fairlead.call.errors",
    unit="{call}",
    kind=COUNTER,
    help="Calls to apps that failed.",
    labels=("to", "lane", "served_by"),
)
CALL_FALLBACKS = Metric(
    name="fairlead.call.fallbacks",
    unit="{call}",
    kind=COUNTER,
    help="Calls on a lane that base served, as the lane has no instance of the app.",
    labels=("to", "lane", "served_by"),
)
CALL_LOST = Metric(
    name="fairlead.call.lost_labels",
    unit="{call}",
    kind=COUNTER,
    help="Calls to apps that were sent without the label of the lane that they were made on.",
    labels=("to", "lane", "served_by"),
)
CALL_RETRIES = Metric(
    name="fairlead.call.retries",
    unit="{attempt}",
    kind=COUNTER,
    help="Attempts beyond the first of each call.",
    labels=("to", "lane", "served_by"),
)

DROPPED = Metric(
    name="fairlead.telemetry.dropped",
    unit="{call}",
    kind=COUNTER,
    help="Calls that were not measured, to spare the application.",
)
EVENTS = Metric(
    name="fairlead.events",
    unit="{event}",
    kind=COUNTER,
    help="What the agent counts of itself (telemetry/names.py).",
    labels=("event", "label"),
)

CPU = Metric(
    name="process.cpu.time",
    unit="s",
    kind=COUNTER,
    help="CPU time of all processes.",
)
MEMORY = Metric(
    name="process.memory.usage",
    unit="By",
    kind=GAUGE,
    help="Resident memory of all processes.",
)
DESCRIPTORS = Metric(
    name="process.open_file_descriptor.count",
    unit="{count}",
    kind=GAUGE,
    help="Open file descriptors of all processes.",
)
THREADS = Metric(
    name="process.thread.count",
    unit="{thread}",
    kind=GAUGE,
    help="Threads of all processes, those that Python knows nothing of too.",
)
COLLECTIONS = Metric(
    name="cpython.gc.collections",
    unit="{collection}",
    kind=COUNTER,
    help="Collections of the garbage collector.",
    labels=("cpython_gc_generation",),
)
PAUSES = Metric(
    name="fairlead.gc.pause",
    unit="s",
    kind=COUNTER,
    help="Time that collections took.",
)
LAG = Metric(
    name="fairlead.event_loop.lag",
    unit="s",
    kind=GAUGE,
    help="How late an event loop was at most since it was asked last.",
)
TASKS = Metric(
    name="fairlead.event_loop.tasks",
    unit="{task}",
    kind=GAUGE,
    help="Tasks of event loops.",
)
PROCESSES = Metric(
    name="fairlead.processes",
    unit="{process}",
    kind=GAUGE,
    help="Processes whose counts are in these; those of processes that ended are in the sums.",
)

EVERY = (
    *(HTTP_SERVER, RPC_SERVER, DATABASE, FUNCTION, CALL),
    *(PASSED, REJECTED, SIMULATED, ERRORS, INFLIGHT, RULE_REJECTED, RULE_SIMULATED),
    *(CALL_ERRORS, CALL_FALLBACKS, CALL_LOST, CALL_RETRIES, DROPPED, EVENTS),
    *(CPU, MEMORY, DESCRIPTORS, THREADS, COLLECTIONS, PAUSES, LAG, TASKS, PROCESSES),
)
