"""A command and the Envoy beside it, from their start to their end.

Callers hear of the command when its port accepts connections. Told to end, it leaves first: callers
hear of that, requests under way end, and only then is the command told. Envoy is there as long as
the command is, which may call others until then.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairlead import __version__
from fairlead.agent.door import door_of
from fairlead.agent.identity import node_id
from fairlead.agent.lease import Tenancy
from fairlead.agent.settings import Settings
from fairlead.cli.failure import ENVIRONMENT, Failed
from fairlead.cli.proxy.bound import start
from fairlead.cli.proxy.running import ENDS, Envoy, shell_status
from fairlead.protocols.watch.codec import BESIDE, DATABASES, TABLES, Registration

NOT_EXECUTABLE, NOT_FOUND = 126, 127
HEARD = (*ENDS, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)
PATIENCE = 10.0
"""Seconds that the command waits for Envoy to take its calls; afterwards it starts all the same."""
QUIET = 0.3
"""Seconds without a request after which nobody is expected any more."""
_ACTIVE = "http.inbound.downstream_rq_active"
_UNFIT = "it runs beside an Envoy, which does not see its statements"


def tenancy(settings: Settings, address: str) -> Tenancy:
    """Return the place in the registry of an instance whose calls come by `address`."""
    node, host = node_id(), os.uname().nodename

    def describe(address: str) -> Registration:
        return Registration(
            node=node,
            namespace=settings.namespace,
            app=settings.app,
            address=address,
            pid=os.getpid(),
            host=host,
            lane=settings.lane,
            labels=settings.labels,
            zone=settings.zone,
            hooks=({"library": BESIDE, "version": "", "state": "hooked", "reason": ""},),
            version=__version__,
            unfit={TABLES: _UNFIT, DATABASES: _UNFIT},
            warmup=settings.warmup,
        )

    door = door_of(settings)
    return Tenancy(door, describe, lambda inodes: "", dice=random.random, fixed=address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What others call an application by."""

    tenancy: Tenancy
    protocol: str
    """HTTP or GRPC (policy.endpoint)."""
    doors: tuple[tuple[str, int], ...]
    """Where connections are accepted once it can be called: of the application, and of Envoy."""

    def is_open(self) -> bool:
        """Tell whether all doors are."""
        return all(accepts(*one) for one in self.doors)


class Pair:
    """Both of them."""

    def __init__(self, envoy: Envoy, app: subprocess.Popen[bytes], served: Served | None) -> None:
        self._envoy, self._app, self._served = envoy, app, served
        self._registered = False
        self._leaving: int | None = None
        """The signal that it was told to end by."""
        self._told = False
        self._until = self._busy = 0.0

    def wait(self, came: list[int], drain: float) -> int:
        """Return the command's exit status, once it has ended; `came` grows with each signal.

        Requests under way have `drain` seconds.
        """
        heard = 0
        while self._app.poll() is None:
            if not self._envoy.rests():
                return self._alone(drain)
            while heard < len(came):
                self._hear(came[heard], drain)
                heard += 1
            self._serve()
            if self._leaving is not None and not self._told and self._is_quiet():
                self._tell(self._leaving)
        self._leave()
        return shell_status(self._app.returncode)

    def end(self) -> None:
        """End what is still there."""
        if self._app.poll() is None:
            self._app.kill()
            self._app.wait()
        self._envoy.end()
        self._envoy.process.wait()

    def _serve(self) -> None:
        served = self._served
        if served and not self._registered and self._leaving is None and served.is_open():
            self._registered = True
            served.tenancy.serve(served.protocol, None, lambda: None)

    def _leave(self) -> None:
        if self._served is not None and self._registered:
            self._registered = False
            self._served.tenancy.leave(0.0)

    def _hear(self, number: int, drain: float) -> None:
        if self._leaving is not None or number not in ENDS:
            self._tell(number)
            return
        self._leaving = number
        registered = self._registered
        self._leave()
        now = time.monotonic()
        self._busy = now if registered else now - QUIET
        self._until = now + drain if self._envoy.drain("inbound") else now

    def _tell(self, number: int) -> None:
        self._told = self._told or number in ENDS
        self._app.send_signal(number)

    def _is_quiet(self) -> bool:
        now = time.monotonic()
        try:
            if self._envoy.figures(_ACTIVE).get(_ACTIVE, 0):
                self._busy = now
        except OSError:
            return True
        return now >= min(self._until, self._busy + QUIET)

    def _alone(self, drain: float) -> int:
        """Envoy has ended, and with it all calls from and to the command."""
        self._leave()
        code = shell_status(self._envoy.process.returncode)
        print(f"fairlead: Envoy ended with status {code}; the command ends too", file=sys.stderr)
        self._app.terminate()
        try:
            self._app.wait(drain)
        except subprocess.TimeoutExpired:
            self._app.kill()
        return ENVIRONMENT


def started(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the command. Raises Failed with the status that a shell gives."""
    try:
        return start(command, environ)
    except FileNotFoundError as error:
        raise Failed(f"{command[0]}: command not found", NOT_FOUND) from error
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}", NOT_EXECUTABLE) from error


def await_calls(envoy: Envoy, host: str, port: int) -> None:
    """Wait until Envoy takes calls there. Raises Failed where it ends instead."""
    until = time.monotonic() + PATIENCE
    while not accepts(host, port):
        if not envoy.rests(0.02):
            raise Failed(f"Envoy ended with status {envoy.process.returncode}", ENVIRONMENT)
        if time.monotonic() >= until:
            why = "calls of the command fail until the control plane answers"
            print(f"fairlead: Envoy knows no way yet: {why}", file=sys.stderr)
            return


def accepts(host: str, port: int) -> bool:
    """Tell whether somebody accepts connections."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False
