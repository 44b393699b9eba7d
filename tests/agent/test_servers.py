"""The servers that people really start: who of their processes registers, and how they leave."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from scripts.servers.ports import free_port
from tests.agent.program import Launcher, registered
from tests.agent.wire import WireServer, snapshot, until

APP = """
from flask import Flask
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hello(request):
    return PlainTextResponse("hello")

asgi = Starlette(routes=[Route("/", hello)])
wsgi = Flask("wsgi")
wsgi.route("/")(lambda: "hello")

async def served():
    from aiohttp import web
    return web.Application()

def made(words):
    return served()
"""

BIN = Path(sys.executable).parent
UVICORN = ("uvicorn", "app:asgi", "--port", "{port}", "--log-level", "warning")
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--log-level", "warning")
HYPERCORN = ("hypercorn", "--bind", "127.0.0.1:{port}", "app:asgi")
GRANIAN = ("granian", "--port", "{port}", "--log-level", "warning")
FLASK = ("flask", "--app", "app:wsgi")

SERVERS = {
    "uvicorn": (UVICORN, 1),
    "uvicorn-module": (("python", "-m", *UVICORN), 1),
    "uvicorn-asyncio": ((*UVICORN, "--loop", "asyncio"), 1),
    "uvicorn-workers": ((*UVICORN, "--workers", "2"), 2),
    "uvicorn-reload": ((*UVICORN, "--reload"), 1),
    "gunicorn": ((*GUNICORN, "-w", "2", "app:wsgi"), 2),
    "gunicorn-preload": ((*GUNICORN, "-w", "2", "--preload", "app:wsgi"), 2),
    "gunicorn-threads": ((*GUNICORN, "--threads", "4", "app:wsgi"), 1),
    "gunicorn-gevent": ((*GUNICORN, "-k", "gevent", "app:wsgi"), 1),
    "gunicorn-uvicorn": ((*GUNICORN, "-k", "uvicorn_worker.UvicornWorker", "app:asgi"), 1),
    "hypercorn": (HYPERCORN, 1),
    "hypercorn-workers": ((*HYPERCORN, "-w", "2"), 2),
    "hypercorn-alone": ((*HYPERCORN, "-w", "0"), 1),
    "granian-asgi": ((*GRANIAN, "--interface", "asgi", "app:asgi"), 1),
    "granian-asgi-workers": ((*GRANIAN, "--interface", "asgi", "--workers", "2", "app:asgi"), 2),
    "granian-wsgi": ((*GRANIAN, "--interface", "wsgi", "app:wsgi"), 1),
    "granian-wsgi-workers": ((*GRANIAN, "--interface", "wsgi", "--workers", "2", "app:wsgi"), 2),
    "gunicorn-asgi": ((*GUNICORN, "-k", "asgi", "app:asgi"), 1),
    "gunicorn-aiohttp": ((*GUNICORN, "-k", "aiohttp.GunicornWebWorker", "app:served"), 1),
    "aiohttp": (("python", "-m", "aiohttp.web", "-H", "127.0.0.1", "-P", "{port}", "app:made"), 1),
    "flask": ((*FLASK, "run", "--port", "{port}"), 1),
    "flask-debug": ((*FLASK, "run", "--debug", "--port", "{port}"), 1),
}

ALONE = ("uvicorn", "uvicorn-module", "uvicorn-asyncio", "hypercorn-alone", "flask", "aiohttp")
"""Where the first process serves itself."""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_registers_with_every_process_that_serves_and_leaves_before_it_ends(
    name: str, launch: Launcher, wire: WireServer, port: int
) -> None:
    """Contract 2 to 4, over every process model that `fairlead run` is promised for."""
    if name == "gunicorn-uvicorn":
        pytest.importorskip("uvicorn_worker")
    command, processes = SERVERS[name]
    (launch.folder / "app.py").write_text(APP)
    wire.publish(snapshot(1))
    words = [word.format(port=port) for word in command]
    program = launch.command(
        [str(BIN / words[0]), *words[1:]],
        PYTHONPATH=str(launch.folder),
        PATH=f"{BIN}:{os.environ['PATH']}",
    )

    until(lambda: len(wire.nodes) == processes)
    pids = {entry["pid"] for entry in wire.registrations}
    assert wire.addresses == {("shop", f"127.0.0.1:{port}")}
    assert (program.pid in pids) == (name in ALONE)

    program.end(signal.SIGTERM)

    # The reloader of `flask --debug` kills its child outright: there the lease ends by itself.
    if name != "flask-debug":
        until(lambda: not registered(wire, str(port)))
    assert "Traceback" not in program.errors
    assert "fairlead:" not in program.errors


@pytest.mark.parametrize("parent_too", [False, True])
def test_a_worker_of_hypercorn_that_is_told_itself_leaves(
    parent_too: bool, launch: Launcher, wire: WireServer, port: int
) -> None:
    """A service manager tells every process; the worker has no handler of its own for it."""
    (launch.folder / "app.py").write_text(APP)
    wire.publish(snapshot(1))
    program = launch.command(
        [str(BIN / "hypercorn"), "app:asgi", "-w", "1", "--bind", f"127.0.0.1:{port}"],
        PYTHONPATH=str(launch.folder),
        PATH=f"{BIN}:{os.environ['PATH']}",
    )
    until(lambda: registered(wire, str(port)))
    worker = wire.registrations[-1]["pid"]
    assert worker != program.pid

    os.kill(worker, signal.SIGTERM)
    if parent_too:
        program.process.send_signal(signal.SIGTERM)

    until(lambda: not registered(wire, str(port)))
    program.wait()
