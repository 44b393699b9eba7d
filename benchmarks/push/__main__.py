"""`make bench-push`: thousands of xDS streams, told of a change all at once.

1,000 services of 10 endpoints. Clients of differences are light stubs, with a connection each, in
processes of their own. A push changes 100 services; it is over when the last client has
acknowledged it. Then all connections break, and everybody comes again with what it has.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import IO

FOLDER = Path("build/bench")
PUSHES = 20
PROCESSES = 2


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

    def answer(self) -> dict[str, float]:
        """Return what it answers."""
        line = self._pipe(self._process.stdout).readline()
        if not line:
            raise SystemExit("a process of the benchmark is gone")
        return dict(json.loads(line))

    def ask(self, words: str) -> dict[str, float]:
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


def measure(clients: int) -> dict[str, float]:
    """Return the figures for a number of clients."""
    server = Peer("benchmarks.push.plane")
    start = server.ask("start")
    port = str(int(start["port"]))
    parts = [clients // PROCESSES] * PROCESSES
    stubs = [Peer("benchmarks.push.stubs", port, str(part)) for part in parts]
    try:
        for stub in stubs:
            stub.tell("connect")
        for stub in stubs:
            stub.answer()
        settled = server.ask(f"settle {clients}")
        times = sorted(server.ask("push")["seconds"] for _ in range(PUSHES))
        for stub in stubs:
            stub.tell("storm")
        server.ask("gone")
        storm = server.ask(f"settle {clients}")
        for stub in stubs:
            stub.answer()
        failed = sum(stub.ask("failed")["failed"] for stub in stubs)
    finally:
        for peer in (server, *stubs):
            peer.stop()
    return {
        "clients": clients,
        "push_p50_ms": 1000 * times[len(times) // 2],
        "push_p99_ms": 1000 * times[-1],
        "kilobytes_a_client": (settled["rss"] - start["rss"]) / clients,
        "storm_s": storm["seconds"],
        "refused": failed,
    }


def main() -> None:
    """Measure every size, print a table, and write build/bench/push.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", default="100,1000,2000,4000")
    sizes = [int(one) for one in parser.parse_args().clients.split(",")]
    found = [measure(size) for size in sizes]
    print("clients  last ACK p50  last ACK p99  KB a client  storm  refused")
    for one in found:
        print(
            f"{one['clients']:7.0f}  {one['push_p50_ms']:9.0f} ms  {one['push_p99_ms']:9.0f} ms"
            f"  {one['kilobytes_a_client']:11.0f}  {one['storm_s']:4.1f}s  {one['refused']:7.0f}"
        )
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "push.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
