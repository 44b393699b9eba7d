"""Every page, with real services behind it: wide and on a phone, in light and dark."""

from __future__ import annotations

from typing import Any

import pytest

from tests.console.browser.axe import findings
from tests.console.browser.conftest import Pages
from tests.console.shop import Shop, visitors
from tests.control.serving import API, lane, rule

PAGES = {
    "overview": "Overview",
    "services": "Services",
    "services/catalog": "catalog",
    "services/orders?tab=instances": "orders",
    "services/orders?tab=hooks": "orders",
    "services/gateway?tab=contracts": "gateway",
    "services/orders?tab=sql": "orders",
    "topology": "Topology",
    "lanes": "Lanes",
    "lanes/gray": "gray",
    "rules": "Rules",
    "rules/trafficlanes/gray": "gray",
    "rules/trafficlanes/gray?tab=rollout": "gray",
    "rules/trafficlanes/gray?tab=history": "gray",
    "rules/flowcontrols/_new": "New FlowControl",
    "explain": "Explain",
    "settings": "Settings",
}
"""Addresses below the namespace, and the heading that they show."""


@pytest.fixture(scope="module", autouse=True)
def traffic(running: Shop):
    """People of base and of the lane."""
    running.apply(lane("gray"))
    url = f"{running.entry()}/orders/7"
    gray = {"x-tenant": "acme"}
    with visitors(url, a_second=5), visitors(url, a_second=5, headers=gray):
        yield


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_there_for_everybody(running: Shop, pages: Pages, path: str, scheme: str):
    """With a keyboard and a screen reader too, by day and by night."""
    page = pages.open(f"{running.url}/console/default/{path}", color_scheme=scheme)

    page.get_by_role("heading", level=1, name=PAGES[path], exact=True).wait_for()
    page.get_by_role("status", name="Stream: Live").wait_for()
    page.wait_for_timeout(500)

    assert findings(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_on_a_phone(running: Shop, pages: Pages, path: str):
    """Whoever is called at night has no other screen."""
    page = pages.open(f"{running.url}/console/default/{path}", width=390)

    page.get_by_role("heading", level=1, name=PAGES[path], exact=True).wait_for()
    page.wait_for_timeout(500)
    wide, there = page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )

    assert wide <= there


def test_a_phone_has_the_pages_behind_a_button(running: Shop, pages: Pages):
    """There is no room for them beside it."""
    page = pages.open(f"{running.url}/console/default/overview", width=390)

    page.get_by_role("button", name="Pages").click()
    page.get_by_role("link", name="Lanes", exact=True).click()

    page.get_by_role("heading", level=1, name="Lanes").wait_for()


def test_a_slash_searches_everything(running: Shop, pages: Pages):
    """Whoever knows the name of a thing need not know where it is."""
    page = pages.open(f"{running.url}/console/default/overview")
    page.get_by_role("heading", level=1).wait_for()

    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search").wait_for()
    page.keyboard.type("catal")
    page.get_by_role("option", name="catalog Service").wait_for()
    page.keyboard.press("Enter")

    page.get_by_role("heading", level=1, name="catalog").wait_for()


def test_the_server_s_address_leads_to_the_overview(running: Shop, pages: Pages):
    """It is what `fairlead serve` prints."""
    page = pages.open(running.url)

    page.get_by_role("heading", level=1, name="Overview").wait_for()
    page.get_by_text("Requests/s").first.wait_for()

    assert page.url == f"{running.url}/console/default/overview"


def test_a_namespace_without_services_says_what_to_do(running: Shop, pages: Pages):
    """An empty page is where everybody begins."""
    page = pages.open(f"{running.url}/console/nobody/overview")

    page.get_by_text("No service has reported here yet").wait_for()

    assert "FAIRLEAD_NAMESPACE=nobody" in page.inner_text("main")


def test_a_change_is_seen_while_one_looks(running: Shop, pages: Pages):
    """Nobody reloads a page to see whether a colleague has done something."""
    page = pages.open(f"{running.url}/console/default/overview")
    page.get_by_role("status", name="Stream: Live").wait_for()

    running.apply(lane("seen"))

    page.get_by_text("TrafficLane seen added").wait_for()
    running.delete(lane("seen"))  # of two lanes the server says that they overlap


def test_the_graph_shows_who_calls_whom(running: Shop, pages: Pages):
    """As observed: nobody drew it."""
    page = pages.open(f"{running.url}/console/default/topology")
    page.get_by_role("group", name="gateway:").wait_for()

    for app in ("orders", "payment", "pricing", "cart", "catalog"):
        page.get_by_role("group", name=f"{app}:").wait_for()
    page.goto(f"{running.url}/console/default/topology?at=default/orders~default/payment")

    side = page.get_by_role("complementary", name="orders → payment")
    side.get_by_text("gray").first.wait_for()


def explained(page: Any) -> Any:
    """Ask the question anew until the calls of all apps were reported, and return the hops."""
    hops = page.get_by_role("list", name="Hops")
    for _ in range(40):
        with page.expect_response("**/fairlead/v1/explain"):
            page.get_by_role("button", name="Explain", exact=True).click()
        hops.wait_for()
        if hops.get_by_role("link", name="pricing", exact=True).count():
            break
        page.wait_for_timeout(500)
    return hops


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_curl_command_is_explained_hop_by_hop(running: Shop, pages: Pages, scheme: str):
    """Nobody has to send it to see where it would go."""
    page = pages.open(f"{running.url}/console/default/explain", color_scheme=scheme)
    command = (
        "curl -H 'X-Tenant: acme' -H 'Authorization: Bearer s3cret' 'http://gateway/orders/7?a=1'"
    )
    page.get_by_label("curl command").fill(command)

    hops = explained(page)

    page.get_by_role("heading", name="On lane").wait_for()
    told = [one.inner_text() for one in hops.get_by_role("listitem").all()]
    assert told[0].startswith("gateway")
    assert {text.split()[0] for text in told} == {
        *("gateway", "orders", "payment", "cart", "pricing", "catalog")
    }
    (orders,) = (text for text in told if text.startswith("orders"))
    assert "1 INSTANCE OF THE LANE" in orders.upper()
    (payment,) = (text for text in told if text.startswith("payment"))
    assert "payment has no instance on lane gray: base serves it" in payment
    text = page.inner_text("main")
    assert "TrafficLane/gray" in text
    assert "s3cret" not in text
    assert "s3cret" not in page.url
    assert findings(page) == []


def test_a_hop_leads_to_the_call_in_the_graph(running: Shop, pages: Pages):
    """Whoever has found the hop wants to see its rates, and how it was a minute ago."""
    page = pages.open(f"{running.url}/console/default/explain", width=390)
    page.get_by_label("curl command").fill("curl -H 'x-tenant: acme' gateway/orders/7")
    hops = explained(page)
    wide, there = page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= there

    hops.get_by_role("link", name="orders to payment, in the topology").click()

    page.get_by_role("heading", level=1, name="Topology").wait_for()
    assert "at=default%2Forders~default%2Fpayment" in page.url


@pytest.mark.parametrize("path", ["overview", "services", "topology", "lanes", "rules"])
def test_a_page_shows_all_namespaces_together(running: Shop, pages: Pages, path: str):
    """Whoever may read all of them need not look through them one by one."""
    page = pages.open(f"{running.url}/console/_all/{path}")

    page.get_by_role("heading", level=1, name=PAGES[path], exact=True).wait_for()
    page.get_by_role("status", name="Stream: Live").wait_for()
    page.get_by_text("gray").or_(page.get_by_text("catalog")).first.wait_for()

    assert page.get_by_role("alert").count() == 0


def test_an_object_of_another_namespace_is_opened_from_all(running: Shop, pages: Pages):
    """Two namespaces may have a rule of one name."""
    elsewhere = rule("elsewhere")
    with running.server.client() as http:
        path = f"{API}/namespaces/other/trafficlabelrules"
        http.post(path, json=elsewhere).raise_for_status()
    page = pages.open(f"{running.url}/console/_all/rules")

    page.get_by_role("link", name="elsewhere").click()

    page.get_by_role("heading", level=1, name="elsewhere").wait_for()
    page.get_by_text("TrafficLabelRule").first.wait_for()
