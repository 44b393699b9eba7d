"""Frameworks that bring servers, routers and clients of their own: go-kratos and go-zero."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.fallback import Fallback
from fairlead.policy.lane import Lane
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Window
from tests.faults.servers import until
from tests.golang.modules.building import build_of, told

GRAY = "x-opensergo-traffic=gray"
RULES = (
    RateLimit(
        rule="FaultToleranceRule/users",
        strategy="x",
        resource="GET:/users/{id}",
        windows=(Window(threshold=2, window_ms=3_600_000),),
        fallback=Fallback(status=429, headers=(("X-Said", "slow"),), body="slow down"),
    ),
    ConcurrencyLimit(rule="Concurrency/call", strategy="x", resource="GET:/call", most=1),
)

pytestmark = pytest.mark.timeout(900)  # the first one builds


class Echo(BaseHTTPRequestHandler):
    """Answers with the label that came."""

    def do_GET(self) -> None:
        """Answer."""
        body = f'{{"label": "{self.headers.get("baggage", "")}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def orders() -> Iterator[str]:
    """Return where an instance of app ``orders`` is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program."""
    return build_of("frameworks", go, tmp_path_factory.mktemp("frameworks")).program()


@pytest.fixture(params=["kratos", "go-zero"])
def app(request: pytest.FixtureRequest, program: Path, orders: str) -> Iterator[httpx.Client]:
    """Serve by one of them, with rules and one app to call."""
    services = (Service(namespace="default", app="orders", endpoints=(Endpoint(address=orders),)),)
    environment = told(program, flow=RULES, services=services, lanes=(Lane(name="gray"),))
    command = [program, request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
                until(lambda: _answers(client), "the program serves")
                yield client
        finally:
            process.kill()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/nobody").status_code == 404
    except httpx.TransportError:
        return False


def test_a_rule_for_a_template_counts_all_of_its_paths(app: httpx.Client) -> None:
    answers = [app.get(f"/users/{number}") for number in range(3)]
    assert [(one.status_code, one.text) for one in answers] == [
        *[(200, "handled")] * 2,
        (429, "slow down"),
    ]
    assert answers[2].headers["X-Said"] == "slow"


def test_its_own_client_finds_an_app_and_carries_the_lane(app: httpx.Client) -> None:
    """By the request's context; one at a time, whose place is free again each time."""
    for label in (GRAY, "", GRAY):
        answer = app.get("/call", headers={"baggage": label} if label else {})
        assert (answer.status_code, answer.text) == (200, label)
