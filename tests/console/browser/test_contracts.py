"""What an app promises to its callers, version by version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.console.browser.axe import findings
from tests.console.browser.conftest import Pages
from tests.console.browser.test_large import HOSTILE
from tests.console.shop import PATIENCE, Shop
from tests.faults.servers import until

PAGE = "console/default/services/stock?tab=contracts"


@pytest.fixture(scope="module")
def addresses(running: Shop) -> Iterator[list[str]]:
    """Where a first and a second version of an app are, one begun after the other."""
    started = []
    for number in (1, 2):
        started.append(running.start("stock", STOCK_VERSION=str(number)))
        known = partial(is_told, running, number)
        until(known, f"version {number} is told", PATIENCE)
    yield [item["seenBy"][0] for item in reversed(told(running)["items"])]
    for process in started:
        process.stop()


def told(running: Shop) -> Any:
    return running.get("/fairlead/v1/contracts?app=stock")


def is_told(running: Shop, versions: int) -> bool:
    return len(told(running)["items"]) == versions


def row(page: Any, *texts: str) -> Any:
    found = page.get_by_role("region", name="Changes").get_by_role("row")
    for text in texts:
        found = found.filter(has_text=text)
    return found


def test_what_a_version_breaks_is_told_first(running: Shop, pages: Pages, addresses: list[str]):
    """A caller finds out from the page, and not from its own failures."""
    page = pages.open(f"{running.url}/{PAGE}")

    page.get_by_text("breaking", exact=True).first.wait_for()
    page.get_by_text(f"is promised by {addresses[1]}").wait_for()
    row(page, "DELETE /items/{number}", "operation", "removed", "may break").wait_for()
    row(page, "GET /items/{number}", "response 200 count", "removed", "may break").wait_for()
    row(page, "POST /items", "added", "fine").wait_for()
    verdicts = [text.split()[-1] for text in row(page).all_inner_texts()[1:]]
    assert verdicts == sorted(verdicts, key=lambda word: word != "break")
    page.get_by_role("region", name="Operations").get_by_text("Take one in").wait_for()
    assert findings(page) == []


def test_an_older_version_has_its_own_operations(running: Shop, pages: Pages, addresses: list[str]):
    """As long as it runs somewhere somebody calls it."""
    page = pages.open(f"{running.url}/{PAGE}")
    older = told(running)["items"][1]

    page.get_by_role("button", name=older["version"][:12]).click()

    page.get_by_text(f"is promised by {addresses[0]}").wait_for()
    page.get_by_text("there is nothing to compare it with").wait_for()
    page.get_by_role("region", name="Operations").get_by_text("Throw it away").wait_for()


def test_two_documents_are_compared_line_by_line(running: Shop, pages: Pages, addresses: list[str]):
    """What is no promise, as a text for people, may be what one looks for."""
    page = pages.open(f"{running.url}/{PAGE}")

    page.get_by_role("button", name="Compare documents").click()

    page.locator(".diff-removed", has_text="Tell how many there are").wait_for()
    page.locator(".diff-added", has_text="Tell what it is").wait_for()


def test_contracts_fit_on_a_phone(running: Shop, pages: Pages, addresses: list[str]):
    """Wide tables scroll by themselves."""
    page = pages.open(f"{running.url}/{PAGE}", width=390)
    row(page, "POST /items").wait_for()

    wide, there = page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )

    assert wide <= there


def test_an_app_without_contracts_says_what_tells_them(running: Shop, pages: Pages):
    """Flask has no document of its routes."""
    page = pages.open(f"{running.url}/console/default/services/catalog?tab=contracts")

    page.get_by_text("No contract is known").wait_for()


def test_what_a_contract_says_is_shown_and_never_run(running: Shop, pages: Pages):
    """Its words come from apps."""
    document = {"paths": {f"/{HOSTILE}": {"get": {"summary": HOSTILE}}}}
    words = {"where": f"GET /{HOSTILE}", "part": "parameter", "name": HOSTILE, "detail": HOSTILE}
    change = {**words, "change": "changed", "breaking": False}
    item = {"at": "2026-01-01T00:00:00+00:00", "kind": "openapi", "document": document}
    seen = {"seenBy": [HOSTILE]}
    diff = {"kind": "openapi", "from": "1111", "to": "2222", "breaking": False, "leftOut": 7}
    answer = {
        "items": [{"version": "2222", **item, **seen}, {"version": "1111", **item, "seenBy": []}],
        "diff": [{**diff, "changes": [change]}],
    }
    page = pages.open(f"{running.url}/console/default/overview")
    page.route("**/fairlead/v1/contracts*", lambda route: route.fulfill(body=json.dumps(answer)))
    page.goto(f"{running.url}/console/default/services/catalog?tab=contracts")

    page.get_by_text("compatible", exact=True).first.wait_for()
    page.get_by_text("And 7 more.").wait_for()
    page.get_by_role("button", name="Compare documents").click()
    page.get_by_text("They say the same.").wait_for()

    assert page.title() != "owned"
    assert page.locator("main img").count() == 0
