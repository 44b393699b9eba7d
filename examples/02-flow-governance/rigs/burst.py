"""Ten times the usual requests for a few seconds: turned away, queued, or let in bit by bit?"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from stand import HERE, Stand

from rigs.load import Generator, Phase, offered
from rigs.report import (
    Panel,
    Report,
    failed,
    good,
    p99,
    rate,
    recovered,
    rejected,
    share,
    slowest,
    timelines,
)

USUAL, BURST = 40.0, 400.0
BEGINS, ENDS = 3.0, 8.0
TIMEOUT = 2.0
VARIANTS = {"nothing": "", "reject": "reject", "pacing": "pacing", "warm-up": "warm-up"}


def play(stand: Stand, work: Path) -> Report:
    """Run it without a rule, and with each of three."""
    del work
    report = Report(
        f"{USUAL:.0f} requests/s, {BURST:.0f} from second {BEGINS:.0f} to {ENDS:.0f}; "
        "a database that does 100 queries/s when its cache is warm",
        ("", "answered", "turned away", "errors", "p99 of answers", "recovered after"),
    )
    runs = {name: run(stand, policy) for name, policy in VARIANTS.items()}
    for name, seen in runs.items():
        every = seen.samples
        report.rows.append(
            (
                name,
                str(len(good(every))),
                share(rejected(every), every),
                share(failed(every), every),
                p99(good(every)),
                recovered(every, ENDS),
            )
        )
    samples = {name: seen.samples for name, seen in runs.items()}
    waiting = {name: [(when, float(n)) for when, n in seen.waiting] for name, seen in runs.items()}
    report.panels = [
        Panel("answered well", "per second", timelines(samples, rate(good))),
        Panel("p99", "ms", timelines(samples, slowest)),
        Panel("waiting for an answer", "requests", waiting),
    ]
    without = failed(samples.pop("nothing"))
    report.checks = [
        ("without a rule users wait in vain", len(without) > 100),
        *(
            (f"with {name} next to nobody waits in vain", 20 * len(failed(every)) < len(without))
            for name, every in samples.items()
        ),
        (
            "a queue lets more of them in than turning them away",
            len(good(samples["pacing"])) > len(good(samples["reject"])),
        ),
    ]
    return report


def run(stand: Stand, policy: str) -> Generator:
    """Start it anew, with its cache cold."""
    with stand.running() as apps:
        shelf = apps.serve("shelf", "uvicorn", "rigs.apps.shelf:app", "--port", "0")
        phases = (Phase(BEGINS, USUAL), Phase(ENDS - BEGINS, BURST), Phase(6, USUAL))
        rule = HERE / f"rigs/policies/{policy}.yaml"
        with stand.enforced(rule) if policy else nullcontext():
            return offered(shelf.address, phases, ("/items",), timeout=TIMEOUT)
