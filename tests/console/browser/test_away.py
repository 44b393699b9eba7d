"""The control plane goes away and comes back while somebody looks at it."""

from __future__ import annotations

from pathlib import Path

from tests.console.browser.conftest import Pages
from tests.console.shop import Shop
from tests.control.serving import API, ready, rule, start


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
