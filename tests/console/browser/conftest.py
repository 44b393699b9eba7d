"""A real browser on a real control plane with real services; without CHROMIUM none of it is run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.shop import Shop, shop

CHROMIUM = os.environ.get("CHROMIUM", "")
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]

PATIENCE = 30_000
"""Milliseconds that a page may take: the machine may be busy with other things."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give browser tests the time that they take on a busy machine."""
    for item in items:
        if Path(__file__).parent in Path(str(item.fspath)).parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop, with a second instance of two of its apps on the lane gray."""
    with shop(tmp_path_factory.mktemp("shop")) as started:
        for app in ("catalog", "orders"):
            started.start(app, FAIRLEAD_LANE="gray")
        for app in ("catalog", "orders"):
            started.wait(app, 2)
        yield started


class Pages:
    """Opens pages, and remembers what they complained of."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._contexts: list[Any] = []
        self.complaints: list[str] = []

    def open(self, url: str, *, width: int = 1280, **more: Any) -> Any:
        """Open `url` in a window of its own."""
        context = self._browser.new_context(viewport={"width": width, "height": 860}, **more)
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.goto(url)
        return page

    def _hear(self, message: Any) -> None:
        # A refused answer is what some tests are about; everything else is a fault of the page.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.complaints.append(message.text)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def pages(browser: Any) -> Iterator[Pages]:
    """Pages that must not have failed, nor broken the policy that they were sent with."""
    opened = Pages(browser)
    yield opened
    opened.close()
    assert opened.complaints == []
