"""The sums of an instance's processes as a page for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import add
from typing import TYPE_CHECKING

from fairlead.agent import collector as at
from fairlead.protocols.watch.report import FUNCTION, SERVER, SQL
from fairlead.telemetry import metrics, spelling
from fairlead.telemetry.exposition import Exposition

if TYPE_CHECKING:
    from fairlead.agent.collector import Numbers
    from fairlead.agent.sums import Key, Sums

Times = tuple[Sequence[str], Sequence[int], float]


def page(app: str, namespace: str, sums: Sums) -> str:
    """Return the page of an app's instance."""
    said = Exposition([("service_name", app), ("service_namespace", namespace)])
    interfaces = _shown(sums.interfaces)
    for spelt, side in _HISTOGRAMS:
        said.say_times(spelt.metric, _times(interfaces, side, spelt.write))
    _say_interfaces(said, interfaces)
    for position, metric in enumerate((metrics.RULE_REJECTED, metrics.RULE_SIMULATED)):
        said.say(metric, [(key, numbers[position]) for key, numbers in sums.rules.items()])
    said.say_times(
        metrics.CALL,
        [(key, n[at.TOOK :], n[at.TOOK_NS] / 1e9) for key, n in sums.edges.items()],
    )
    for metric, position in _CALLS:
        said.say(metric, [(key, numbers[position]) for key, numbers in sums.edges.items()])
    _say_process(said, sums)
    return said.text()


_CALLS = (
    (metrics.CALL_ERRORS, at.FAILED),
    (metrics.CALL_FALLBACKS, at.FALLBACKS),
    (metrics.CALL_LOST, at.LOST),
    (metrics.CALL_RETRIES, at.RETRIES),
)


def _say_interfaces(said: Exposition, interfaces: dict[Key, Numbers]) -> None:
    for metric, position in (
        (metrics.PASSED, at.PASSED),
        (metrics.REJECTED, at.REJECTED),
        (metrics.SIMULATED, at.SIMULATED),
        (metrics.ERRORS, at.ERRORS),
        (metrics.INFLIGHT, at.INFLIGHT),
    ):
        said.say(metric, [(key, numbers[position]) for key, numbers in interfaces.items()])


def _say_process(said: Exposition, sums: Sums) -> None:
    said.say(metrics.DROPPED, [((), sums.dropped)])
    said.say(metrics.EVENTS, sorted(sums.events.items()))
    said.say(metrics.CPU, [((), sums.cpu)])
    said.say(metrics.COLLECTIONS, [((str(i),), count) for i, count in enumerate(sums.collections)])
    said.say(metrics.PAUSES, [((), sums.pauses)])
    order = (
        *(metrics.PROCESSES, metrics.MEMORY, metrics.DESCRIPTORS, metrics.THREADS),
        *(metrics.TASKS, metrics.LAG),
    )
    for metric, value in zip(order, sums.moment, strict=True):
        said.say(metric, [((), value)])


def _times(
    interfaces: dict[Key, Numbers], side: str, name: Callable[[str], tuple[str, ...] | None]
) -> Iterator[Times]:
    for key, numbers in interfaces.items():
        values = name(key[0]) if key[1] == side else None
        if values is not None:
            yield (*values, key[2]), numbers[at.RT :], numbers[at.RT_NS] / 1e9


_HISTOGRAMS = (
    (spelling.HTTP, SERVER),
    (spelling.RPC, SERVER),
    (spelling.DATABASE, SQL),
    (spelling.FUNCTION, FUNCTION),
)


def _shown(interfaces: dict[Key, Numbers]) -> dict[Key, Numbers]:
    """Cut long statements; those that begin alike are one, as a page has each series once."""
    found: dict[Key, Numbers] = {}
    for (name, side, lane), numbers in interfaces.items():
        key = (name[: spelling.SHOWN] if side == SQL else name, side, lane)
        before = found.get(key)
        found[key] = numbers if before is None else tuple(map(add, before, numbers))
    return found
