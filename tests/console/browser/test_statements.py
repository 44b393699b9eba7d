"""SQL on a service's page: what is sent, what a lane makes of it, and no value of anybody's."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.protocols.watch.report import REPORTS, Report, report_body
from tests.console.browser.axe import findings
from tests.console.browser.conftest import Pages
from tests.console.shop import Shop, visitors
from tests.control.telemetry.test_statements import statement

ROWS: tuple[Any, ...] = (
    statement("SELECT id, total FROM orders WHERE customer = ?", calls=1200),
    statement(
        "INSERT INTO orders (customer, total) VALUES (?, ?)",
        calls=40,
        lane="gray",
        rewritten="INSERT INTO orders_gray (customer, total) VALUES (?, ?)",
    ),
    statement(
        "ALTER TABLE orders ADD COLUMN note text",
        calls=1,
        lane="gray",
        cause="ddl",
        reason="it changes the schema: run migrations in a base instance",
    ),
)


@pytest.fixture
def ledger(running: Shop) -> str:
    """An app that has told of its statements."""
    whose: dict[str, Any] = {"node": "ledger-1", "namespace": "default", "app": "ledger"}
    report = Report(seq=1, seconds=10.0, statements=ROWS, **whose)
    with running.server.client() as http:
        headers = {"content-type": "application/json"}
        http.post(REPORTS, content=report_body(report), headers=headers).raise_for_status()
    return "ledger"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_lane_s_statements_show_what_is_sent_or_why_nothing_is(
    running: Shop, pages: Pages, ledger: str, scheme: str, width: int
):
    """Whoever puts an app on a lane reads here what will not run there."""
    url = f"{running.url}/console/default/services/{ledger}?tab=sql"
    page = pages.open(url, width=width, color_scheme=scheme)
    shown = page.get_by_role("list", name="Statements").get_by_role("listitem")
    shown.first.wait_for()

    refused, most, rewritten = (one.inner_text() for one in shown.all())

    assert "refused (ddl): it changes the schema" in refused
    assert "1,200 sent" in most
    assert "INSERT INTO orders_gray" in rewritten
    assert findings(page) == []
    wide, there = page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= there

    page.get_by_text("Refused", exact=True).click()
    assert [one.inner_text().split("\n")[0] for one in shown.all()] == [ROWS[2].statement]


def test_statements_of_a_running_app_are_there_without_their_values(running: Shop, pages: Pages):
    """Orders asks SQLite for somebody whom nobody needs to know; no rule names the statement."""
    with visitors(f"{running.entry()}/orders/7", a_second=4):
        page = pages.open(f"{running.url}/console/default/services/orders?tab=sql")
        shown = page.get_by_role("list", name="Statements").get_by_role("listitem")
        for _ in range(60):
            if shown.count():
                break
            page.wait_for_timeout(1000)
            page.reload()
        assert "SELECT ?, ?" in shown.first.inner_text()
        assert "whom nobody" not in page.inner_text("body")

        page.get_by_role("tab", name="Interfaces").click()
        page.get_by_role("region", name="SQL").get_by_text("sql:memory:SELECT").first.wait_for()
