"""A rule is written in the console: what it turns away is seen, and it is taken back."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from tests.console.browser.conftest import Pages
from tests.console.shop import Shop, visitors

PATH = "/apis/fault-tolerance.opensergo.io/v1alpha1/namespaces/default/flowcontrols"


def limit(name: str, threshold: int, **more: Any) -> dict[str, Any]:
    """A limit of the catalogue's items."""
    return {
        "apiVersion": "fault-tolerance.opensergo.io/v1alpha1",
        "kind": "FlowControl",
        "metadata": {"name": name, "labels": {"app": "catalog"}},
        "spec": {
            "targets": [{"targetResourceName": "GET:/items"}],
            "strategies": [{"rateLimit": {"threshold": threshold, "statDuration": "1s", **more}}],
        },
    }


def change(http: httpx.Client, name: str, threshold: int) -> None:
    """Change a limit as somebody else would."""
    strategy = {"rateLimit": {"threshold": threshold, "statDuration": "1s"}}
    words = json.dumps({"spec": {"strategies": [strategy]}})
    headers = {"content-type": "application/merge-patch+json"}
    http.patch(f"{PATH}/{name}", content=words, headers=headers).raise_for_status()


def rejections(page: Any) -> float:
    """The newest rate that the graph tells in words."""
    label = page.locator("figure").first.get_attribute("aria-label") or ""
    found = re.search(r"Rejected ([\d.]+)", label)
    return float(found[1]) if found else 0.0


def test_what_a_new_rule_rejects_is_seen_in_its_graph(running: Shop, pages: Pages):
    """429s, second by second, at the rule that makes them."""
    page = pages.open(f"{running.url}/console/default/rules/flowcontrols/_new?app=catalog")
    page.get_by_role("textbox", name="Name", exact=True).fill("by-form")
    page.get_by_role("combobox", name="Target resource name").fill("GET:/items")
    page.get_by_role("textbox", name="Threshold").fill("2")
    page.get_by_role("radiogroup", name="Mode").get_by_text("on", exact=True).click()
    page.get_by_text("the server would take it", exact=True).wait_for()
    page.get_by_test_id("save").click()
    page.get_by_role("heading", level=1, name="by-form").wait_for()
    page.get_by_text("live on 2 of 2", exact=True).wait_for()

    with visitors(f"{running.entry()}/items", a_second=12):
        page.get_by_role("tab", name="Live").click()
        page.locator("figure").first.wait_for()
        for _ in range(60):
            if rejections(page) > 1:
                break
            page.wait_for_timeout(500)
        assert rejections(page) > 1
        page.goto(f"{running.url}/console/default/overview")
        page.get_by_text("rejected by FlowControl/by-form").wait_for()

    with running.server.client() as http:
        http.delete(f"{PATH}/by-form").raise_for_status()


def test_a_rule_in_simulate_mode_shows_what_it_would_reject(running: Shop, pages: Pages):
    """Nobody is turned away to find out how many would be."""
    running.apply(limit("trial", 2, mode="simulate"))
    page = pages.open(f"{running.url}/console/default/rules/flowcontrols/trial?tab=live")
    page.get_by_text("simulate: it rejects nothing").wait_for()

    with visitors(f"{running.entry()}/items", a_second=12) as statuses:
        for _ in range(60):
            label = page.locator("figure").first.get_attribute("aria-label") or ""
            found = re.search(r"Would be rejected ([\d.]+)", label)
            if found and float(found[1]) > 1:
                break
            page.wait_for_timeout(500)
        assert found
        assert float(found[1]) > 1
    assert set(statuses) == {200}

    with running.server.client() as http:
        http.delete(f"{PATH}/trial").raise_for_status()


def test_a_rule_is_rolled_back_to_what_it_was(running: Shop, pages: Pages):
    """The way back is one click, and shows before what it changes."""
    running.apply(limit("back", 100))
    with running.server.client() as http:
        change(http, "back", 1)
    page = pages.open(f"{running.url}/console/default/rules/flowcontrols/back?tab=history")

    page.locator(".diff-added", has_text="threshold: 100").wait_for()
    page.locator(".diff-removed", has_text="threshold: 1").wait_for()
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.get_by_test_id("rollback").click()
    page.get_by_text("2. changed").wait_for()

    with running.server.client() as http:
        spec = http.get(f"{PATH}/back").json()["spec"]
        assert spec["strategies"][0]["rateLimit"]["threshold"] == 100
        http.delete(f"{PATH}/back").raise_for_status()


def test_what_is_probably_not_meant_is_said_while_one_writes(running: Shop, pages: Pages):
    """A limit of an app that nobody has started is taken, and its author is told all the same."""
    page = pages.open(f"{running.url}/console/default/rules/flowcontrols/_new?app=catalogue")

    told = page.get_by_role("alert").filter(has_text="it is probably not meant")
    told.wait_for()

    assert "catalogue" in told.inner_text()
    page.get_by_text("look at it again", exact=True).wait_for()
    assert page.get_by_text("the server would take it", exact=True).count() == 0


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(running: Shop, pages: Pages):
    """Two people with one rule open: the second is told."""
    running.apply(limit("both", 100))
    page = pages.open(f"{running.url}/console/default/rules/flowcontrols/both")
    page.get_by_role("textbox", name="Threshold").fill("50")
    page.get_by_text("the server would take it", exact=True).wait_for()
    with running.server.client() as http:
        change(http, "both", 7)

    page.get_by_text("Somebody else changed it meanwhile").first.wait_for()
    assert page.get_by_role("textbox", name="Threshold").input_value() == "50"
    page.get_by_test_id("save").click()
    page.get_by_text("Not accepted").or_(page.get_by_text("has been modified")).first.wait_for()
    with running.server.client() as http:
        spec = http.get(f"{PATH}/both").json()["spec"]
        assert spec["strategies"][0]["rateLimit"]["threshold"] == 7
        http.delete(f"{PATH}/both").raise_for_status()


def test_the_editor_completes_what_the_schema_knows(running: Shop, pages: Pages):
    """Nobody remembers how all fields are called."""
    page = pages.open(f"{running.url}/console/default/rules/flowcontrols/_new?app=catalog")
    page.get_by_text("YAML", exact=True).click()
    page.locator(".cm-line", has_text="threshold:").click()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("perC")

    page.locator(".cm-tooltip-autocomplete", has_text="perCaller").wait_for()
    page.locator(".cm-completionInfo", has_text="Count each calling app for itself").wait_for()
    page.wait_for_timeout(300)  # for a moment Enter is a new line to the editor, and no choice
    page.keyboard.press("Enter")
    page.keyboard.type("true")

    page.get_by_text("Form", exact=True).click()
    assert page.get_by_role("switch", name="Per caller").is_checked()


def test_a_rule_about_calls_says_where_it_is_counted(running: Shop, pages: Pages):
    """It binds to no app: its page has no graph, and must not talk of strategies."""
    path = "/apis/networking.istio.io/v1/namespaces/default/virtualservices"
    made = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "calls"},
        "spec": {"hosts": ["catalog"], "http": [{"timeout": "9s"}]},
    }
    with httpx.Client(base_url=running.url) as http:
        http.post(path, json=made).raise_for_status()
        page = pages.open(f"{running.url}/console/default/rules/virtualservices/calls")
        page.get_by_role("tab", name="Live").click()
        page.get_by_text("It is counted where calls are made").wait_for()
        http.delete(f"{path}/calls").raise_for_status()
