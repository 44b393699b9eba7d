"""`make bench-go`: what the agent in a Go program costs, when it is built and for each request.

Built are the programs of examples/05-go, plainly and by `fairlead go build`, in turns: from empty
caches, and after one line has changed. Requests go to a server of net/http, from bare sockets, many
at a time so that nobody waits, and from a client of net/http, in one process each: built
plainly, with the agent and no settings, with one that follows a file without a rule, and with three
rules for the resource. Their times are those of the CPU, of all threads. Turns change the order; a
figure is the least of all turns or their median. Writes build/bench/go.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.golang.serving import RULES, Cost, Followed, Server
from benchmarks.measure import Figure

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "build/bench/go.json"
APPS = ROOT / "examples" / "05-go" / "apps"
PROGRAM = Path(__file__).parent / "program"
PROGRAMS = ("./entry", "./a", "./b", "./c", "./shop")
FAIRLEAD = str(Path(sys.executable).parent / "fairlead")
PLAIN, INJECTED, GOVERNED, RULED = "plain", "injected", "governed", "ruled"
COMMANDS = {PLAIN: ("go",), INJECTED: (FAIRLEAD, "go")}
SHORTER = 8
"""Turns of requests for each of builds: what disturbs a machine leaves the least of many alone."""
INCREMENTAL_SHARE, RULED_NS, RULED_ALLOCATIONS = 1.1, 150.0, 1.0


def build(mode: str, source: Path, into: Path, cache: Path, *packages: str) -> float:
    """Build `packages` of `source`; return the seconds that it took."""
    began = time.monotonic()
    subprocess.run(
        [*COMMANDS[mode], "build", "-buildvcs=false", "-o", f"{into}/", *packages],
        cwd=source,
        env={**os.environ, "GOCACHE": str(cache)},
        check=True,
    )
    return time.monotonic() - began


def built(work: Path, turns: int) -> Iterator[Figure]:
    """Yield the figures of builds, one cache for each mode."""
    source = work / "apps"
    shutil.copytree(APPS, source)
    into = {mode: work / mode for mode in COMMANDS}
    sizes = {}
    for mode in COMMANDS:
        into[mode].mkdir()
        seconds = build(mode, source, into[mode], work / f"cache-{mode}", *PROGRAMS)
        yield Figure(name=f"build_cold_{mode}_s", value=round(seconds, 1))
        sizes[mode] = sum(path.stat().st_size for path in into[mode].iterdir())
        yield Figure(name=f"size_{mode}_mb", value=round(sizes[mode] / 1e6, 1))
    more = (sizes[INJECTED] - sizes[PLAIN]) / len(PROGRAMS)
    yield Figure(name="size_added_each_mb", value=round(more / 1e6, 2))

    def again(changed: tuple[str, ...], packages: tuple[str, ...]) -> dict[str, list[float]]:
        def run(mode: str, turn: int) -> float:
            for name in changed:
                with (source / name / "main.go").open("a") as file:
                    file.write(f"\nvar _ = {turn}\n")
            return build(mode, source, into[mode], work / f"cache-{mode}", *packages)

        return _in_turns(run, turns)

    yield from _compared("incremental", again(PROGRAMS, PROGRAMS))
    yield from _compared("incremental_one", again(("./a",), ("./a",)))
    yield from _compared("unchanged", again((), PROGRAMS), target=None)


def _in_turns(run: Callable[[str, int], float], turns: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {mode: [] for mode in COMMANDS}
    for turn in range(turns):
        modes = list(COMMANDS) if turn % 2 else list(reversed(COMMANDS))
        for place, mode in enumerate(modes):
            seconds[mode].append(run(mode, 2 * turn + place))
    return seconds


def _compared(
    name: str, seconds: dict[str, list[float]], target: float | None = INCREMENTAL_SHARE
) -> Iterator[Figure]:
    for mode, found in seconds.items():
        yield Figure(name=f"build_{name}_{mode}_min_s", value=round(min(found), 3))
        median = statistics.median(found)
        yield Figure(name=f"build_{name}_{mode}_median_s", value=round(median, 3))
    plain, injected = (statistics.median(seconds[mode]) for mode in COMMANDS)
    share = round(injected / plain, 3)
    yield Figure(name=f"build_{name}_share", value=share, target=target)


def served(work: Path, turns: int) -> Iterator[Figure]:
    """Yield the figures of requests."""
    for mode in COMMANDS:
        (work / mode).mkdir(exist_ok=True)
        build(mode, PROGRAM, work / mode, Path(_cache()), ".")
    with ExitStack() as stack:
        servers = {
            mode: stack.enter_context(Server(work / PLAIN if mode == PLAIN else work / INJECTED))
            for mode in (PLAIN, INJECTED)
        }
        for mode, rules in ((GOVERNED, ""), (RULED, RULES)):
            followed = work / f"followed-{mode}"
            followed.mkdir()
            server = Server(work / INJECTED, follows=Followed(followed, rules))
            servers[mode] = stack.enter_context(server)
        for case, number in (("server", 4000), ("both", 2000)):
            costs: dict[str, list[Cost]] = {mode: [] for mode in servers}
            for turn in range(SHORTER * turns):
                modes = list(servers)
                for mode in modes[turn % len(modes) :] + modes[: turn % len(modes)]:
                    costs[mode].append(servers[mode].ask(case, number))
            yield from _costs(case, costs)


def _costs(case: str, costs: dict[str, list[Cost]]) -> Iterator[Figure]:
    for mode, found in costs.items():
        for name, of in (("min", min), ("median", statistics.median)):
            value = of([one.nanoseconds for one in found])
            yield Figure(name=f"{case}_{mode}_{name}_ns", value=round(value))
        for what in ("allocations", "bytes"):
            value = statistics.median(getattr(one, what) for one in found)
            yield Figure(name=f"{case}_{mode}_{what}", value=round(value, 1))
    for mode in (INJECTED, GOVERNED, RULED):
        pairs = zip(costs[mode], costs[PLAIN], strict=True)
        added = statistics.median(one.nanoseconds - bare.nanoseconds for one, bare in pairs)
        yield Figure(name=f"{case}_{mode}_added_median_ns", value=round(added))
        least = [min(one.nanoseconds for one in costs[which]) for which in (mode, PLAIN)]
        ruled = mode == RULED and case == "server"
        yield Figure(
            name=f"{case}_{mode}_added_min_ns",
            value=round(least[0] - least[1]),
            target=RULED_NS if ruled else None,
        )
        more = [
            statistics.median(one.allocations for one in costs[which]) for which in (mode, PLAIN)
        ]
        yield Figure(
            name=f"{case}_{mode}_added_allocations",
            value=round(more[0] - more[1], 1),
            target=RULED_ALLOCATIONS if ruled else None,
        )


def _cache() -> str:
    return subprocess.run(
        ["go", "env", "GOCACHE"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> int:
    """Return the exit status: 1 where a target is missed and `--check` asks for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.golang", description=__doc__)
    parser.add_argument("--only", default="built,served", help="with commas between")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--check", action="store_true", help="exit 1 where a target is missed")
    options = parser.parse_args()
    figures = []
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        for name, run in (("built", built), ("served", served)):
            if name in options.only.split(","):
                for figure in run(Path(folder), options.turns):
                    figures.append(figure)
                    verdict = "" if figure.met else f"  MISSED: {figure.target:g}"
                    print(f"{figure.name:<36} {figure.value:>12,}{verdict}", flush=True)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    now = before | {figure.name: figure.value for figure in figures}
    REPORT.write_text(json.dumps(now, indent=2) + "\n")
    return 1 if options.check and not all(figure.met for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
