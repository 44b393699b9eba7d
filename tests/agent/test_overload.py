"""Overload of real servers: thrown off while it lasts, with health checks answered (S2-22)."""

from __future__ import annotations

import http.client
import os
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pytest

from fairlead.policy.encode import seal
from fairlead.policy.overload import ADAPTIVE, OverloadProtection, Priority
from tests.agent.program import Launcher
from tests.agent.test_servers import port as port  # noqa: PLC0414 - a fixture
from tests.agent.wire import WireServer, snapshot, until

APP = """
import os, resource, time
from fastapi import FastAPI
from flask import Flask

resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
asgi, wsgi, held = FastAPI(), Flask("wsgi"), []

def burn():
    end = time.thread_time() + 0.02
    while time.thread_time() < end:
        sum(range(100))
    return "burnt"

def hold():
    while len(os.listdir("/proc/self/fd")) < 250:
        held.append(open("/dev/null"))
    return "held"

def let_go():
    held.clear()
    return "let go"

@asgi.get("/burn")
async def burn_in_the_loop():
    return burn()

asgi.get("/thread")(burn)
wsgi.get("/burn")(burn)
for app in (asgi, wsgi):
    app.get("/hold")(hold)
    app.get("/let-go")(let_go)
    app.get("/healthz")(lambda: "well")
"""

BIN = Path(sys.executable).parent
UVICORN = ("uvicorn", "app:asgi", "--port", "{port}", "--log-level", "warning")
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--log-level", "warning", "app:wsgi")
SERVERS = {
    "uvicorn-loop": (UVICORN, "/burn"),
    "uvicorn-threads": (UVICORN, "/thread"),
    "gunicorn-sync": (GUNICORN, "/burn"),
    "gunicorn-threads": ((*GUNICORN, "--threads", "8"), "/burn"),
}

RULE = OverloadProtection(
    rule="AdaptiveOverloadProtectionStrategy/x",
    strategy="spec",
    kind=ADAPTIVE,
    priorities=(Priority(level="low", header="x-use", values=("batch",)),),
)

CLIENTS = 24


@dataclass
class Crowd:
    """Clients that ask again and again until they are told to stop, and what they were answered."""

    port: int
    path: str
    answers: list[tuple[int, float]] = field(default_factory=list)
    """Status, and seconds that it took."""
    health: list[int] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        work = [lambda: self._ask(self.path)] * CLIENTS + [self._look]
        self._threads = [threading.Thread(target=one) for one in work]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def served(self) -> list[float]:
        """Return how long those that were served have waited."""
        return [took for status, took in list(self.answers) if status == 200]

    def rejected(self) -> int:
        """Return how many were not."""
        return sum(status == 429 for status, _ in list(self.answers))

    def forget(self) -> None:
        """Begin to count anew."""
        self.answers = []

    def _ask(self, path: str) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            status = ask(self.port, path)
            self.answers.append((status, time.monotonic() - began))
            if status != 200:
                self._over.wait(0.05)  # as a client does that is told to come later

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.health.append(ask(self.port, "/healthz"))


def ask(port: int, path: str, **headers: str) -> int:
    """Return the status of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(
            "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def started(launch: Launcher, wire: WireServer, command: tuple[str, ...], port: int) -> None:
    """Start a server with the application in it, without a rule."""
    (launch.folder / "app.py").write_text(APP)
    wire.publish(snapshot(1))
    words = [word.format(port=port) for word in command]
    launch.command(
        [str(BIN / words[0]), *words[1:]],
        PYTHONPATH=str(launch.folder),
        PATH=f"{BIN}:{os.environ['PATH']}",
    )
    until(lambda: len(wire.nodes) == 1)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_burns_its_processor_throws_off_what_is_too_much(
    name: str, launch: Launcher, wire: WireServer, port: int
) -> None:
    """What is served is served sooner than without, health is told, and in the end all is."""
    command, path = SERVERS[name]
    started(launch, wire, command, port)
    with Crowd(port, path) as crowd:
        until(lambda: len(crowd.served()) >= 2 * CLIENTS, 40.0)
        bare = statistics.median(crowd.served()[CLIENTS:])
        assert crowd.rejected() == 0
        wire.publish(seal(replace(snapshot(2), overload=RULE)))
        until(lambda: crowd.rejected() >= CLIENTS, 40.0)
        crowd.forget()
        crowd.health.clear()
        until(lambda: len(crowd.served()) >= 2 * CLIENTS, 40.0)
        kept = statistics.median(crowd.served())
        assert crowd.rejected() > 0
        assert kept < 0.7 * bare
        until(lambda: len(crowd.health) > 3)
        assert set(crowd.health) == {200}
    until(lambda: all(ask(port, path) == 200 for _ in range(5)))
