"""A zone whose instances fail is left by an application with the agent, and used again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.control.fleet import Agent, until
from tests.control.serving import Server, serving

NAMESPACE = "shop"
A, B = "eu/a", "eu/b"
PROGRAM = Path(__file__).resolve().parents[1] / "weights" / "asking.py"
OUTLIER = {
    "consecutive5xxErrors": 2,
    "interval": "100ms",
    "baseEjectionTime": "4s",
    "maxEjectionPercent": 100,
}
SHARES = [{"from": A, "to": {A: 80, B: 20}}]

Ask = Callable[[int], Counter[str]]


@contextmanager
def instance(server: Server, place: str, ill: set[str]) -> Iterator[None]:
    """Serve in a place, badly while it is ill, and be registered."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 4096  # an answer in two packets waits for an acknowledgement

        def do_GET(self) -> None:
            self.send_response(503 if place in ill else 200)
            text = ("ill" if place in ill else place).encode()
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        port = http.server_address[1]
        Agent(server.url, NAMESPACE, "orders", port, zone=place, protocol="http").register()
        yield
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def apply(server: Server, policy: dict[str, object]) -> None:
    """Apply a DestinationRule of `orders`."""
    rule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "orders"},
        "spec": {"host": "orders", "trafficPolicy": policy},
    }
    path = f"/apis/networking.istio.io/v1/namespaces/{NAMESPACE}/destinationrules"
    with server.client() as http:
        http.delete(f"{path}/orders")
        http.post(path, json=rule).raise_for_status()


@contextmanager
def caller(server: Server, state: Path) -> Iterator[Ask]:
    """Run an application of zone a that calls `orders`."""
    told = {"CONTROL": server.url, "NAMESPACE": NAMESPACE, "APP": "front", "ZONE": A}
    environment = os.environ | {f"FAIRLEAD_{key}": value for key, value in told.items()}
    process = subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("fairlead")), "run", "--"),
            *(sys.executable, str(PROGRAM), "requests", "orders"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment | {"FAIRLEAD_STATE": str(state)},
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


def test_a_zone_is_left_and_used_again_and_zones_have_shares(tmp_path: Path) -> None:
    """To the other zone within as many errors as its instances may make; 80 to 20 is exact."""
    ill: set[str] = set()
    with (
        serving(tmp_path / "data") as server,
        instance(server, A, ill),
        instance(server, A, ill),
        instance(server, B, ill),
        caller(server, tmp_path / "state") as ask,
    ):
        apply(server, {"outlierDetection": OUTLIER})
        until(lambda: ask(20) == {A: 20})
        ill.add(A)
        assert ask(50) == {"ill": 4, B: 46}  # two of each instance
        ill.clear()
        until(lambda: ask(20) == {A: 20})

        apply(server, {"loadBalancer": {"localityLbSetting": {"distribute": SHARES}}})
        until(lambda: ask(20) == {A: 16, B: 4})
        assert ask(1000) == {A: 800, B: 200}
