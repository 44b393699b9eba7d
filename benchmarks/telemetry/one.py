"""One report of twenty interfaces, from the bytes of its renewal to the sums: the least it takes.

In this process, and the shortest of many batches: what other programs do on the machine is in the
others. Of a renewal without a report the same is taken, and is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import orjson

from benchmarks.measure import Figure
from benchmarks.telemetry.taking import Instance
from fairlead.control.clocks import Clocks
from fairlead.control.telemetry.intake import Intake
from fairlead.control.telemetry.memory import Memory
from fairlead.protocols.watch.reading import read_registration
from fairlead.protocols.watch.report import Report

INSTANCES, BATCHES = 50, 400
PER_SECOND = 100
"""Reports of a thousand instances, each every ten seconds."""

T = TypeVar("T")


def run() -> Iterator[Figure]:
    """Measure it in three parts."""
    instances = [Instance(number) for number in range(INSTANCES)]
    told = [_body(one.renewal(reports=True)) for one in instances]
    plain = [_body(one.renewal(reports=False)) for one in instances]
    parsed, bare = [orjson.loads(one) for one in told], [orjson.loads(one) for one in plain]
    parse = _least(orjson.loads, lambda _: told) - _least(orjson.loads, lambda _: plain)
    read = _least(read_registration, lambda _: parsed) - _least(read_registration, lambda _: bare)
    reports = [one for plain in parsed if (one := read_registration(plain).report)]
    intake = Intake(Memory(), Clocks())
    take = _least(intake.take, lambda batch: _numbered(reports, batch))
    whole = parse + read + take
    yield Figure(
        name="report_us",
        value=round(whole),
        note=f"parsed {parse:.0f}, read {read:.0f}, added up {take:.0f}",
    )
    yield Figure(
        name="reports_least_percent",
        value=round(whole * PER_SECOND / 10_000, 2),
        target=1.0,
        note=f"of a core, for {PER_SECOND} reports a second",
    )


def _numbered(reports: Sequence[Report], batch: int) -> list[Report]:
    return [replace(report, seq=100 * (batch + 1)) for report in reports]


def _least(work: Callable[[T], object], items_of: Callable[[int], Sequence[T]]) -> float:
    """Return the microseconds that `work` takes of an item, in the shortest batch."""
    taken = []
    for batch in range(BATCHES):
        items = items_of(batch)
        started = time.perf_counter()
        for item in items:
            work(item)
        taken.append((time.perf_counter() - started) / len(items))
    return 1_000_000 * min(taken)


def _body(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]
