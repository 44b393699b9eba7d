"""More than a server can do, for long: how much of what it can do is left?

The server has one core to itself and the requests come from the other, so that who sends them takes
nothing from who serves them. The ceiling of each step is what no strategy can exceed: turning a
request away costs the same core something, and what that is, is measured in the same run, with a
rule that turns everything away.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stand import HERE, Stand

from rigs.load import Generator, Phase, Sample, closed, offered, percentile
from rigs.report import Panel, Report, failed, good, rate, rejected, slowest, timelines

TIMES = (0.7, 2.0, 5.0, 10.0, 0.7)
"""Requests of each step, in times of what the server can do; the last one is the way back."""
STEP = 10.0
TIMEOUT = 0.5
"""Seconds that a user waits; what comes later is no good."""
SETTLING = 2.0
"""Seconds at the beginning of a step that are not judged; they are in the picture."""
VARIANTS = ("nothing", "rate", "concurrency", "bbr", "kratos", "pid", "adaptive")
GUNICORN = (
    *("gunicorn", "--worker-class", "gthread", "--threads", "32", "--no-control-socket"),
    *("--bind", "127.0.0.1:0", "--backlog", "256"),
)
SERVERS = {
    "fastapi": ("uvicorn", "rigs.apps.fast:app", "--port", "0"),
    "flask": (*GUNICORN, "rigs.apps.plain:app"),
}
KINDS = ("cpu", "io")


@dataclass(frozen=True)
class Capacity:
    """What the server can do a second: good answers, rejections if it does no more, and answers
    that wait for nobody, which is what its core can do."""

    answers: float
    rejections: float
    alone: float

    def ceiling(self, offers: float) -> float:
        """Return how many good answers a second are possible when so many requests come.

        0.0 where that many could not even be turned away.
        """
        if offers <= self.answers:
            return offers
        left = max(0.0, 1 - offers / self.rejections)
        return min(self.answers, left / max(1e-9, 1 / self.alone - 1 / self.rejections))


def play(server: str, kind: str, stand: Stand, work: Path) -> Report:
    """Run it with each variant."""
    del work
    can = capacity(stand, server, kind)
    report = Report(
        f"{server}, {'CPU' if kind == 'cpu' else 'I/O'}-bound: {can.answers:.0f} answers/s, or "
        f"{can.rejections:.0f} rejections/s; users wait {TIMEOUT:g} s",
        ("", *(f"{times:g}x" for times in TIMES), "false", "p99 2x", "p99 10x", "recovered"),
    )
    runs = {name: run(stand, server, kind, can, name) for name in VARIANTS}
    for name, seen in runs.items():
        report.rows.append((name, *cells(seen, can)))
    samples = {name: seen.samples for name, seen in runs.items()}
    answered = {name: [s for s in every if s.status == 200] for name, every in samples.items()}
    report.panels = [
        Panel("answered in time", "per second", timelines(samples, rate(good))),
        Panel("p99 of answers", "ms", timelines(answered, slowest)),
    ]
    report.checks = list(judged(runs["adaptive"], can))
    return report


def cells(seen: Generator, can: Capacity) -> Iterator[str]:
    """Yield the cells of one row."""
    for number in range(len(TIMES)):
        share = reached(seen, can, number)
        yield "-" if share is None else f"{100 * share:.0f} %"
    yield f"{100 * falsely(seen):.1f} %"
    for number in (1, 3):
        times = [one.took for one in judged_of(seen, number) if one.status == 200]
        yield f"{1000 * percentile(times, 0.99):.0f} ms"
    yield f"{recovery(seen):.1f} s"


def judged(seen: Generator, can: Capacity) -> Iterator[tuple[str, bool]]:
    """Yield what has to hold of our own strategy."""
    for number, least in ((1, 0.85), (2, 0.85), (3, 0.75)):
        share = reached(seen, can, number)
        if share is None:
            yield f"{TIMES[number]:g}x is more than this core can turn away", True
            continue
        words = f"{100 * share:.0f} % of the ceiling at {TIMES[number]:g}x (at least"
        yield f"{words} {100 * least:.0f} %)", share >= least
    wrongly = falsely(seen)
    yield f"{100 * wrongly:.1f} % rejected at 0.7x (at most 3 %)", wrongly <= 0.03
    took = recovery(seen)
    yield f"{took:.1f} s until all is as before (at most 10 s)", took < 10.0


def judged_of(seen: Generator, number: int) -> list[Sample]:
    """Return the requests of a step after it has settled."""
    return [s for s in seen.samples if s.phase == number and s.due >= number * STEP + SETTLING]


def reached(seen: Generator, can: Capacity, number: int) -> float | None:
    """Return which share of its ceiling a step has reached, None where that is nothing."""
    ceiling = can.ceiling(TIMES[number] * can.answers)
    answered = len(good(judged_of(seen, number))) / (STEP - SETTLING)
    return answered / ceiling if ceiling else None


def falsely(seen: Generator) -> float:
    """Return the share that was turned away though there was room."""
    first = [one for one in seen.samples if one.phase == 0]
    return len(rejected(first)) / max(1, len(first))


def recovery(seen: Generator) -> float:
    """Return how long after the way back began the last request was not answered in time."""
    begins = (len(TIMES) - 1) * STEP
    back = [one for one in seen.samples if one.phase == len(TIMES) - 1]
    bad = [one.due for one in (*failed(back), *rejected(back))]
    # Three in a hundred may be turned away at any time, and say nothing of a recovery.
    bad = sorted(bad)[: len(bad) - int(0.03 * len(back))]
    return max(bad, default=begins) - begins


def capacity(stand: Stand, server: str, kind: str) -> Capacity:
    """Find out what the server can do, with as many callers as keep it busy, each in turn."""
    with apart(stand, server) as address:
        answers = steady(address, f"/{kind}", 200)
        alone = answers if kind == "cpu" else steady(address, "/healthz", 200)
        with stand.enforced(HERE / "rigs/policies/overload/nobody.yaml", among={"KIND": kind}):
            return Capacity(answers, steady(address, f"/{kind}", 429), alone)


def steady(address: str, path: str, status: int) -> float:
    """Return how many requests a second are answered so when sixteen callers ask all the time."""
    closed(address, path, callers=16, seconds=1.0)
    seen = closed(address, path, callers=16, seconds=5.0)
    return sum(1 for one in seen if one == status) / 5.0


def run(stand: Stand, server: str, kind: str, can: Capacity, variant: str) -> Generator:
    """Start the server anew, and send it all steps."""
    phases = [Phase(STEP, times * can.answers) for times in TIMES]
    rule = HERE / f"rigs/policies/overload/{variant}.yaml"
    among = {"KIND": kind, "CAPACITY": f"{0.9 * can.answers:.0f}"}
    with ExitStack() as stack:
        address = stack.enter_context(apart(stand, server))
        if rule.exists():
            stack.enter_context(stand.enforced(rule, among=among))
        return offered(address, phases, (f"/{kind}",), timeout=TIMEOUT)


@contextmanager
def apart(stand: Stand, server: str) -> Iterator[str]:
    """Serve on one core, and go on on the others."""
    cores = os.sched_getaffinity(0)
    with stand.running() as apps:
        try:
            os.sched_setaffinity(0, {min(cores)})
            address = apps.serve("work", *SERVERS[server]).address
            if len(cores) > 1:
                os.sched_setaffinity(0, cores - {min(cores)})
            yield address
        finally:
            os.sched_setaffinity(0, cores)
