"""The data planes that are asked, each with what it needs to run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol

import httpx

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from scripts.servers.ports import free_port
from tests.conformance.routing.corpus import Case
from tests.conformance.routing.envoy import judge
from tests.conformance.routing.envoy.process import Envoy
from tests.conformance.routing.outcome import Outcome
from tests.conformance.routing.peers.asking import Grpc, Http, Told, least, named
from tests.conformance.routing.peers.child import Child
from tests.conformance.routing.peers.corpus import CALLER, GRPC, HTTP, LABELS, PLACE, Policies
from tests.conformance.routing.peers.plane import Plane
from tests.control.fleet import until

HERE = Path(__file__).parent
TOLD = {"FAIRLEAD_LABELS": ",".join(f"{k}={v}" for k, v in LABELS.items() if k != "app")}
STOCK = {"python": [sys.executable, str(HERE / "grpc_caller.py")]}
"""Programs whose gRPC asks the control plane by itself, without us."""
ENVOY = os.environ.get("PEER_ENVOY", "")
for name in ("NODE", "GO", "JAVA"):
    if command := os.environ.get(f"PEER_{name}", ""):
        STOCK[name.lower()] = command.split()
_LANE = re.compile(r"(?:.*,)?x-opensergo-traffic=(\w+)(?:,.*)?")
LIBRARIES = ("httpx", "requests", "aiohttp", "grpc")
GRPC_LIBRARIES = ("grpc", "grpc-go")


class Runner(Protocol):
    """A data plane that is there."""

    def ask(self, group: Policies, case: Case) -> Sequence[Outcome]:
        """Return what became of a case's calls, in their order."""


class Both:
    """A data plane for calls of HTTP and of gRPC."""

    def __init__(self, by: Mapping[str, Runner]) -> None:
        self._by = by

    def ask(self, group: Policies, case: Case) -> Sequence[Outcome]:
        """Ask the one that speaks a group's protocol."""
        return self._by[group.protocol].ask(group, case)


class Wire:
    """Calls of HTTP by way of an Envoy, as they are written."""

    def __init__(self, plane: Plane, port: int) -> None:
        self._plane, self._port = plane, port

    def ask(self, group: Policies, case: Case) -> Sequence[Outcome]:
        """Return what became of a case's calls, in their order."""
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=group.deadline(case))) as http:
            return [self._once(http, case) for _ in range(case.ask.times)]

    def _once(self, http: HTTPConnection, case: Case) -> Outcome:
        name = named(case)
        judge.send(http, case.ask, name)
        answer = http.getresponse()
        body = answer.read().decode("latin-1")
        return judge.outcome(answer, body, self._plane.web.seen(name, least(case)))


@contextmanager
def stock(plane: Plane, name: str, folder: Path) -> Iterator[Runner]:
    """Ask a library of gRPC, whose bootstrap `fairlead bootstrap --grpc` writes."""
    with bootstrapped(name, plane.xds, CALLER, folder) as child:
        yield Grpc(plane, child.ask, lambda host: (f"xds:///{host}", ""))


@contextmanager
def bootstrapped(name: str, xds: str, namespace: str, folder: Path) -> Iterator[Child]:
    """Run a program of a library of gRPC that asks for what callers of a namespace have."""
    words = ["--grpc", "--app", CALLER, "--namespace", namespace, "--xds", xds, "--zone", PLACE]
    path = folder / f"{name}.json"
    path.write_text(json.dumps(bootstrap(options_parser().parse_args(words), TOLD)))
    environment = {"GRPC_XDS_BOOTSTRAP": str(path)}
    with Child(STOCK[name], folder / f"{name}.log", environment) as child:
        yield child


@contextmanager
def by_envoy(plane: Plane, folder: Path) -> Iterator[Runner]:
    """Run an Envoy beside the application that calls."""
    capture = free_port()
    words = ["--envoy", "--app", CALLER, "--namespace", CALLER, "--xds", plane.xds]
    words += ["--admin", "127.0.0.1:0", "--capture", str(capture), "--zone", PLACE]
    config = bootstrap(options_parser().parse_args(words), TOLD)
    at = f"127.0.0.1:{capture}"
    with ExitStack() as stack:
        stack.enter_context(Envoy(ENVOY, config, folder))
        until(lambda: _answers(capture, plane.hosts[HTTP]))
        child = stack.enter_context(Child(STOCK["python"], folder / "envoy.grpc.log"))
        yield Both(
            {
                GRPC: Grpc(plane, child.ask, lambda host: (at, host)),
                HTTP: Wire(plane, capture),
            }
        )


def _answers(port: int, host: str) -> bool:
    """Tell whether Envoy has all of it: clusters come before routes."""
    try:
        found = httpx.get(f"http://127.0.0.1:{port}/", headers={"host": host}, trust_env=False)
    except httpx.TransportError:
        return False
    return found.is_success


def _knows(child: Child, hosts: Mapping[str, str], library: str) -> bool:
    """Tell whether an agent has been told of the apps that there are."""
    if library in GRPC_LIBRARIES:
        told = {"target": hosts[GRPC], "metadata": [], "method": "/a.B/C", "deadline": 8}
        return bool(child.ask(told)["code"] == "OK")
    url = f"http://{hosts[HTTP]}/"
    told = {"url": url, "method": "GET", "headers": [], "body": "", "deadline": 8}
    return bool(child.ask(told)["status"] == 200)


BY = {
    name: [sys.executable, str(HERE / "http_caller.py"), name]
    for name in LIBRARIES
    if name != "grpc"
}


def built(library: str, folder: Path) -> list[str]:
    """Build the Go program that calls by a library, with the agent in it."""
    program = folder / library / "caller"
    fairlead = str(Path(sys.executable).with_name("fairlead"))
    command = [fairlead, "go", "build", "--strict", "-o", str(program), "."]
    environment = {**os.environ, "GOFLAGS": "-buildvcs=false"}
    subprocess.run(command, cwd=HERE / library, env=environment, check=True, timeout=900)
    return [str(program)]


@contextmanager
def by_agent(
    plane: Plane, library: str, folder: Path, program: Sequence[str] = ()
) -> Iterator[Runner]:
    """Run an application with the agent, once for each lane: it knows which lane a call is on.

    It is `program` where the agent is in that, and else one that `fairlead run` starts.
    """
    told = {"CONTROL": plane.server.url, "NAMESPACE": CALLER, "APP": CALLER, "ZONE": PLACE}
    environment = {**TOLD, **{f"FAIRLEAD_{key}": value for key, value in told.items()}}
    command = BY.get(library) or STOCK["python"]
    run = [str(Path(sys.executable).with_name("fairlead")), "run", "--", *command]
    run = list(program) or run
    children: dict[str, Child] = {}
    with ExitStack() as stack:

        def ask(told: Told) -> Any:
            where = "headers" if "headers" in told else "metadata"
            lane = "".join(value for name, value in told[where] if name == "baggage")
            found = _LANE.fullmatch(lane)
            if found:
                told = {**told, where: [pair for pair in told[where] if pair[0] != "baggage"]}
            name = found[1] if found else ""
            if name not in children:
                log = folder / f"agent.{library}.{name}.log"
                lanes = {**environment, "FAIRLEAD_LANE": name}
                child = children[name] = stack.enter_context(Child(run, log, lanes))
                until(lambda: _knows(child, plane.hosts, library))
            return children[name].ask(told)

        if library in GRPC_LIBRARIES:
            yield Grpc(plane, ask, lambda host: (host, ""))
        else:
            yield Http(plane, ask)


def missing(name: str) -> str:
    """Return why a data plane cannot be asked here, ``""`` where it can."""
    kind = name.partition(" ")[0]
    if kind == "built":
        return "" if shutil.which("go") else "no Go toolchain on PATH"
    if kind == "agent" or kind in STOCK or (kind == "envoy" and ENVOY):
        return ""
    return os.environ.get(f"PEER_{kind.upper()}_MISSING", f"no program for {kind}")
