"""A asks B, B asks C, and C becomes slow: does A fall, too?"""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path

from stand import HERE, Stand

from rigs.apps.busy import busy_since
from rigs.load import Generator, Phase, offered
from rigs.report import (
    Line,
    Panel,
    Report,
    failed,
    good,
    p99,
    rate,
    recovered,
    share,
    slowest,
    timelines,
)

POLICY = HERE / "rigs/policies/cascade.yaml"
GUNICORN = (
    *("gunicorn", "--worker-class", "gthread"),
    *("--bind", "127.0.0.1:0", "--no-control-socket"),
)
THREADS = 8
FAST, SLOW = 0.02, 1.0
PER_SECOND = 40.0
TIMEOUT = 2.0
"""Seconds that a user waits."""


def play(stand: Stand, work: Path) -> Report:
    """Run it without rules, and with them."""
    report = Report(
        f"A → B → C at {PER_SECOND:.0f} requests/s; C takes {SLOW:.0f} s instead of "
        f"{1000 * FAST:.0f} ms from second 5 to 15",
        ("", "A's errors", "of /home", "p99", "busy threads", "recovered after"),
    )
    runs = {"without rules": run(stand, work, governed=False)}
    runs["with rules"] = run(stand, work, governed=True)
    for name, (seen, busy) in runs.items():
        home = [one for one in seen.samples if one.path == "/home"]
        report.rows.append(
            (
                name,
                share(failed(seen.samples), seen.samples),
                share(failed(home), home),
                p99(seen.samples),
                f"{max(inside for _, inside in busy):.0f} of {THREADS}",
                recovered(seen.samples, 15.0),
            )
        )
    samples = {name: seen.samples for name, (seen, _) in runs.items()}
    report.panels = [
        Panel("answered well", "per second", timelines(samples, rate(good))),
        Panel("p99 of A", "ms", timelines(samples, slowest)),
        Panel("busy threads of A", f"of {THREADS}", {n: busy for n, (_, busy) in runs.items()}),
    ]
    before, after = (seen for seen, _ in runs.values())
    bad, well = len(failed(before.samples)), len(failed(after.samples))
    report.checks = [
        ("without rules A falls with C", bad > 0.1 * len(before.samples)),
        ("with rules less than 1 % of A's answers are errors", well < 0.01 * len(after.samples)),
        ("with rules A has threads left", max(n for _, n in runs["with rules"][1]) < THREADS),
    ]
    return report


def run(stand: Stand, work: Path, *, governed: bool) -> tuple[Generator, Line]:
    """Start the three, and have C become slow and fast again."""
    pace, busy = work / "pace", work / "busy"
    pace.write_text(str(FAST))
    with stand.running() as apps:
        apps.serve("c", "uvicorn", "rigs.apps.c:app", "--port", "0", PACE=str(pace))
        apps.serve("b", *GUNICORN, "--threads", str(THREADS), "rigs.apps.b:app")
        a = apps.serve("a", *GUNICORN, "--threads", str(THREADS), "rigs.apps.a:app", BUSY=str(busy))
        phases = (
            Phase(5, PER_SECOND),
            Phase(10, PER_SECOND, lambda: pace.write_text(str(SLOW))),
            Phase(15, PER_SECOND, lambda: pace.write_text(str(FAST))),
        )
        with stand.enforced(POLICY) if governed else nullcontext():
            start = time.monotonic()
            seen = offered(a.address, phases, ("/order", "/home"), timeout=TIMEOUT)
            return seen, busy_since(busy, start)
