"""Where tokens are asked for: signing in, what a role may, and signing out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fairlead.control.access.roles import SESSION
from tests.console.browser.axe import findings
from tests.console.browser.conftest import Pages
from tests.control.serving import API, Server, rule, serving

RULES = f"{API}/namespaces/default/trafficlabelrules"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A control plane that asks for tokens, with a rule."""
    with serving(tmp_path_factory.mktemp("guarded") / "data", auth=True) as server:
        with server.client(server.token) as http:
            http.post(RULES, json=rule()).raise_for_status()
        yield server


def token(server: Server, role: str) -> str:
    """Make a token."""
    with server.client(server.token) as http:
        grants = [{"role": role, "namespace": "default"}]
        made = http.post("/fairlead/v1/tokens", json={"name": f"{role}er", "grants": grants})
        return str(made.raise_for_status().json()["token"])


def signed_in(pages: Pages, server: Server, text: str, path: str = "/console/default/rules") -> Any:
    page = pages.open(f"{server.url}{path}")
    page.get_by_label("Token", exact=False).first.fill(text)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name="Rules").wait_for()
    return page


def test_nothing_is_shown_before_one_signs_in(guarded: Server, pages: Pages):
    """And a wrong token is said to be one."""
    page = pages.open(f"{guarded.url}/console/default/rules")
    page.get_by_role("heading", name="Sign in").wait_for()

    page.get_by_label("Token", exact=False).first.fill("fairlead_nonsense")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_text("is not known here").wait_for()
    assert "vip" not in page.content()


def test_who_may_see_one_namespace_begins_there(guarded: Server, pages: Pages):
    """And not in another, with a refusal."""
    with guarded.client(guarded.token) as http:
        grants = [{"role": "view", "namespace": "shop"}]
        made = http.post("/fairlead/v1/tokens", json={"name": "shopper", "grants": grants}).json()
    page = pages.open(guarded.url)
    page.get_by_label("Token", exact=False).first.fill(made["token"])
    page.get_by_role("button", name="Sign in").click()

    page.get_by_text("No service has reported here yet").wait_for()
    page.get_by_role("status", name="Stream: Live").wait_for()

    assert page.url == f"{guarded.url}/console/shop/overview"


def test_the_way_in_is_open_to_everybody(guarded: Server, pages: Pages):
    """Also with a keyboard and a screen reader."""
    page = pages.open(f"{guarded.url}/console/")
    page.get_by_role("heading", name="Sign in").wait_for()

    assert findings(page) == []


def test_a_session_leaves_no_secret_that_a_script_could_read(guarded: Server, pages: Pages):
    """What a page can read, a page that was tricked can send away."""
    text = token(guarded, "edit")
    page = signed_in(pages, guarded, text)

    kept = page.evaluate(
        "() => JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
    )

    assert text not in kept
    assert "fairlead-" not in page.evaluate("() => document.cookie")
    cookies = page.context.cookies()
    assert [one["httpOnly"] for one in cookies] == [True]
    assert [one["sameSite"] for one in cookies] == ["Strict"]


def test_a_viewer_reads_and_is_offered_nothing_else(guarded: Server, pages: Pages):
    """The page follows the role; the server would refuse it anyway."""
    page = signed_in(pages, guarded, token(guarded, "view"))

    assert page.get_by_role("button", name="New rule").count() == 0
    page.get_by_role("link", name="vip").click()
    page.get_by_text("and not write them").wait_for()
    assert page.get_by_test_id("save").is_disabled()
    assert page.get_by_role("button", name="Delete").is_disabled()


def test_an_editor_changes_a_rule(guarded: Server, pages: Pages):
    """With the cookie, and the header that goes with it."""
    page = signed_in(pages, guarded, token(guarded, "edit"))
    page.get_by_role("link", name="vip").click()

    page.get_by_role("textbox", name="Traffic label").fill("blue")
    page.get_by_text("look at it again", exact=True).wait_for()
    page.get_by_test_id("save").click()
    page.get_by_role("tab", name="History").click()
    page.get_by_text("editer, revision").first.wait_for()

    with guarded.client(guarded.token) as http:
        assert http.get(f"{RULES}/vip").json()["spec"]["trafficLabel"] == "blue"


def test_who_signs_out_is_out(guarded: Server, pages: Pages):
    """Also in another tab that is open, and by the way back of the browser."""
    page = signed_in(pages, guarded, token(guarded, "view"))
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    page.get_by_role("button", name="Signed in as viewer").click()
    page.get_by_role("menuitem", name="Sign out").click()

    page.get_by_role("heading", name="Sign in").wait_for()
    with guarded.client() as http:
        http.cookies.update(cookies)
        assert http.get(RULES).status_code == 401
        assert http.get(SESSION).json()["name"] == ""
