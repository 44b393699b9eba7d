"""Real processes for fault tests: a control plane, apps by ``fairlead run``, a wire that is cut.

Whoever starts something stops it by its id; ports are free ones; what a process prints is in a log
beside its state, and in the message of an assertion that fails.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from fairlead.agent.inspect import ask

APPS = Path(__file__).parent / "apps"
BIN = Path(sys.executable).parent
PATIENCE = 60.0
"""Seconds that a test waits for something that should take a fraction of one: a busy machine is
slow, and what hangs hangs longer."""
PAUSE = 0.005
"""Seconds between an answer and the next request."""

CONTROL = """
import json, logging, sys
from pathlib import Path
from fairlead.control.app import run
from fairlead.control.settings import Settings
from fairlead.control.logs import Unhurried
logging.basicConfig(
    level=logging.WARNING, format="fairlead: %(message)s", handlers=[Unhurried()]
)
settings = Settings(data_dir=Path(sys.argv[1]), port=int(sys.argv[2]), **json.loads(sys.argv[3]))
run(settings, lambda *said: print(said[0], flush=True))
"""
"""`fairlead serve`, with settings that spare a test the wait for ten seconds."""

QUICK: Mapping[str, float] = {"lease": 2.0, "renew": 0.5, "heartbeat": 0.5}
"""Everything as it is by default, five times as fast."""


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Return what `condition` returns as soon as it is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)
    return found


class Process:
    """A process in a session of its own, and its log."""

    def __init__(self, argv: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                argv, stdout=output, stderr=output, env=dict(env), start_new_session=True
            )
        self.pid = self.popen.pid

    def signal(self, number: int) -> None:
        """Send a signal to the process alone."""
        self.popen.send_signal(number)

    def kill(self) -> None:
        """End it and its workers at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait(PATIENCE)

    def stop(self) -> int:
        """Ask it to end as a deployment would; return its exit status."""
        self.popen.terminate()
        try:
            return self.popen.wait(PATIENCE)
        finally:
            self.kill()

    def text(self) -> str:
        """Return what it has printed."""
        return self.log.read_text(errors="replace")


class Control:
    """A control plane that is stopped, killed and started again at one address."""

    def __init__(self, work: Path, env: Mapping[str, str] | None = None, **settings: Any) -> None:
        """Settings are those of `control.settings.Settings`, on top of `QUICK`."""
        self.work, self.data = work, work / "data"
        self.settings = {**QUICK, **settings}
        self.env = dict(env or {})
        self.wrap: Callable[[Sequence[str]], list[str]] = list
        """Makes the command that is run of the one that serves."""
        self.port = 0
        self.process: Process | None = None

    def start(self) -> Self:
        """Start it and wait until it serves; the port stays the same from then on."""
        log = self.work / "control.log"
        before = len(log.read_text().splitlines()) if log.exists() else 0
        words = (sys.executable, "-c", CONTROL, str(self.data), str(self.port))
        argv = self.wrap([*words, json.dumps(self.settings)])
        process = Process(argv, log, plain_environment(**self.env))
        self.process = process

        def served() -> str | None:
            lines = process.text().splitlines()[before:]
            found = next((line for line in lines if line.startswith("http://")), None)
            assert found or process.popen.poll() is None, process.text()
            return found

        self.port = int(until(served, "the control plane").rpartition(":")[2])
        return self

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it as a crash would."""
        assert self.process is not None
        self.process.kill()

    def client(self) -> httpx.Client:
        """Return a client of its API."""
        return httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)

    def get(self, path: str) -> dict[str, Any]:
        """Return the object at `path`."""
        with self.client() as http:
            return dict(http.get(path).raise_for_status().json())

    def instances(self, app: str) -> list[dict[str, Any]]:
        """Return the registered instances of an app, oldest address first."""
        items = self.get("/apis/fairlead.io/v1alpha1/instances")["items"]
        found = [item for item in items if item["spec"]["app"] == app]
        return sorted(found, key=lambda item: str(item["spec"]["address"]))

    def alarms(self) -> list[dict[str, Any]]:
        """Return the alarms of mass loss."""
        return list(self.get("/fairlead/v1/nodes")["alarms"])

    def apply(self, plain: Mapping[str, Any]) -> None:
        """Create an object."""
        group, plural = str(plain["apiVersion"]), f"{plain['kind']}s".lower()
        with self.client() as http:
            http.post(f"/apis/{group}/namespaces/default/{plural}", json=plain).raise_for_status()


@contextmanager
def control_plane(
    work: Path, env: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[Control]:
    """Run a control plane; at the end it must not have failed in its own code."""
    control = Control(work, env, **settings).start()
    try:
        yield control
    finally:
        if control.process is not None and control.process.popen.poll() is None:
            control.process.stop()
        assert control.process is None or "Traceback" not in control.process.text()


@dataclass
class App:
    """One instance of an app, served by uvicorn below ``fairlead run``."""

    name: str
    process: Process
    state: Path

    @property
    def url(self) -> str:
        """Where it serves, as soon as it does."""

        def found() -> Any:
            text = self.process.text()
            assert self.process.popen.poll() is None, text
            return re.search(r"running on (http://127\.0\.0\.1:\d+)", text)

        return str(until(found, f"{self.name} serves")[1])

    def doctor(self) -> dict[str, Any]:
        """Return what its agent says of itself, ``{}`` while there is none to ask."""
        try:
            return ask(self.state / f"{self.process.pid}.sock")
        except (OSError, ValueError):
            return {}

    def connected(self) -> bool:
        """Whether its agent follows the control plane."""
        return bool(self.doctor().get("control", {}).get("connected"))

    def registered(self) -> bool:
        """Whether its agent knows of a lease."""
        return bool(self.doctor().get("standing", {}).get("registered"))


class Apps:
    """Starts apps, and stops what is left of them at the end."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self._started: list[App] = []

    def start(self, name: str, control: str, **env: str) -> App:
        """Start an instance of the app `name`, a module of `apps`; it need not serve yet.

        ``MODULE`` names the module where it is called otherwise.
        """
        module = env.pop("MODULE", name)
        state = Path(env.pop("FAIRLEAD_STATE", self.work / "state"))
        settings = {
            "FAIRLEAD_CONTROL": control,
            "FAIRLEAD_APP": name,
            "FAIRLEAD_STATE": str(state),
            "PYTHONUNBUFFERED": "1",
        }
        serve = (str(BIN / "uvicorn"), f"{module}:app", "--app-dir", str(APPS), "--port", "0")
        argv = [str(BIN / "fairlead"), "run", "--", *serve]
        log = self.work / f"{name}-{len(self._started)}.log"
        process = Process(argv, log, plain_environment(**settings, **env))
        app = App(name=name, process=process, state=state)
        self._started.append(app)
        return app

    def stop(self) -> None:
        """End all of them; one that is stopped by a signal is continued first."""
        for app in self._started:
            if app.process.popen.poll() is None:
                app.process.signal(signal.SIGCONT)
                app.process.popen.terminate()
        for app in self._started:
            with suppress(subprocess.TimeoutExpired):
                app.process.popen.wait(5)
            app.process.kill()


def plain_environment(**settings: str) -> dict[str, str]:
    """Return this environment without what could steer fairlead, plus `settings`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FAIRLEAD_")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **settings}


class Load:
    """Requests to one URL, one after the other on each of a few threads, until it is stopped."""

    def __init__(
        self, url: str, headers: Mapping[str, str] | None = None, threads: int = 2
    ) -> None:
        self.answers: list[str] = []
        self.failures: list[str] = []
        self._url, self._headers = url, dict(headers or {})
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def more(self, count: int = 20) -> None:
        """Wait until `count` further requests have been answered."""
        seen = len(self.answers)
        until(lambda: len(self.answers) + len(self.failures) >= seen + count, "requests answered")

    def _run(self) -> None:
        with httpx.Client(timeout=10, trust_env=False, headers=self._headers) as http:
            while not self._stop.wait(PAUSE):
                try:
                    answer = http.get(self._url)
                    text = f"{answer.status_code} {answer.text}"
                    (self.answers if answer.is_success else self.failures).append(text)
                except httpx.HTTPError as error:
                    self.failures.append(f"{type(error).__name__}: {error}")


class Wire:
    """A TCP connection to the control plane that can be cut and mended: ``FAIRLEAD_CONTROL``."""

    def __init__(self, port: int, host: str = "127.0.0.1", target: str = "127.0.0.1") -> None:
        """Lead from a port of `host` to the `port` of `target`."""
        self._target = (target, port)
        self._cut = False
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((host, 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """End every connection, and take none until `mend`."""
        self._cut = True
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._cut = False

    def close(self) -> None:
        """Stop listening."""
        self.cut()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._cut:
                    near.close()
                    continue
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target)
        except OSError:
            near.close()
            return
        self._open |= {near, far}
        with near, far, selectors.DefaultSelector() as ready, suppress(OSError):
            ready.register(near, selectors.EVENT_READ, (near, far))
            ready.register(far, selectors.EVENT_READ, (far, near))
            while readable := ready.select():
                for key, _ in readable:
                    source, sink = key.data
                    piece = source.recv(1 << 16)
                    if not piece:
                        return
                    sink.sendall(piece)
        self._open -= {near, far}


@contextmanager
def wire_to(control: Control, host: str = "127.0.0.1") -> Iterator[Wire]:
    """Lay a wire to a control plane for the time being, which begins at `host`."""
    wire = Wire(control.port, host)
    try:
        yield wire
    finally:
        wire.close()
