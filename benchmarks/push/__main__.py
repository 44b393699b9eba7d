"""`make bench-push`: thousands of xDS streams, told of a change all at once.

1,000 services of 10 endpoints. Clients of differences are light stubs, with a connection each, in
a process of their own on another core than the server. A push changes 100 services; it is over
when the server has heard the last client acknowledge it. Then all connections break, and everybody
comes again at once with what it has. Beside it a server without rules sends as many bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

FOLDER = Path("build/bench")
PUSHES = 200
"""An even number: what is there last is what was there first."""
WARM = 10
"""Pushes before those that are counted."""

Figures = dict[str, float]


class Peer:
    """A process that is told something a line, and answers each with a line of JSON."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, words: str) -> None:
        """Say something."""
        line = self._pipe(self._process.stdin)
        line.write(words + "\n")
        line.flush()

    def answer(self) -> Figures:
        """Return what it answers."""
        line = self._pipe(self._process.stdout).readline()
        if not line:
            raise SystemExit("a process of the benchmark is gone")
        return dict(json.loads(line))

    def ask(self, words: str) -> Figures:
        """Say something, and return what it answers."""
        self.tell(words)
        return self.answer()

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _pipe(self, pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def measure(clients: int, form: str, pushes: int) -> Figures:
    """Return the figures for a number of clients."""
    cores = [str(one) for one in sorted(os.sched_getaffinity(0))] if os.cpu_count() else []
    server = Peer("benchmarks.push.plane", form, cores[0] if len(cores) > 1 else "-1")
    start = server.ask("start")
    arguments = (str(int(start["port"])), str(clients), *cores[1:2])
    stubs = Peer("benchmarks.push.stubs", *arguments)
    try:
        began = stubs.ask("connect")
        first = server.ask(f"settle {clients}")
        for _ in range(WARM):
            server.ask("push")
        before = stubs.ask("said")
        found = [server.ask("push") for _ in range(pushes)]
        after = stubs.ask("said")
        rss = server.ask(f"settle {clients}")["rss"]
        again = stubs.ask("connect")
        storm = server.ask(f"settle {clients}")
        failed = stubs.ask("said")["failed"]
    finally:
        server.stop()
        stubs.stop()
    seconds, work = (sorted(one[name] for one in found) for name in ("seconds", "cpu"))
    each = 1e6 / clients
    return {
        "clients": clients,
        "push_p50_ms": 1000 * at(seconds, 0.5),
        "push_p99_ms": 1000 * at(seconds, 0.99),
        "push_worst_ms": 1000 * seconds[-1],
        "server_cpu_us": each * at(work, 0.5),
        "client_cpu_us": each * (after["cpu"] - before["cpu"]) / pushes,
        "kilobytes_a_client": (rss - start["rss"]) / clients,
        "first_s": first["at"] - began["began"],
        "storm_s": storm["at"] - again["began"],
        "refused": failed,
    }


def at(ordered: list[float], share: float) -> float:
    """Return the value that `share` of all do not exceed."""
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


COLUMNS = (
    ("clients", "clients", "{:7.0f}"),
    ("last ACK p50 ms", "push_p50_ms", "{:15.0f}"),
    ("p99 ms", "push_p99_ms", "{:6.0f}"),
    ("worst", "push_worst_ms", "{:5.0f}"),
    ("server us", "server_cpu_us", "{:9.0f}"),
    ("client us", "client_cpu_us", "{:9.0f}"),
    ("KB a client", "kilobytes_a_client", "{:11.0f}"),
    ("first s", "first_s", "{:7.1f}"),
    ("storm s", "storm_s", "{:7.1f}"),
    ("refused", "refused", "{:7.0f}"),
)


def main() -> None:
    """Measure every size, print a table, and write build/bench/push.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", default="100,1000,2000,4000")
    parser.add_argument("--pushes", type=int, default=PUSHES)
    parser.add_argument("--forms", default="xds,bare")
    options = parser.parse_args()
    report: dict[str, list[Figures]] = {}
    for form in options.forms.split(","):
        print(form, *(title for title, _, _ in COLUMNS), sep="  ", flush=True)
        for size in options.clients.split(","):
            found = measure(int(size), form, options.pushes)
            report.setdefault(form, []).append(found)
            row = (how.format(found[name]) for _, name, how in COLUMNS)
            print(" " * len(form), *row, sep="  ", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "push.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
