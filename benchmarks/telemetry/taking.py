"""A thousand instances of twenty interfaces report to one control plane: what that takes of a core.

The server is a process of its own, and its CPU time is what counts. Instances renew their lease
every three seconds all along; every ten seconds a report comes with the next of them, or none does.
Both take turns, and their difference is what reports cost. Then a hundred instances are watched.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from benchmarks.measure import Figure
from benchmarks.storm import serve
from benchmarks.telemetry.samples import interface
from fairlead.protocols.watch.codec import ROOT, Registration, registration_body
from fairlead.protocols.watch.report import REPORTS, Report, RuleReport, Runtime, report_body

INSTANCES, APPS, INTERFACES, WATCHED = 1000, 50, 20, 100
RENEW, EVERY = 3.0, 10.0
SLICE, ROUNDS = 18.0, 4
"""Seconds of one turn, and turns of each sort."""

CONNECTIONS = 40
NOTICES = 8

Line: TypeAlias = tuple[StreamReader, StreamWriter]


class Instance:
    """What one instance sends."""

    def __init__(self, number: int) -> None:
        self.number, self.seq = number, 0
        app = f"app-{number % APPS}"
        self._registration = Registration(
            node=f"node-{number}",
            namespace="default",
            app=app,
            address=f"127.0.0.1:{10_000 + number}",
            pid=number,
            host="bench",
        )
        dice = random.Random(number)
        self._rows = tuple(interface(one, 500, dice) for one in range(INTERFACES))
        self._fast = tuple(interface(one, 50, dice) for one in range(INTERFACES))
        r = self._registration
        self._report = Report(
            node=r.node, namespace=r.namespace, app=r.app, seq=1, seconds=EVERY, runtime=Runtime()
        )

    def renewal(self, *, reports: bool) -> bytes:
        """Return a renewal of its lease, with a report or without."""
        registration = self._registration
        if reports:
            self.seq += 1
            report = replace(self._report, seq=self.seq, interfaces=self._rows)
            registration = replace(registration, report=report)
        return _request(f"{ROOT}/instances", registration_body(registration))

    def report(self, seconds: float = 1.0, rules: tuple[RuleReport, ...] = ()) -> bytes:
        """Return a report that goes by itself."""
        self.seq += 1
        report = replace(self._report, seq=self.seq, seconds=seconds)
        report = replace(report, interfaces=self._fast, rules=rules)
        return _request(REPORTS, report_body(report))


def run() -> Iterator[Figure]:
    """Measure a server, unwatched and watched."""
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        yield from asyncio.run(_run(Path(folder)))


async def _run(work: Path) -> list[Figure]:
    server, port = await serve(work, 0, quiet=True)
    instances = [Instance(number) for number in range(INSTANCES)]
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    try:
        await _turn(server.pid, lines, instances, set())
        plain, told, watched = [], [], []
        for _ in range(ROUNDS):
            plain.append(await _turn(server.pid, lines, instances, set()))
            told.append(await _turn(server.pid, lines, instances, set(range(INSTANCES))))
        streams = [await _stream(port, f"app-{app}") for app in range(WATCHED * APPS // INSTANCES)]
        everybody = set(range(INSTANCES))
        watched += [
            await _turn(server.pid, lines, instances, everybody, watched=True)
            for _ in range(ROUNDS)
        ]
        # While the others renew: a server that all have left has other things to do.
        turn = asyncio.create_task(_turn(server.pid, lines[1:], instances, set()))
        seen = [await _notice(lines[0], streams[0], instances[0]) for _ in range(NOTICES)]
        await turn
        for _, writer in (*lines, *streams):
            writer.close()
    finally:
        server.terminate()
        await server.wait()
    base = statistics.median(plain)
    renewals = f"{INSTANCES} instances; renewals alone {100 * base:.1f} %"
    return [
        Figure(
            name="reports_percent",
            value=round(100 * (statistics.median(told) - base), 2),
            target=1.0,
            note=f"of a core; {renewals}",
        ),
        Figure(
            name="reports_watched_percent",
            value=round(100 * (statistics.median(watched) - base), 2),
            target=10.0,
            note=f"{WATCHED} report each second, {len(streams)} live streams",
        ),
        Figure(
            name="notice_ms",
            value=round(1000 * max(seen)),
            target=2000.0,
            note=f"from a report to the live stream, slowest of {NOTICES}",
        ),
    ]


async def _turn(
    pid: int,
    lines: list[Line],
    instances: list[Instance],
    telling: set[int],
    *,
    watched: bool = False,
) -> float:
    """Return the cores that the server keeps busy while instances send for a while."""
    before, started = _cpu(pid), time.monotonic()
    await asyncio.gather(
        *(
            _send(line, instances[place :: len(lines)], telling, started, watched=watched)
            for place, line in enumerate(lines)
        )
    )
    return (_cpu(pid) - before) / (time.monotonic() - started)


async def _send(
    line: Line,
    instances: list[Instance],
    telling: set[int],
    started: float,
    *,
    watched: bool,
) -> None:
    """Send for some instances, each at moments of its own, one request after the other."""
    due = []
    for instance in instances:
        offset, phase = RENEW * random.random(), EVERY * random.random()
        for turn in range(round(SLICE / RENEW)):
            at = offset + turn * RENEW
            tells = instance.number in telling and not (watched and _is_watched(instance))
            reports = tells and (at + phase) % EVERY < RENEW
            due.append((at, instance, "report" if reports else "renew"))
        if watched and _is_watched(instance):
            offset = random.random()
            due += [(offset + second, instance, "post") for second in range(round(SLICE))]
    for at, instance, sort in sorted(due, key=lambda one: one[0]):
        await asyncio.sleep(max(0.0, started + at - time.monotonic()))
        request = (
            instance.report() if sort == "post" else instance.renewal(reports=sort == "report")
        )
        await ask(line, request)
    await asyncio.sleep(max(0.0, started + SLICE - time.monotonic()))


def _is_watched(instance: Instance) -> bool:
    return instance.number % APPS < WATCHED * APPS // INSTANCES


async def ask(line: Line, request: bytes) -> None:
    reader, writer = line
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{request[:200]!r} was answered {head!r}")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))


async def _stream(port: int, app: str) -> Line:
    """Open a live stream; what comes is read and thrown away until somebody looks."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(f"GET {ROOT}/live?app={app} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def _notice(
    line: Line,
    stream: Line,
    instance: Instance,
) -> float:
    """Return the seconds from a report of rejected calls to the line in the stream."""
    with suppress(TimeoutError):
        while True:  # what has come meanwhile
            await asyncio.wait_for(stream[0].readuntil(b"\n"), 0.05)
    rule = RuleReport("RateLimit/bench", "GET:/x", "rate", rejected=1, simulated=0)
    await asyncio.sleep(1.1)
    started = time.monotonic()
    await ask(line, instance.report(rules=(rule,)))
    while True:
        found = await asyncio.wait_for(stream[0].readuntil(b"\n"), 10)
        if found.startswith(b"data: ") and json.loads(found[6:]).get("reason") == "Rejected":
            return time.monotonic() - started


def _request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _cpu(pid: int) -> float:
    """Return the CPU time that a process has taken, in seconds.

    By the scheduler's clock: that of ticks misses what ends before the next one.
    """
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9
