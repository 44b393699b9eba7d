"""One split, 90 to 10, over 10,000 calls, through every data plane; and instances in turns.

`make test-weights` runs it: the policy is written once, and nothing but the data plane differs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import sqrt
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from scripts.servers.ports import free_port
from tests.cli.proxy.following import xds_port
from tests.conformance.routing.envoy.process import Envoy
from tests.conformance.routing.peers.runners import ENVOY, bootstrapped, missing
from tests.control.fleet import Agent, until
from tests.control.serving import Server, serving
from tests.protocols.xds.caller import answering, calling
from tests.weights.asking import LIBRARIES

PEERS = ("node", "go", "java")
CALLS = int(os.environ.get("CALLS", "10000"))
SHARE = 0.1
NAMESPACE = "shop"
STABLE = ("s1", "s2", "s3", "s4")
NAMES = (*STABLE, "canary")

pytestmark = [
    pytest.mark.skipif(not ENVOY, reason="make test-weights tries it"),
    pytest.mark.timeout(300),
]


@contextmanager
def web() -> Iterator[dict[str, str]]:
    """Serve HTTP as each of NAMES; yield the addresses."""
    with ExitStack() as stack:
        found = {}
        for name in NAMES:

            class Answer(BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                wbufsize = 4096  # an answer in two packets waits for an acknowledgement
                who = name.encode()

                def do_GET(self) -> None:
                    self.send_response(200)
                    self.send_header("content-length", str(len(self.who)))
                    self.end_headers()
                    self.wfile.write(self.who)

                def log_message(self, format: str, *args: Any) -> None:
                    """Say nothing."""

            server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            found[name] = f"127.0.0.1:{server.server_port}"
        yield found


def policy(app: str) -> list[dict[str, Any]]:
    """Return the split of an app."""

    def to(subset: str, weight: int) -> dict[str, Any]:
        return {"destination": {"host": app, "subset": subset}, "weight": weight}

    subsets = [{"name": one, "labels": {"version": one}} for one in ("stable", "canary")]
    rule = {
        "host": app,
        "trafficPolicy": {"loadBalancer": {"simple": "ROUND_ROBIN"}},
        "subsets": subsets,
    }
    service = {"hosts": [app], "http": [{"route": [to("stable", 90), to("canary", 10)]}]}
    return [
        {"kind": kind, "metadata": {"name": app}, "spec": spec}
        for kind, spec in (("DestinationRule", rule), ("VirtualService", service))
    ]


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a control plane with two apps, `orders` of HTTP and `quotes` of gRPC."""
    folder: Path = tmp_path_factory.mktemp("weights")
    with (
        serving(folder / "data", xds="127.0.0.1:0") as server,
        web() as orders,
        answering(*NAMES) as quotes,
    ):
        for app, protocol, at in (("orders", "http", orders), ("quotes", "grpc", quotes)):
            for name, address in at.items():
                version = "canary" if name == "canary" else "stable"
                port = int(address.rpartition(":")[2])
                labels = (("version", version),)
                more = {"protocol": protocol, "labels": labels}
                Agent(server.url, NAMESPACE, app, port, **more).register()
            with server.client() as http:
                for one in policy(app):
                    path = f"/apis/networking.istio.io/v1/namespaces/{NAMESPACE}"
                    plain = {"apiVersion": "networking.istio.io/v1", **one}
                    http.post(f"{path}/{one['kind'].lower()}s", json=plain).raise_for_status()
        yield server


Ask = Callable[[int], Counter[str]]


@contextmanager
def by_agent(server: Server, library: str) -> Iterator[Ask]:
    """Call through the agent in a Python application."""
    app = "quotes" if library == "grpc" else "orders"
    told = {"CONTROL": server.url, "NAMESPACE": NAMESPACE, "APP": f"caller-{library}"}
    environment = os.environ | {f"FAIRLEAD_{key}": value for key, value in told.items()}
    program = str(Path(__file__).with_name("asking.py"))
    fairlead = str(Path(sys.executable).with_name("fairlead"))
    process = subprocess.Popen(
        [fairlead, "run", "--", sys.executable, program, library, app],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )

    def ask(number: int) -> Counter[str]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
        return Counter(json.loads(process.stdout.readline()))

    try:
        yield ask
    finally:
        process.kill()
        process.communicate()


@contextmanager
def by_envoy(server: Server, folder: Path) -> Iterator[Ask]:
    """Call through an Envoy beside the application."""
    capture = free_port()
    words = ["--envoy", "--app", "front", "--xds", f"127.0.0.1:{xds_port(server)}"]
    words += ["--namespace", NAMESPACE, "--admin", "127.0.0.1:0", "--capture", str(capture)]
    with (
        Envoy(ENVOY, bootstrap(options_parser().parse_args(words), {}), folder),
        httpx.Client(base_url=f"http://127.0.0.1:{capture}", trust_env=False) as client,
    ):
        yield lambda number: Counter(
            client.get("/", headers={"host": "orders"}).text for _ in range(number)
        )


@contextmanager
def by_stock_grpc(server: Server) -> Iterator[Ask]:
    """Call through gRPC itself, without an agent."""
    with calling(xds_port(server), NAMESPACE) as client:
        yield lambda number: client.call("xds:///quotes", number)


@contextmanager
def by_peer(server: Server, name: str, folder: Path) -> Iterator[Ask]:
    """Call through gRPC of another language, without an agent."""
    with bootstrapped(name, f"127.0.0.1:{xds_port(server)}", NAMESPACE, folder) as child:
        call = {"target": "xds:///quotes", "authority": "", "method": "/test.Echo/Who"}
        told = {**call, "metadata": [], "deadline": 8}
        yield lambda number: Counter(child.ask(told)["body"] for _ in range(number))


def planes() -> list[str]:
    """Return the data planes."""
    libraries = [f"agent {library}" for library in LIBRARIES]
    return [*libraries, "envoy", "grpc without an agent", *(f"grpc {one}" for one in PEERS)]


@contextmanager
def asking(server: Server, name: str, folder: Path) -> Iterator[Ask]:
    """Call through a data plane."""
    if name == "envoy":
        with by_envoy(server, folder) as ask:
            yield ask
    elif name.removeprefix("grpc ") in PEERS:
        with by_peer(server, name.removeprefix("grpc "), folder) as ask:
            yield ask
    elif name.startswith("agent "):
        with by_agent(server, name.removeprefix("agent ")) as ask:
            yield ask
    else:
        with by_stock_grpc(server) as ask:
            yield ask


@pytest.mark.parametrize("name", planes())
def test_a_split_is_what_it_says_and_instances_take_turns(
    plane: Server, name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Within four standard deviations; no stable one gets a tenth more than the others."""
    if why := missing(name.removeprefix("grpc ")) if name.removeprefix("grpc ") in PEERS else "":
        pytest.skip(why)
    with asking(plane, name, tmp_path) as ask:
        until(lambda: ask(40)["canary"])
        found = ask(CALLS)

    record_property("found", dict(found))
    assert found.keys() == set(NAMES)
    allowed = 4 * sqrt(CALLS * SHARE * (1 - SHARE))
    assert abs(found["canary"] - CALLS * SHARE) <= allowed, found
    stable = [found[one] for one in STABLE]
    assert max(stable) / (sum(stable) / len(stable)) < 1.1, found


def test_without_us_one_connection_is_one_instance(plane: Server) -> None:
    """What per-request choice is for: over one connection, a plain client reaches one of four."""
    import grpc

    with answering(*STABLE) as at:
        target = f"ipv4:{','.join(at.values())}"
        with grpc.insecure_channel(target) as channel:
            method = channel.unary_unary("/test.Echo/Who")
            found = Counter(method(b"", timeout=8).decode() for _ in range(400))
    assert max(found.values()) / (400 / len(STABLE)) > 3
