"""Charts begin with what the server knows of before, and say of whom they tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.protocols.watch.codec import ROOT, Registration, registration_body
from fairlead.protocols.watch.report import REPORTS, Report, report_body
from tests.console.browser.conftest import Pages
from tests.control.serving import Server, serving
from tests.control.telemetry.reports import interface, rule

PATH = "/apis/fault-tolerance.opensergo.io/v1alpha1/namespaces/default/flowcontrols"
JSON = {"content-type": "application/json"}
BUY = "GET:/buy/{name}"
LIMIT = {
    "apiVersion": "fault-tolerance.opensergo.io/v1alpha1",
    "kind": "FlowControl",
    "metadata": {"name": "trial", "labels": {"app": "shop"}},
    "spec": {
        "targets": [{"targetResourceName": BUY}],
        "strategies": [{"rateLimit": {"threshold": 2, "statDuration": "1s", "mode": "simulate"}}],
    },
}


def tell(http: httpx.Client, seconds: float = 60.0) -> None:
    """A minute of an app on two lanes, of which a rule would have turned half away."""
    whose: dict[str, Any] = {"node": "n", "namespace": "default", "app": "shop"}
    count = int(seconds)
    rows = (interface(BUY, 5 * count), interface(BUY, 7 * count, lane="gray"))
    turned = (rule("FlowControl/trial", 0, simulated=6 * count, resource=BUY),)
    report = Report(seq=1, seconds=seconds, interfaces=rows, rules=turned, **whose)
    http.post(REPORTS, content=report_body(report), headers=JSON).raise_for_status()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A control plane that an app on two lanes has told of its last minute."""
    instance = Registration(
        node="n", namespace="default", app="shop", address="127.0.0.1:9", pid=1, host="h"
    )
    with serving(tmp_path / "data") as started:
        with started.client() as http:
            http.post(PATH, json=LIMIT).raise_for_status()
            body = registration_body(instance)
            http.post(f"{ROOT}/instances", content=body, headers=JSON).raise_for_status()
            tell(http)
        yield started


def figure(page: Any, name: str, wanted: str) -> str:
    """What a chart says in words, once it says so."""
    label = page.locator(f'figure[aria-label^="{name}"]')
    page.wait_for_function(
        "([name, wanted]) => [...document.querySelectorAll('figure')].some((one) =>"
        " one.ariaLabel.startsWith(name) && new RegExp(wanted).test(one.ariaLabel))",
        arg=[name, wanted],
    )
    return str(label.first.get_attribute("aria-label"))


def test_what_a_rule_would_reject_is_shown_beside_all_that_came(server: Server, pages: Pages):
    """On every lane: of 4.8 requests a second none rejects 5.7."""
    page = pages.open(f"{server.url}/console/default/rules/flowcontrols/trial?tab=live")

    said = figure(page, "What FlowControl/trial", r"Requests 1\d.*Would be rejected [56]")

    assert re.search(r"Requests 1[12]\b", said)
    page.get_by_text("2 lanes: ").wait_for()
    page.goto(f"{server.url}/console/default/services/shop")
    page.get_by_role("cell", name="FlowControl/trial").first.wait_for()
    cells = page.get_by_role("cell", name="FlowControl/trial")
    assert cells.count() == 2
    assert all("all lanes" in text for text in cells.all_inner_texts())


def test_the_first_page_begins_with_the_last_five_minutes(server: Server, pages: Pages):
    """Who opens it because of something sees how it was before, and marks that differ."""
    with pages.open(f"{server.url}/console/default/overview") as page:
        figure(page, "Requests per second", "Requests 1")
        drawn = page.evaluate("() => document.querySelector('.uplot') !== null")
    assert drawn


@pytest.mark.parametrize("span", ["5 min", "7 d"])
def test_young_traffic_is_in_every_span(server: Server, pages: Pages, span: str):
    """A week has points of ten minutes: one of them is a dot, and not an empty grid."""
    page = pages.open(f"{server.url}/console/default/services/shop")
    page.get_by_text(span, exact=True).click()

    said = figure(page, "Requests per second", r"Passed \d")

    assert not re.search(r"Passed 0(?![.\d])", said)
    figure(page, "Requests under way", r"On average 0\.\d")
    ink = """() => { const one = document.querySelector('.uplot canvas');
      const {data} = one.getContext('2d').getImageData(0, 0, one.width, one.height);
      let n = 0;
      for (let i = 0; i < data.length; i += 4)
        n += Math.abs(data[i] - 0x1b) + Math.abs(data[i + 1] - 0xa6) < 40 && data[i + 3] > 100;
      return n; }"""
    assert page.evaluate(ink) > 5


def test_what_changed_is_one_line_a_rule(server: Server, pages: Pages):
    """A rule that turns calls away says so each second, and pushes out what else happened."""
    page = pages.open(f"{server.url}/console/default/overview")
    page.get_by_role("status", name="Stream: Live").wait_for()
    page.get_by_text("trial added by anonymous").wait_for()
    whose: dict[str, Any] = {"node": "n", "namespace": "default", "app": "shop"}
    with server.client() as http:
        for seq in (2, 3, 4):
            turned = (rule("FlowControl/trial", 5, resource=BUY),)
            body = report_body(Report(seq=seq, seconds=1.0, rules=turned, **whose))
            http.post(REPORTS, content=body, headers=JSON).raise_for_status()
            page.wait_for_timeout(1100)

    page.get_by_text("turned 15 calls away").wait_for()
    assert page.get_by_text("calls away").count() == 1


def test_the_search_opens_after_a_choice_of_a_span(server: Server, pages: Pages):
    """A radio button has the focus then, in which nobody writes."""
    page = pages.open(f"{server.url}/console/default/services/shop")
    page.get_by_text("1 h", exact=True).click()
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search for").wait_for()
    page.keyboard.type("a/b")
    assert page.get_by_role("combobox", name="Search for").input_value() == "a/b"


def test_a_command_finds_the_app_at_its_address(server: Server, pages: Pages):
    """What is copied from a terminal has a port, and no name."""
    page = pages.open(f"{server.url}/console/default/explain")
    page.get_by_text("Paste a command first.").wait_for()
    page.get_by_label("curl command").fill("curl http://localhost:9/buy/tea")
    page.wait_for_function("() => !document.querySelector('button[type=submit]').disabled")
    assert page.get_by_role("combobox", name="App that it reaches").input_value() == "shop"
    page.get_by_label("curl command").fill("curl http://127.0.0.1:10/buy/tea")
    page.get_by_text("none serves there").wait_for()


def test_a_rule_is_offered_what_the_server_knows(server: Server, pages: Pages):
    """Nobody remembers how a framework writes its routes."""
    page = pages.open(f"{server.url}/console/default/rules/flowcontrols/_new?app=shop")
    page.get_by_role("combobox", name="Target resource name").fill("buy")
    page.get_by_role("option", name=BUY).click()
    field = page.get_by_role("combobox", name="Target resource name")
    assert field.input_value() == BUY
    page.goto(f"{server.url}/console/default/rules")
    page.get_by_role("button", name="New rule").click()
    page.get_by_role("menuitem").first.wait_for()
    assert page.get_by_role("menuitem").first.inner_text().startswith("FlowControl")


def test_a_new_lane_s_fields_are_wide_enough_on_a_telephone(server: Server, pages: Pages):
    """Three fields in a row of 390 pixels show ten letters each."""
    page = pages.open(f"{server.url}/console/default/lanes?new", width=390)
    form = page.get_by_role("dialog", name="New lane")
    box = form.get_by_role("textbox", name="Name of the rule").bounding_box()
    assert box
    assert box["width"] > 200
