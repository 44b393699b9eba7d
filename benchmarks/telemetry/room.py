"""Memory of a control plane by how many services there are, each of one instance (S4-31)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure
from benchmarks.storm import serve
from benchmarks.telemetry import taking
from benchmarks.telemetry.taking import CONNECTIONS, Instance

SERVICES = (0, 100, 1000, 3000)


def run() -> Iterator[Figure]:
    """Start a server for each number of services."""
    for count in SERVICES:
        with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
            size = asyncio.run(_size(Path(folder), count))
        note = "registered, each with a report of 20 interfaces" if count else ""
        yield Figure(name=f"memory_{count}_services_mb", value=round(size), note=note)


async def _size(work: Path, count: int) -> float:
    server, port = await serve(work, 0, quiet=True)
    try:
        taking.APPS = max(1, count)
        instances = [Instance(number) for number in range(count)]
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
        await asyncio.gather(
            *(_fill(line, instances[place::CONNECTIONS]) for place, line in enumerate(lines))
        )
        await asyncio.sleep(3)  # statuses are written, the world is compiled
        for _, writer in lines:
            writer.close()
        return _resident(server.pid)
    finally:
        server.terminate()
        await server.wait()


async def _fill(line: taking.Line, instances: list[Instance]) -> None:
    for instance in instances:
        await taking.ask(line, instance.renewal(reports=True))


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
