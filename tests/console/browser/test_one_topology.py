"""Flask, FastAPI, Django, aiohttp and gRPC, and the demo of full-link gray: one picture of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.console.browser.conftest import Pages
from tests.console.together import together

SHOP = {"gateway", "catalog", "cart", "orders", "payment", "pricing"}
GRAY = {"spring-cloud-zuul", "a", "b", "c"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The control plane of all of them, while they are visited."""
    with together(tmp_path_factory.mktemp("together")) as url:
        yield url


def ask(url: str, path: str) -> Any:
    with httpx.Client(base_url=f"{url}/fairlead/v1", trust_env=False, timeout=10) as http:
        return http.get(path).raise_for_status().json()


def test_one_graph_has_the_services_of_both(url: str):
    """S0-36: teams with other frameworks are one system to whoever is on call."""
    graph = ask(url, "topology")

    assert {node["app"] for node in graph["nodes"]} == SHOP | GRAY
    assert all(node["known"] for node in graph["nodes"])
    assert {(edge["from"], edge["to"]) for edge in graph["edges"] if edge["from"] in SHOP} >= {
        ("gateway", "spring-cloud-zuul"),
        ("catalog", "pricing"),
        ("orders", "payment"),
    }


def test_a_lane_goes_through_both(url: str):
    """It enters at the shop, and is kept to the last of the others; base serves where it is not."""
    edges = [edge for edge in ask(url, "topology")["edges"] if edge["label"] == "gray"]
    (lane,) = [one for one in ask(url, "lanes")["items"] if one["lane"] == "gray"]

    served = {(edge["from"], edge["to"]): edge["lane"] for edge in edges}
    assert served["gateway", "catalog"] == served["gateway", "orders"] == "gray"
    assert served["gateway", "spring-cloud-zuul"] == served["orders", "payment"] == ""
    assert served["spring-cloud-zuul", "a"] == served["a", "b"] == served["b", "c"] == "gray"
    assert not any(edge["lost"] for edge in edges)
    assert {one["app"] for one in lane["members"]} == {"catalog", "orders", "a", "b", "c"}
    assert lane["coverage"]["lost"] == []


def test_the_page_draws_all_of_them(url: str, pages: Pages):
    """What the graph says is what people see."""
    page = pages.open(f"{url}/console/default/topology?lane=gray")

    page.get_by_text("10 apps").wait_for()
    for app in sorted(SHOP | GRAY):
        page.locator(".react-flow__node", has_text=app).first.wait_for()
    page.wait_for_function("() => document.querySelectorAll('.react-flow__edge').length >= 10")
