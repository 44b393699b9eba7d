"""Routers of modules tell their routes, before what the application has on them runs."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from fairlead.agent.inspect import ask
from fairlead.policy.fallback import Fallback
from fairlead.policy.limit import RateLimit, Window
from tests.faults.servers import until
from tests.golang.modules.building import build_of, told

FALLBACK = Fallback(status=429, headers=(("X-Said", "slow"),), body="slow down")
ONE_A_MINUTE = (Window(threshold=1, window_ms=60_000),)


def limit(resource: str) -> RateLimit:
    return RateLimit(
        rule=f"FaultToleranceRule{resource}",
        strategy="x",
        resource=resource,
        windows=ONE_A_MINUTE,
        fallback=FALLBACK,
    )


class Answer(NamedTuple):
    status: int
    body: str
    around: list[str]
    said: str | None


def get(address: str, path: str) -> Answer:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            headers, status, body = answer.headers, answer.status, answer.read()
    except urllib.error.HTTPError as error:
        headers, status, body = error.headers, error.code, error.read()
    around = headers.get_all("X-Around") or []
    return Answer(status, body.decode(), around, headers["X-Said"])


@pytest.fixture(scope="module")
def program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program."""
    return build_of("routers", go, tmp_path_factory.mktemp("routers")).program()


@pytest.fixture
def routers(program: Path) -> Iterator[dict[str, str]]:
    """Serve by each of the routers, with rules for two of their routes."""
    environment = told(
        program, flow=tuple(map(limit, ("/users/{id}", "/files/{rest}", "/files/*")))
    )
    with subprocess.Popen([program], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


AROUND_ALL = {"gin": [], "chi": ["all", "some"], "echo": ["all"], "mux": []}
"""What runs around an answer of ours: chi and echo have it run before they look for a route."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("router", AROUND_ALL)
def test_a_rule_for_a_template_counts_all_of_its_paths(
    routers: dict[str, str], router: str
) -> None:
    first = get(routers[router], "/users/7")
    assert (first.status, first.body) == (200, "handled")
    assert first.around
    second = get(routers[router], "/users/8")
    assert second == Answer(429, "slow down", AROUND_ALL[router], "slow")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("router", AROUND_ALL)
def test_the_rest_of_a_path_is_a_variable_too(routers: dict[str, str], router: str) -> None:
    statuses = [get(routers[router], f"/files/a/{number}").status for number in range(2)]
    assert statuses == [200, 429]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("router", AROUND_ALL)
def test_a_path_that_no_route_has_is_the_routers_to_answer(
    routers: dict[str, str], router: str
) -> None:
    statuses = [get(routers[router], "/nobody/7").status for _ in range(2)]
    assert statuses == [404, 404]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("router", AROUND_ALL)
def test_a_router_tells_the_routes_it_has_if_it_can(program: Path, router: str) -> None:
    """Also of routers within it, of variables, and of what is below a folder; gorilla's cannot."""
    vain = {"/user/{id}": "/users/{id}", "POST:/users/{id}": "GET:/users/{id}"}
    there = ("GET:/users/{id}", "/users/7", "/files/a/b")
    environment = told(program, flow=tuple(map(limit, (*there, *vain))))
    with subprocess.Popen([program, router], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline()).keys() == {router}
            socket = Path(environment["FAIRLEAD_STATE"]) / f"{process.pid}.sock"
            until(lambda: ask(socket)["snapshot"]["origin"] == "live", "its rules are in force")
            wanted = None if router == "mux" else vain
            until(lambda: ask(socket)["unmatched"] == wanted, "it has told")
        finally:
            process.kill()
