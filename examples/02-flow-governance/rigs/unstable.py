"""What a service asks becomes slow: a limit to the rate, and a limit to the calls at a time."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path

from stand import HERE, Stand

from rigs.apps.busy import busy_since
from rigs.cascade import GUNICORN
from rigs.load import Generator, Phase, offered, percentile
from rigs.report import (
    Line,
    Panel,
    Report,
    failed,
    p99,
    rejected,
    share,
    slowest,
    timelines,
)

THREADS = 16
FAST, SLOW = 0.05, 2.0
PER_SECOND = 40.0
"""Half of them orders, which ask the callee; half of them the home page, which asks nobody."""
BEGINS, ENDS = 5.0, 20.0
TIMEOUT = 5.0
VARIANTS = {"nothing": "", "8 orders/s": "rate", "8 orders at a time": "concurrency"}


def play(stand: Stand, work: Path) -> Report:
    """Run it without a rule, and with each of two."""
    report = Report(
        f"{PER_SECOND / 2:.0f} orders/s and as many home pages on {THREADS} threads; what orders "
        f"ask takes {SLOW:.0f} s instead of {1000 * FAST:.0f} ms from second {BEGINS:.0f} to "
        f"{ENDS:.0f}",
        ("", "errors", "turned away", "backlog", "p99 of /home", "busy threads"),
    )
    runs = {name: run(stand, work, policy) for name, policy in VARIANTS.items()}
    homes = {
        name: [one for one in seen.samples if one.path == "/home"]
        for name, (seen, _) in runs.items()
    }
    backlog = {
        name: [(when, float(waiting)) for when, waiting in seen.waiting]
        for name, (seen, _) in runs.items()
    }
    for name, (seen, busy) in runs.items():
        report.rows.append(
            (
                name,
                share(failed(seen.samples), seen.samples),
                share(rejected(seen.samples), seen.samples),
                f"{max(n for _, n in backlog[name]):.0f}",
                p99(homes[name]),
                f"{max(n for _, n in busy):.0f} of {THREADS}",
            )
        )
    report.panels = [
        Panel("backlog: requests without an answer", "requests", backlog),
        Panel("p99 of the home page", "ms", timelines(homes, slowest)),
        Panel("busy threads", f"of {THREADS}", {name: busy for name, (_, busy) in runs.items()}),
    ]
    without, rate, concurrency = runs
    slow = {name: percentile((one.took for one in homes[name]), 0.99) for name in runs}
    errors = {name: len(failed(seen.samples)) for name, (seen, _) in runs.items()}
    full = {name: max(n for _, n in busy) >= THREADS for name, (_, busy) in runs.items()}
    report.checks = [
        ("a limit to the rate has less errors than none", errors[rate] < errors[without] / 2),
        ("and leaves a backlog: all threads are busy", full[rate]),
        ("a limit to the calls at a time leaves threads free", not full[concurrency]),
        ("and the home page as fast as ever", slow[concurrency] < slow[rate] / 3),
        ("and no errors", errors[concurrency] == 0),
    ]
    return report


def run(stand: Stand, work: Path, policy: str) -> tuple[Generator, Line]:
    """Start both, and have the callee become slow and fast again."""
    pace, busy = work / "pace", work / "busy"
    pace.write_text(str(FAST))
    with stand.running() as apps:
        settings = {"PACE": str(pace), "BUSY": str(busy)}
        apps.serve("b", "uvicorn", "rigs.apps.c:app", "--port", "0", **settings)
        a = apps.serve("a", *GUNICORN, "--threads", str(THREADS), "rigs.apps.a:app", **settings)
        phases = (
            Phase(BEGINS, PER_SECOND),
            Phase(ENDS - BEGINS, PER_SECOND, lambda: pace.write_text(str(SLOW))),
            Phase(10, PER_SECOND, lambda: pace.write_text(str(FAST))),
        )
        rule = HERE / f"rigs/policies/{policy}.yaml"
        with stand.enforced(rule) if policy else nullcontext():
            start = time.monotonic()
            seen = offered(a.address, phases, ("/order", "/home"), timeout=TIMEOUT)
            return seen, busy_since(busy, start)
