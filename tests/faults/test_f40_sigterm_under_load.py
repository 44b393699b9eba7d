"""F40: SIGTERM while requests, streams, websockets and kept connections are under way.

Callers by name know before the socket closes; what is under way ends as it would have; what does
not end is ended by the server's own deadline.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.faults.replicas import (
    AIOHTTP,
    GRANIAN,
    GUNICORN,
    HYPERCORN,
    UVICORN,
    mesh,
    requests,
    some,
)
from tests.faults.servers import PATIENCE

FLASK = ("flask", "--app", "target_wsgi", "run", "--port", "0")
AIOHTTP_WORKER = ("-k", "aiohttp.GunicornWebWorker", "target_aiohttp:app")
UVICORN_WORKER = ("-k", "uvicorn_worker.UvicornWorker")

SERVERS = {
    "uvicorn": (UVICORN, 1),
    "uvicorn-workers": ((*UVICORN, "--workers", "2"), 2),
    "gunicorn-uvicorn": ((*GUNICORN, *UVICORN_WORKER, "target_asgi:app"), 1),
    "gunicorn-threads": ((*GUNICORN, "--threads", "8", "target_wsgi:app"), 1),
    "gunicorn-sync": ((*GUNICORN, "-w", "3", "target_wsgi:app"), 3),
    "flask": (FLASK, 1),
    "hypercorn": ((*HYPERCORN, "--graceful-timeout", "10"), 1),
    "hypercorn-workers": ((*HYPERCORN, "-w", "2", "--graceful-timeout", "10"), 2),
    "granian-asgi": ((*GRANIAN, "asgi", "target_asgi:app"), 1),
    "granian-workers": ((*GRANIAN, "asgi", "--workers", "2", "target_asgi:app"), 2),
    "granian-wsgi": ((*GRANIAN, "wsgi", "--blocking-threads", "8", "target_wsgi:app"), 1),
    "aiohttp": (AIOHTTP, 1),
    "aiohttp-bare": ((*AIOHTTP, "bare"), 1),
    "gunicorn-aiohttp": ((*GUNICORN, "-w", "2", *AIOHTTP_WORKER), 2),
}


MOST_DIFFERENT = (
    "uvicorn", "gunicorn-threads", "gunicorn-sync", "flask", "hypercorn-workers", "granian-workers",
    "aiohttp", "aiohttp-bare", "gunicorn-aiohttp",
)  # fmt: skip


@pytest.mark.parametrize("name", some(SERVERS, *MOST_DIFFERENT))
def test_f40_nothing_fails_when_an_instance_is_told_to_stop(name: str, tmp_path: Path) -> None:
    """A deployment replaces every instance, one after the other, at full traffic."""
    words, workers = SERVERS[name]
    with mesh(tmp_path) as it:
        stays = it.replica(UVICORN)
        goes = it.replica(words, workers)
        caller = it.caller()
        caller.until_served(it.pids(stays), it.pids(goes))
        under_way = requests(goes.url("/slow?seconds=1.2"), goes.url("/stream?seconds=1.2"))
        status = goes.process.stop()
        served, failed = caller.seen()

        assert failed == []
        assert under_way[0].wait().isdigit()
        assert under_way[1].wait() == "".join(f"{number}\n" for number in range(20))
        assert status in (0, -signal.SIGTERM), goes.process.text()
        assert list(it.instances()) == [stays.address]
        assert caller.until_only(it.pids(stays)) == []
        assert sum(served.values()) > 20
        assert "Traceback" not in goes.process.text()


def test_f40_a_worker_ends_its_requests_when_the_others_have_ended(tmp_path: Path) -> None:
    """Hypercorn's parent then sends SIGTERM to those that still serve, twice in a row."""
    with mesh(tmp_path) as it:
        goes = it.replica((*HYPERCORN, "-w", "2", "--graceful-timeout", "10"), 2)
        (slow,) = requests(goes.url("/slow?seconds=3"))
        goes.process.stop()
        assert slow.wait().isdigit()
        assert it.instances() == {}


CLOSE_CODES = {
    "uvicorn": (UVICORN, 1012),
    "gunicorn-uvicorn": (SERVERS["gunicorn-uvicorn"][0], 1012),
    # When its graceful timeout is over.
    "hypercorn": ((*HYPERCORN, "--graceful-timeout", "1"), 1011),
    # What the application says at its shutdown, as aiohttp's documentation tells it to.
    "aiohttp": (AIOHTTP, 1001),
}
"""What RFC 6455 and its registry have a server say; granian says nothing."""


@pytest.mark.parametrize("name", some(CLOSE_CODES, "uvicorn", "aiohttp"))
def test_f40_a_websocket_is_closed_in_its_own_way(name: str, tmp_path: Path) -> None:
    """A client that is told to go elsewhere connects again; one that is cut off worries."""
    words, code = CLOSE_CODES[name]
    with mesh(tmp_path) as it:
        goes = it.replica(words)
        with connect(f"ws://{goes.address}/echo", open_timeout=10) as client:
            client.send("before")
            assert client.recv(timeout=10) == "before"
            goes.process.popen.terminate()
            with pytest.raises(ConnectionClosed) as closed:
                client.recv(timeout=15)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        goes.process.popen.wait(PATIENCE)


BOUNDED: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "uvicorn": ((*UVICORN, "--timeout-graceful-shutdown", "1"), {}),
    "gunicorn-threads": (
        (*GUNICORN, "--threads", "4", "--graceful-timeout", "2", "target_wsgi:app"), {},
    ),
    "gunicorn-sync": ((*GUNICORN, "--graceful-timeout", "2", "target_wsgi:app"), {}),
    "flask": (FLASK, {"FAIRLEAD_DRAIN": "1s"}),
    "hypercorn": ((*HYPERCORN, "--graceful-timeout", "1"), {}),
    "granian-asgi": ((*GRANIAN, "asgi", "--workers-kill-timeout", "1", "target_asgi:app"), {}),
    "aiohttp": (AIOHTTP, {"SHUTDOWN_SECONDS": "1"}),
    "aiohttp-bare": ((*AIOHTTP, "bare"), {"FAIRLEAD_DRAIN": "1s"}),
    "gunicorn-aiohttp": ((*GUNICORN, "--graceful-timeout", "2", *AIOHTTP_WORKER), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", some(BOUNDED, "uvicorn", "flask", "granian-asgi", "aiohttp"))
def test_f40_the_deadline_of_the_server_is_the_last_word(name: str, tmp_path: Path) -> None:
    """A request without an end must not keep a process: its orchestrator would kill it."""
    words, env = BOUNDED[name]
    with mesh(tmp_path) as it:
        goes = it.replica(words, **env)
        (endless,) = requests(goes.url("/slow?seconds=60"))
        goes.process.stop()
        assert endless.failed()
        assert it.instances() == {}
