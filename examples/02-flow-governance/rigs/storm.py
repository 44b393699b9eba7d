"""Four hops, each of which tries three times: what reaches the last one when it is down?"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from stand import HERE, Instance, Stand, ask

from rigs.load import Generator, Phase, offered
from rigs.report import Panel, Report, failed, good, p99, rate, recovered, share, timelines

HOPS = ("one", "two", "three", "four")
PER_SECOND = 50.0
DOWN, WELL = 5.0, 15.0
TIMEOUT = 5.0
VARIANTS = {"each tries three times": (3, ""), "fairlead tries for them": (1, "retries")}


def play(stand: Stand, work: Path) -> Report:
    """Run it with applications that try again themselves, and with a rule that does it for them."""
    report = Report(
        f"{len(HOPS)} hops, {PER_SECOND:.0f} requests/s; the last is down from second {DOWN:.0f} "
        f"to {WELL:.0f}",
        ("", "while down", "at the last hop", "of each", "errors", "p99", "recovered after"),
    )
    runs = {}
    for name, (tries, policy) in VARIANTS.items():
        seen, reached = run(stand, work, tries, policy)
        every = runs[name] = seen.samples
        down = sum(one.phase == 1 for one in every)
        report.rows.append(
            (
                name,
                str(down),
                str(reached),
                f"{reached / down:.2f}",
                share(failed(every), every),
                p99(every),
                recovered(every, WELL),
            )
        )
    report.panels = [Panel("answered well", "per second", timelines(runs, rate(good)))]
    times = [float(row[3]) for row in report.rows]
    report.checks = [
        ("trying again at each hop multiplies", times[0] > 2 * times[1]),
        ("with the rule at most 1.2 attempts for each request", times[1] <= 1.2),
    ]
    return report


def run(stand: Stand, work: Path, tries: int, policy: str) -> tuple[Generator, int]:
    """Return what users have seen, and how many requests reached the last hop while it was down."""
    state = work / "state-of-four"
    state.write_text("well")
    with stand.running() as apps:
        settings = {"STATE": str(state), "TRIES": str(tries)}
        hops: list[Instance] = []
        for name in reversed(HOPS):
            more = settings | ({"NEXT": HOPS[-len(hops)]} if hops else {})
            hops.append(apps.serve(name, "uvicorn", "rigs.apps.hop:app", "--port", "0", **more))
        counted = []

        def become(condition: str) -> None:
            counted.append(int(ask(hops[0].address, "/seen").body))
            state.write_text(condition)

        phases = (
            Phase(DOWN, PER_SECOND),
            Phase(WELL - DOWN, PER_SECOND, lambda: become("down")),
            Phase(10, PER_SECOND, lambda: become("well")),
        )
        with stand.enforced(HERE / f"rigs/policies/{policy}.yaml") if policy else nullcontext():
            seen = offered(hops[-1].address, phases, ("/work",), timeout=TIMEOUT)
        return seen, counted[1] - counted[0]
