"""F34: four hops of three attempts each, and what reaches the last; a deadline over all hops."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.faults.servers import App, Apps, Control, until

CHAIN = ("hop0", "hop1", "hop2", "hop3", "leaf")
CALLS, AT_ONCE = 1500, 40


def virtual_service(app: str, **route: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": app},
        "spec": {"hosts": [app], "http": [{"route": [{"destination": {"host": app}}], **route}]},
    }


@pytest.fixture
def chain(control: Control, apps: Apps) -> list[App]:
    """Apps that call one another, all of them registered."""
    started = [
        apps.start(name, control.url, MODULE="hop", NEXT=after)
        for name, after in zip(CHAIN, (*CHAIN[1:], ""), strict=True)
    ]
    for app in started:
        until(app.registered, f"{app.name} is registered")
    return started


def in_force(chain: list[App], control: Control) -> None:
    """Wait until every app has what the control plane says now."""
    with control.client() as http:
        found = http.get("/apis/networking.istio.io/v1/namespaces/default/virtualservices")
        names = [one["metadata"]["name"] for one in found.json()["items"]]

        def live() -> bool:
            path = "/apis/networking.istio.io/v1/namespaces/default/virtualservices/"
            found = [http.get(path + name).json().get("status", {}) for name in names]
            return all(one.get("live") == f"{len(chain)}/{len(chain)}" for one in found)

        until(live, f"{names} are live")


def state(app: App) -> dict[str, Any]:
    return dict(httpx.get(f"{app.url}/state", timeout=10).json())


def told(app: App, **said: Any) -> None:
    httpx.post(f"{app.url}/state", json=said, timeout=10).raise_for_status()


async def storm(url: str) -> Counter[int]:
    """Send so many requests, so many at once."""
    seen: Counter[int] = Counter()
    left = iter(range(CALLS))

    async def user(http: httpx.AsyncClient) -> None:
        for _ in left:
            seen[(await http.get(url)).status_code] += 1

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as http, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(user(http))
    return seen


@pytest.mark.timeout(180)
def test_attempts_do_not_multiply_over_hops(control: Control, chain: list[App]) -> None:
    """Eighty-one requests of one without a budget and a count, at most a fifth more with them."""
    for name in CHAIN[1:]:
        control.apply(virtual_service(name, retries={"attempts": 2, "retryOn": "5xx,reset"}))
    in_force(chain, control)
    told(chain[-1], status=503, seen=0)
    seen = asyncio.run(storm(chain[0].url))
    assert seen == {503: CALLS}
    reached = state(chain[-1])["seen"]
    each = {app.name: state(app)["seen"] for app in chain}
    assert CALLS <= reached <= 1.2 * CALLS, each


def test_a_single_call_is_repeated_where_it_fails(control: Control, chain: list[App]) -> None:
    """The hop before the failure repeats it, and so do those before it: never what is repeated."""
    for name in CHAIN[1:]:
        control.apply(virtual_service(name, retries={"attempts": 2, "retryOn": "5xx,reset"}))
    in_force(chain, control)
    told(chain[-1], status=503, seen=0)
    httpx.get(chain[0].url, timeout=30)
    told_of = chain[0].doctor()["calls"]
    assert ["VirtualService/hop1 http[0]"] in [one["rules"] for one in told_of]
    # Three by the last hop for the first attempt of all, and one for each repetition above.
    assert state(chain[-1])["seen"] == 3 + 2 + 2 + 2


def test_every_hop_knows_how_long_anybody_waits(control: Control, chain: list[App]) -> None:
    """One rule, at the first hop: the third gives up with the first, and the leaf could, too."""
    control.apply(virtual_service("hop1", timeout="1s"))
    in_force(chain, control)
    told(chain[-1], pause=20.0)
    began = time.monotonic()
    assert httpx.get(chain[0].url, timeout=30).status_code == 503
    assert time.monotonic() - began < 10
    limits = [int(state(app)["headers"]["x-fairlead-deadline-ms"]) for app in chain[1:]]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] <= 1000
    assert 0 < limits[-1] < limits[0]
    until(lambda: state(chain[3])["ended"], "the third hop has given up")
    assert state(chain[3])["ended"] in ("ReadTimeout", "")
