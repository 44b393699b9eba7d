"""A thousand agents at one control plane: how soon they see a change, and all come back at once.

The server is a process of its own. The agents are the real one's session and pauses, on asyncio
streams in this process; each watches, and acknowledges on a connection of its own.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.measure import Figure
from benchmarks.propagation import lane_of
from fairlead.policy.snapshot import Snapshot
from fairlead.protocols.watch.client import FIRST_PAUSE, LONGEST_PAUSE
from fairlead.protocols.watch.codec import ROOT, Answer, Subscription, answer_body, watch_path
from fairlead.protocols.watch.session import Session

AGENTS, APPS, CHANGES = 1000, 50, 10
AWAY = 3.0
"""Seconds for which the server is away: every agent has noticed, and tries again by chance."""

PATIENCE = 60.0
LIMIT = 1 << 20
FAIRLEAD = Path(sys.executable).parent / "fairlead"
COLLECTION = "/apis/traffic.opensergo.io/v1alpha1/namespaces/default/trafficlanes"


def run() -> Iterator[Figure]:
    """Make changes, kill the server, and give the slowest agent of each."""
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        yield from asyncio.run(_run(Path(folder)))


class Agent:
    """One agent, as far as the control plane sees it."""

    def __init__(self, number: int, port: int) -> None:
        self._port = port
        self._subscription = Subscription(
            node=f"node-{number}", namespace="default", app=f"web-{number % APPS}"
        )
        self._session = Session(self._apply)
        self._answers: tuple[StreamReader, StreamWriter] | None = None
        self.swapped: dict[int, float] = {}
        """When it enforced a revision, by the monotonic clock."""
        self.heard = 0.0
        """When the last line came on the stream that is open, 0 where none is."""

    def _apply(self, snapshot: Snapshot, plain: Any) -> None:
        del plain
        self.swapped[snapshot.revision] = time.monotonic()

    def enforced(self, revision: int) -> float | None:
        """Return when it first enforced `revision` or a later one."""
        return min((at for found, at in self.swapped.items() if found >= revision), default=None)

    async def follow(self) -> None:
        """Watch for good; connect again with full jitter."""
        failures = 0
        while True:
            with suppress(OSError, EOFError, ValueError):
                async for line in self._lines():
                    failures, self.heard = 0, time.monotonic()
                    answer = self._session.receive(line)
                    if answer is not None:
                        await self._acknowledge(answer)
            self.heard = 0.0
            ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 10))
            failures += 1
            await asyncio.sleep(random.random() * ceiling)

    async def _lines(self) -> AsyncIterator[bytes]:
        path = watch_path(self._subscription, self._session.connect())
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=LIMIT)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            held = b""
            while size := int(await reader.readline(), 16):
                held += (await reader.readexactly(size + 2))[:-2]
                *ends, held = held.split(b"\n")
                for line in ends:
                    yield line
        finally:
            writer.close()

    async def _acknowledge(self, answer: Answer) -> None:
        if self._answers is None or self._answers[0].at_eof():
            self._answers = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._answers
        body = answer_body(self._subscription.node, answer)
        head = f"POST {ROOT}/ack HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        try:
            await reader.readuntil(b"\r\n\r\n")
        except (OSError, EOFError):
            self._answers = None


async def _run(work: Path) -> list[Figure]:
    server, port = await serve(work, 0)
    agents = [Agent(number, port) for number in range(AGENTS)]
    following = [asyncio.create_task(agent.follow()) for agent in agents]
    try:
        await _until(lambda: all(agent.heard for agent in agents))
        revision, _ = await _write(port, "POST", COLLECTION, lane_of(0))
        await _until(lambda: all(agent.enforced(revision) for agent in agents))
        slowest = [await _change(port, agents, number) for number in range(1, CHANGES + 1)]
        server.send_signal(signal.SIGKILL)
        await server.wait()
        await asyncio.sleep(AWAY)
        server, _ = await serve(work, port)
        started = time.monotonic()
        await _until(lambda: all(agent.heard > started for agent in agents))
        settled = max(agent.heard for agent in agents) - started
        again = await _change(port, agents, CHANGES + 1)
    finally:
        for task in following:
            task.cancel()
        server.terminate()
        await server.wait()
    note = f"{AGENTS} watchers of {APPS} apps, {CHANGES} changes, median {sorted(slowest)[5]:.0f}"
    back = f"{AGENTS} agents, {AWAY:g} s away; the next change {again:.0f} ms"
    return [
        Figure(name="watchers_slowest_ms", value=round(max(slowest)), target=500.0, note=note),
        Figure(name="storm_settled_s", value=round(settled, 2), target=10.0, note=back),
    ]


async def _change(port: int, agents: list[Agent], number: int) -> float:
    """Return the milliseconds from the answer to the last agent's swap."""
    path = f"{COLLECTION}/{lane_of(0)['metadata']['name']}"
    revision, answered = await _write(port, "PATCH", path, lane_of(number))
    await _until(lambda: all(agent.enforced(revision) for agent in agents))
    return 1000 * max((agent.enforced(revision) or 0.0) - answered for agent in agents)


async def _write(port: int, method: str, path: str, body: dict[str, Any]) -> tuple[int, float]:
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    text = json.dumps(body).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += f"Content-Type: {kind}\r\nContent-Length: {len(text)}\r\n\r\n"
    writer.write(head.encode() + text)
    answer = await reader.readuntil(b"\r\n\r\n")
    answered = time.monotonic()
    rest = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 20"):
        raise RuntimeError(f"{method} {path} was answered {answer!r} {rest!r}")
    return int(json.loads(rest)["metadata"]["resourceVersion"]), answered


async def _until(true: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise RuntimeError(f"not all agents were there after {PATIENCE:g} s")
        await asyncio.sleep(0.02)


async def serve(work: Path, port: int, *, quiet: bool = False) -> tuple[Process, int]:
    """Start a control plane; return it with its port. Of a quiet one no complaint is shown."""
    listen = f"127.0.0.1:{port}"
    argv = [str(FAIRLEAD), "serve", "--data-dir", str(work / "data"), "--listen", listen]
    errors = asyncio.subprocess.DEVNULL if quiet else None
    child = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=errors
    )
    assert child.stdout is not None
    line = (await child.stdout.readline()).decode()
    where = line.partition("http://")[2].partition(",")[0].strip()
    return child, int(where.rpartition(":")[2])
