"""The control plane goes away and comes back while somebody looks at it."""

from __future__ import annotations

from pathlib import Path

from fairlead.protocols.watch.codec import ROOT, Registration, registration_body
from tests.console.browser.conftest import Pages
from tests.console.shop import Shop
from tests.control.serving import API, ready, rule, serving, start


def test_the_page_waits_for_a_server_that_restarts(tmp_path: Path, pages: Pages):
    """What was known stays, it says that it is old, and nobody has to reload."""
    first = ready(start(tmp_path / "data"), tmp_path / "data")
    with first.client() as http:
        http.post(f"{API}/namespaces/default/trafficlabelrules", json=rule()).raise_for_status()
    page = pages.open(f"{first.url}/console/default/rules")
    page.get_by_role("link", name="vip").wait_for()
    page.get_by_role("status", name="Stream: Live").wait_for()

    first.stop()
    page.get_by_role("status", name="Stream: Away").wait_for()
    assert page.get_by_role("link", name="vip").is_visible()
    address = first.url.removeprefix("http://")
    second = ready(start(tmp_path / "data", address), tmp_path / "data")

    page.get_by_role("status", name="Stream: Live").wait_for()
    second.stop()
    # The browser itself tells of every connection that was refused meanwhile.
    assert all("net::ERR" in one for one in pages.complaints)
    pages.complaints.clear()


HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_tab_that_nobody_sees_holds_no_connection(running: Shop, pages: Pages):
    """A browser has six for all tabs: the seventh tab would wait for ever."""
    page = pages.open(f"{running.url}/console/default/overview")
    page.get_by_role("status", name="Stream: Live").wait_for()

    with page.expect_event("requestfailed", lambda one: "/fairlead/v1/live" in one.url):
        page.evaluate(HIDE, arg=True)
    with page.expect_request("**/fairlead/v1/live*"):
        page.evaluate(HIDE, arg=False)

    page.get_by_role("status", name="Stream: Live").wait_for()


def test_charts_whose_past_is_away_say_so_and_go_on(tmp_path: Path, pages: Pages):
    """A gap that nobody explains is taken for a quiet hour."""
    shop = Registration(
        node="n", namespace="default", app="shop", address="127.0.0.1:9", pid=1, host="h"
    )
    with serving(tmp_path / "data", prometheus="http://127.0.0.1:1") as server:
        with server.client() as http:
            headers = {"content-type": "application/json"}
            content = registration_body(shop)
            http.post(f"{ROOT}/instances", content=content, headers=headers).raise_for_status()
        page = pages.open(f"{server.url}/console/default/services/shop")

        page.get_by_text("The charts begin late").wait_for()

        page.get_by_text("cannot be reached: Connection refused").wait_for()
        page.get_by_role("status", name="Stream: Live").wait_for()
