"""Two zones: one is killed under load, and comes back; then calls are shared between them.

Run by ``make demo-zones``. Starts a control plane, three instances of an app in each of two zones,
and callers in one of them: an application with the agent, and one behind an Envoy where ENVOY
names one. Prints how long traffic takes to leave the zone and to come back, and what was lost.
Exits 1 if it does not, or shares are not as they are written.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from itertools import count
from math import sqrt
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "02-flow-governance"))

from stand import BIN, DemoFailed, Stand  # noqa: E402 - after the path to it

A, B = "eu/a", "eu/b"
EACH = 3
"""Instances of a zone."""
CALLS = 10_000
QUIET = 2.0
"""Seconds of calls that have to be alike before they count as settled."""
WINDOW = 20.0
"""Seconds that a zone may take to be left, and to be used again."""

Ways = dict[str, tuple[list[str], str]]
"""By name, what is put before a command that calls, and the URL that it calls."""


class Seen(NamedTuple):
    """One call."""

    begun: float
    took: float
    answer: str


class Zones(Stand):
    """The stand with an app in two zones."""

    OPTIONS = ("--xds", "127.0.0.1:0")

    def begin(self) -> None:
        """Start the instances."""
        self._runs = count(1)
        self.ports = {place: [_free_port() for _ in range(EACH)] for place in (A, B)}
        for place in self.ports:
            self.raise_zone(place)
        self.until(lambda: len(self._instances("orders")), lambda one: one == 2 * EACH)

    def raise_zone(self, place: str) -> None:
        """Start the instances of a zone, where they were before."""
        known = self._known("orders", FAIRLEAD_ZONE=place, PLACE=place)
        for port in self.ports[place]:
            served = [str(BIN / "uvicorn"), "--app-dir", str(HERE), "place:app"]
            words = ["fairlead", "run", "--", *served, "--port", str(port), "--no-access-log"]
            self._start(f"orders-{port}", words, **known)
        for port in self.ports[place]:
            self.until(lambda port=port: _answers(port), bool)  # type: ignore[misc]

    def signal_zone(self, place: str, number: int) -> None:
        """Send a signal to each process that serves in a zone."""
        addresses = {f"127.0.0.1:{port}" for port in self.ports[place]}
        for one in self._instances("orders"):
            if one["address"] in addresses:
                for process in one["processes"]:
                    os.kill(process["pid"], number)

    @contextmanager
    def calling(self, way: tuple[list[str], str], *number: str) -> Iterator[Path]:
        """Call by one way; yield the file that says who answered."""
        before, url = way
        path = self._work / f"calls-{next(self._runs)}"
        known = self._known("front", FAIRLEAD_ZONE=A)
        program = [str(BIN / "python"), str(HERE / "front.py"), str(path), url, *number]
        self._start(path.name, [*before, *program], **known)
        process = self._processes[-1]
        try:
            self.until(path.exists, bool)
            yield path
        finally:
            # It alone: instances of a zone may have been started meanwhile.
            process.terminate()
            process.wait()
            self._processes.remove(process)

    @contextmanager
    def envoy(self, program: str) -> Iterator[str]:
        """Run an Envoy beside a caller; yield where it takes calls."""
        capture, admin = _free_port(), _free_port()
        xds = self.xds()
        asked = ("--envoy", "--app", "front", "--zone", A, "--xds", xds)
        at = ("--admin", f"127.0.0.1:{admin}", "--capture", str(capture))
        config = self._work / "envoy.json"
        config.write_text(self._fairlead("bootstrap", *asked, *at))
        with self.running():
            words = (program, "--config-path", str(config), "--concurrency", "1")
            self._start("envoy", (*words, "--disable-hot-restart", "--log-level", "warning"))
            self.until(lambda: _answers(capture), bool)
            yield f"http://127.0.0.1:{capture}/"

    def _known(self, app: str, **more: str) -> dict[str, str]:
        control = {"FAIRLEAD_CONTROL": f"http://{self._control}", "FAIRLEAD_APP": app}
        return {**control, **more}


def play(zones: Zones, way: tuple[list[str], str], *, gone: bool) -> list[str]:
    """Kill a zone, or hold it still, and let it be well again; return cells of the table."""
    with zones.calling(way) as path:
        settle(path, {A}, time.time())
        down = time.time()
        zones.signal_zone(A, signal.SIGKILL if gone else signal.SIGSTOP)
        left = settle(path, {B}, down) - down
        if gone:
            zones.raise_zone(A)
        else:
            zones.signal_zone(A, signal.SIGCONT)
        well = time.time()
        back = settle(path, {A}, well) - well
        found = calls(path)
    lost = [one for one in found if one.answer == "failed"]
    longest = max(one.took for one in found)
    return [f"{left:.2f}", f"{back:.2f}", f"{len(lost)} of {len(found)}", f"{longest:.2f}"]


def settle(path: Path, wanted: set[str], since: float) -> float:
    """Return when the first call began from which on all were answered as is wanted."""
    end = time.monotonic() + WINDOW + QUIET
    while time.monotonic() < end:
        time.sleep(0.1)
        found = [one for one in calls(path) if one.begun >= since]
        other = max((one.begun for one in found if one.answer not in wanted), default=0.0)
        after = [one.begun for one in found if one.begun > other]
        if after and after[-1] - after[0] > QUIET:
            return after[0]
    raise DemoFailed(f"calls are not all answered by {wanted} within {WINDOW:g} s: {path}")


def calls(path: Path) -> list[Seen]:
    """Return the calls that have ended, in the order in which they began."""
    lines = path.read_text().splitlines(keepends=True)
    words = (line.split() for line in lines if line.endswith("\n"))
    return sorted(Seen(float(begun), float(took), answer) for begun, took, answer in words)


def share(zones: Zones, way: tuple[list[str], str]) -> Counter[str]:
    """Make CALLS calls; return who answered."""
    with zones.calling(way, "40") as path:
        pass
    with zones.calling(way, str(CALLS)) as path:
        words = (line.split() for line in path.read_text().splitlines())
        return Counter({answer: int(number) for number, answer in words})


RULES = {
    "killed": ("nearest.yaml", True),
    "frozen": ("nearest.yaml", False),
    "frozen-repeated": ("repeated.yaml", False),
}
"""What happens to zone a, by name: under which rules, and whether its processes end."""


def show(zones: Zones, ways: Ways, only: Sequence[str]) -> int:
    """Play all of it; return how much of it is wrong."""
    wrong = 0
    heads = ("zone a is", "caller", "left after s", "back after s", "failed", "longest s")
    rows = [heads]
    for name, (policy, gone) in RULES.items():
        if name not in only:
            continue
        with zones.enforced(HERE / policy):
            for caller, way in ways.items():
                rows.append((name, caller, *play(zones, way, gone=gone)))  # type: ignore[arg-type]
                print("  ".join(rows[-1]), flush=True)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    if "shares" in only:
        with zones.enforced(HERE / "shared.yaml"):
            for caller, way in ways.items():
                found = share(zones, way)
                off = abs(found[B] - CALLS / 5)
                right = found.total() == CALLS and off <= 4 * sqrt(CALLS * 0.2 * 0.8)
                wrong += not right
                print(f"80 to 20, {caller}: {dict(found)}{'' if right else '  WRONG'}", flush=True)
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    every = ",".join((*RULES, "shares"))
    parser.add_argument("--only", default=every, help="these, with commas between")
    parser.add_argument("--work", type=Path, default=ROOT / "build/zones", help="logs and data")
    options = parser.parse_args(argv)
    only = options.only.split(",")
    try:
        with Zones(options.work.resolve()) as zones, ExitStack() as stack:
            run = [str(BIN / "fairlead"), "run", "--"]
            ways: Ways = {"agent": (run, "http://orders/")}
            if envoy := os.environ.get("ENVOY", ""):
                ways["Envoy"] = ([], stack.enter_context(zones.envoy(envoy)))
            wrong = show(zones, ways, only)
    except (DemoFailed, OSError, subprocess.SubprocessError) as failure:
        print(f"the demo stopped: {failure}", file=sys.stderr)
        return 1
    print("ok" if not wrong else f"{wrong} not as it has to be")
    return min(wrong, 1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/", headers={"host": "orders"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
