"""What Prometheus reads at the control plane: itself, and each service as its agents report it.

What came before a control plane began is not in the counters: they begin again, as those of any
process do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fairlead.control.telemetry.measurements import Measurements
from fairlead.control.telemetry.packed import Sums, unpack
from fairlead.telemetry import control_metrics as names
from fairlead.telemetry.exposition import Exposition

Rows = list[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a page is made of, taken at one moment."""

    services: list[tuple[tuple[str, ...], Sums]]
    instances: Rows
    ready: Rows
    broken: Rows
    agents: Mapping[str, int]
    own: Mapping[str, float]
    requests: Mapping[str, int]
    reports: Mapping[str, int]


def figures(measured: Measurements, requests: Callable[[], Mapping[str, int]]) -> Figures:
    """Return the figures of now; for the event loop."""
    fleet, intake = measured.fleet, measured.intake
    apps = fleet.apps(measured.namespaces())
    instances: Counter[tuple[str, ...]] = Counter()
    ready: Counter[tuple[str, ...]] = Counter()
    for app, members in apps.items():
        for member in members:
            instances[*app, member.lane] += 1
            ready[*app, member.lane] += member.is_ready
    open_ = measured.breakers.shown(measured.namespaces())
    broken = Counter((one["namespace"], one["app"]) for one in open_)
    revision = fleet.publisher.world.revision
    apps_told = measured.memory.apps.values()
    return Figures(
        services=[
            ((*app, *key), unpack(packed))
            for app, told in sorted(measured.memory.apps.items())
            for key, packed in sorted(told.ever.items())
        ],
        instances=sorted(instances.items()),
        ready=sorted(ready.items()),
        broken=sorted(broken.items()),
        agents=Counter(node.state(revision) for node in fleet.nodes.all()),
        own={
            "shed": intake.shed,
            "left_out": intake.refused,
            "series": sum(len(told.series) for told in apps_told),
            "folded": sum(told.folded for told in apps_told),
            "failed": bool(measured.history()["problem"]),
            "revision": revision,
            "uptime": measured.clocks.elapsed() - measured.overview.began,
        },
        requests=requests(),
        reports={"taken": intake.taken, "repeated": intake.repeated},
    )


def page(found: Figures) -> str:
    """Return the page; takes a while where there are many services."""
    said = Exposition()
    said.say(names.INSTANCES, found.instances)
    said.say(names.READY, found.ready)
    said.say_times(
        names.DURATION, [(key, one.rt, one.rt_us / 1_000_000) for key, one in found.services]
    )
    said.say(names.PASSED, [(key, one.passed) for key, one in found.services])
    said.say(names.REJECTED, [(key, one.rejected) for key, one in found.services])
    said.say(names.SIMULATED, [(key, one.simulated) for key, one in found.services])
    said.say(names.ERRORS, [(key, one.errors) for key, one in found.services])
    said.say(names.BROKEN, found.broken)
    said.say(names.AGENTS, _labelled(found.agents))
    said.say(names.REQUESTS, _labelled(found.requests))
    said.say(names.REPORTS, _labelled(found.reports))
    own = found.own
    for metric, name in _OWN:
        said.say(metric, [((), own[name])])
    return said.text()


_OWN = (
    (names.SHED, "shed"),
    (names.LEFT_OUT, "left_out"),
    (names.SERIES, "series"),
    (names.FOLDED, "folded"),
    (names.HISTORY_FAILED, "failed"),
    (names.REVISION, "revision"),
    (names.UPTIME, "uptime"),
)


def _labelled(counts: Mapping[str, int]) -> Iterable[tuple[tuple[str], float]]:
    return [((name,), count) for name, count in sorted(counts.items())]
