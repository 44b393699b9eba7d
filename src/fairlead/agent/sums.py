"""What processes counted, added up: those that are there, and those that were.

Plain enough to be written to a file and sent over a socket. What is only true at one moment (what
is under way, memory) goes with its process; sums stay, so that no counter ever goes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import add
from typing import TYPE_CHECKING, Any

from fairlead.agent.collector import INFLIGHT, PEAK, RT, TOOK
from fairlead.policy.buckets import BUCKETS
from fairlead.protocols.watch.report import REST

if TYPE_CHECKING:
    from fairlead.agent.collector import Numbers, Totals
    from fairlead.agent.runtime import Figures

MOST_KEYS = 4096
"""Interfaces, rules and edges that are told apart, each with its lanes, of all processes."""

Key = tuple[str, str, str]
Table = dict[Key, "Numbers"]

_TABLES = {"interfaces": RT + BUCKETS, "rules": 2, "edges": TOOK + BUCKETS}
"""Numbers that a row of each has."""


@dataclass(slots=True, kw_only=True)
class Sums:
    """Everything that one process counted, or several."""

    interfaces: Table = field(default_factory=dict)
    rules: Table = field(default_factory=dict)
    edges: Table = field(default_factory=dict)
    events: dict[tuple[str, str], int] = field(default_factory=dict)
    """By name and label."""
    dropped: int = 0
    cpu: float = 0.0
    pauses: float = 0.0
    """Seconds that collections took."""
    collections: list[int] = field(default_factory=lambda: [0, 0, 0])
    moment: list[float] = field(default_factory=lambda: [0.0] * 6)
    """Of this moment: processes, memory, descriptors, threads, tasks, and the largest lag."""

    def add(self, other: Sums) -> None:
        """Take in what others counted."""
        for name in _TABLES:
            mine: Table = getattr(self, name)
            for key, numbers in getattr(other, name).items():
                place = key if key in mine or len(mine) < MOST_KEYS else (REST, key[1], REST)
                before = mine.get(place)
                mine[place] = numbers if before is None else tuple(map(add, before, numbers))
        for event, count in other.events.items():
            self.events[event] = self.events.get(event, 0) + count
        self.dropped += other.dropped
        self.cpu += other.cpu
        self.pauses += other.pauses
        self.collections = list(map(add, self.collections, other.collections))
        *sums, lag = other.moment
        self.moment = [*map(add, self.moment, sums), max(self.moment[-1], lag)]

    def ended(self) -> Sums:
        """Return what stays of it when its processes are gone."""
        still = {
            key: (*numbers[:INFLIGHT], 0, 0, *numbers[PEAK + 1 :])
            for key, numbers in self.interfaces.items()
        }
        return Sums(
            interfaces=still,
            rules=self.rules,
            edges=self.edges,
            events=self.events,
            dropped=self.dropped,
            cpu=self.cpu,
            pauses=self.pauses,
            collections=self.collections,
        )


def sums_of(totals: Totals, events: dict[str, dict[str, int]], figures: Figures) -> Sums:
    """Return what this process has counted."""
    now = figures.now()
    return Sums(
        interfaces=dict(totals.interfaces),
        rules=dict(totals.rules),
        edges=dict(totals.edges),
        events={(name, label): n for name, labels in events.items() for label, n in labels.items()},
        dropped=totals.dropped,
        cpu=now.cpu,
        pauses=now.gc_pause,
        collections=list(now.gc),
        moment=[1.0, now.rss, now.fds, now.threads, now.tasks, now.loop_lag],
    )


def to_plain(sums: Sums) -> dict[str, Any]:
    """Return `sums` as JSON has it."""
    plain: dict[str, Any] = {name: list(getattr(sums, name).items()) for name in _TABLES}
    plain["events"] = list(sums.events.items())
    for name in ("dropped", "cpu", "pauses", "collections", "moment"):
        plain[name] = getattr(sums, name)
    return plain


def from_plain(plain: Any) -> Sums:
    """Return what `to_plain` was given. Raises ValueError of anything else."""
    try:
        tables = {name: dict(_rows(plain[name], size)) for name, size in _TABLES.items()}
        return Sums(
            **tables,
            events={(str(name), str(label)): int(n) for (name, label), n in plain["events"]},
            dropped=int(plain["dropped"]),
            cpu=float(plain["cpu"]),
            pauses=float(plain["pauses"]),
            collections=[int(n) for n in _sized(plain["collections"], 3)],
            moment=[float(n) for n in _sized(plain["moment"], 6)],
        )
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(f"no sums: {error}") from error


def _rows(plain: Iterable[Any], size: int) -> Iterator[tuple[Key, Numbers]]:
    for (first, second, third), numbers in plain:
        key = (str(first), str(second), str(third))
        yield key, tuple(int(number) for number in _sized(numbers, size))


def _sized(numbers: Any, size: int) -> Any:
    if len(numbers) != size:
        raise ValueError(f"{len(numbers)} numbers, expected {size}")
    return numbers
