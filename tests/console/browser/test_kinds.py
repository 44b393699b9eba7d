"""Kinds of two groups that have one name are told apart, and links without a group go on."""

from __future__ import annotations

import re
from typing import Any

from tests.console.browser.conftest import Pages
from tests.console.shop import Shop

K8S, ISTIO = "gateway.networking.k8s.io", "networking.istio.io"
SPEC = {
    "gatewayClassName": "fairlead",
    "listeners": [{"name": "http", "port": 8080, "protocol": "HTTP"}],
}
OTHER = {"metadata": {"name": "istios", "namespace": "default"}, "spec": {"selector": {"a": "b"}}}


def two_gateways(running: Shop, page: Any) -> None:
    """Serve a Gateway of Istio beside that of the Gateway API, with one object."""
    with running.server.client() as http:
        found = http.get(f"/apis/{ISTIO}/v1").raise_for_status().json()
    if not any(one["name"] == "gateways" for one in found["resources"]):
        like = next(one for one in found["resources"] if one["name"] == "virtualservices")
        found["resources"].append({**like, "name": "gateways", "kind": "Gateway"})
    page.route(re.compile(rf"(?<!v3)/apis/{ISTIO}/v1$"), lambda route: route.fulfill(json=found))
    page.route(
        f"**/apis/{ISTIO}/v1/namespaces/*/gateways*",
        lambda route: route.fulfill(json={"items": [OTHER]}),
    )
    page.route(
        f"**/apis/{ISTIO}/v1/namespaces/*/gateways/istios",
        lambda route: route.fulfill(json={**OTHER, "apiVersion": f"{ISTIO}/v1", "kind": "Gateway"}),
    )


def test_two_kinds_of_one_name_have_rows_links_and_pages_of_their_own(running: Shop, pages: Pages):
    """Or one's page would show the other's object, and write over it."""
    plain = {
        "apiVersion": f"{K8S}/v1",
        "kind": "Gateway",
        "metadata": {"name": "kubernetes"},
        "spec": SPEC,
    }
    running.apply(plain)
    page = pages.open("about:blank")
    two_gateways(running, page)
    page.goto(f"{running.url}/console/default/rules?q=gateway")
    rows = page.get_by_role("region", name="Rules").get_by_role("row")
    for name, group in (("kubernetes", K8S), ("istios", ISTIO)):
        row = rows.filter(has_text=name)
        row.get_by_text(f"Gateway ({group})", exact=True).wait_for()
        link = row.get_by_role("link", name=name, exact=True)
        assert link.get_attribute("href") == f"/console/default/rules/gateways.{group}/{name}"

    rows.filter(has_text="istios").get_by_role("link", name="istios").click()
    page.get_by_role("heading", level=1, name="istios").wait_for()
    page.get_by_text(f"Gateway ({ISTIO})", exact=True).wait_for()

    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search").fill("kubernetes")
    page.get_by_role("option", name="kubernetes").get_by_text(f"Gateway ({K8S})").click()
    page.get_by_role("heading", level=1, name="kubernetes").wait_for()
    assert page.url.endswith(f"/rules/gateways.{K8S}/kubernetes")
    page.get_by_role("tab", name="History").click()
    page.get_by_text("created").first.wait_for()
    running.delete(plain)


def test_links_of_before_that_name_no_group_find_what_they_found(running: Shop, pages: Pages):
    """They are in chats and in runbooks."""
    page = pages.open(f"{running.url}/console/default/rules/flowcontrols/_new?app=catalog")
    page.get_by_role("heading", level=1, name="New FlowControl").wait_for()
    page.goto(f"{running.url}/console/default/rules?kind=FlowControl")
    page.get_by_role("heading", level=1, name="Rules").wait_for()
    page.goto(f"{running.url}/console/default/rules/nothings/x")
    page.get_by_text("There is no kind called nothings").wait_for()
