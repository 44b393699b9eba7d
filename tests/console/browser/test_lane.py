"""A lane is made in the console, traffic moves to it, and its page shows that it did."""

from __future__ import annotations

from tests.console.browser.conftest import Pages
from tests.console.shop import Shop, visitors


def test_a_lane_that_is_made_by_form_takes_its_traffic(running: Shop, pages: Pages):
    """First lane in a minute, without a line of YAML."""
    page = pages.open(f"{running.url}/console/default/lanes")
    page.get_by_role("button", name="New lane").click()
    form = page.get_by_role("dialog", name="New lane")
    form.get_by_role("textbox", name="Name of the rule").fill("testers")
    form.get_by_role("textbox", name="Lane", exact=True).fill("gray")
    form.get_by_role("combobox", name="Enters at").fill("gateway")
    form.get_by_role("textbox", name="Name", exact=True).fill("x-tester")
    form.get_by_role("textbox", name="Value").fill("yes")
    form.get_by_text("the server would take it", exact=True).wait_for()
    form.get_by_test_id("save").click()
    form.wait_for(state="detached")

    url = f"{running.entry()}/orders/7"
    with visitors(url, a_second=5), visitors(url, a_second=5, headers={"x-tester": "yes"}):
        page.goto(f"{running.url}/console/default/lanes/gray")
        page.get_by_text("label kept").first.wait_for()
        page.get_by_role("cell", name="catalog").wait_for()
        page.wait_for_function(
            "() => parseFloat(document.querySelector('[data-testid=share]').textContent) > 5"
        )
        page.get_by_role("tab", name="Coverage").click()
        page.get_by_text("Every call of the lane carries its label").wait_for()
        page.get_by_text("Base serves the lane at").wait_for()


def test_form_and_yaml_are_one_text(running: Shop, pages: Pages):
    """What is changed in one is changed in the other; what cannot be is said in both."""
    page = pages.open(f"{running.url}/console/default/lanes?new")
    form = page.get_by_role("dialog", name="New lane")
    form.get_by_role("textbox", name="Lane", exact=True).fill("violet")

    form.get_by_text("YAML", exact=True).click()
    form.locator(".cm-content").wait_for()
    assert "name: violet" in form.locator(".cm-content").inner_text()
    form.locator(".cm-line", has_text="exact:").click()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("bogus: 1")

    form.get_by_text("unknown field").first.wait_for()
    form.locator(".cm-lint-marker-error").first.wait_for()
