"""``make screenshots`` takes the pictures of docs/images anew: a shop, visitors, and a browser."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.architecture.tree import ROOT
from tests.console.shop import Shop, shop, visitors
from tests.console.together import together

IMAGES = ROOT / "docs" / "images"
LARGEST = 200_000
"""Bytes of a picture: they are in the repository, and in everybody's clone of it."""

TRAFFIC_SECONDS = 45
"""So long do the visitors shop before a picture is taken: graphs need something to show."""

Picture = tuple[str, str, dict[str, Any]]

TAKEN: tuple[Picture, ...] = (
    ("overview", "overview", {}),
    ("service", "services/catalog", {}),
    ("rule", "rules/flowcontrols/items?tab=live", {}),
    ("phone", "lanes/gray", {"viewport": {"width": 390, "height": 780}}),
)
"""Name of a picture, the page it shows, and the window."""

TOGETHER: tuple[Picture, ...] = (("topology", "topology?lane=gray", {"color_scheme": "dark"}),)
"""The same of the shop and the services of full-link gray together."""

GRAY = {"x-user": "tester"}
LANE = {
    "apiVersion": "traffic.opensergo.io/v1alpha1",
    "kind": "TrafficLane",
    "metadata": {"name": "testers"},
    "spec": {
        "selector": {"app": "gateway"},
        "rules": {
            "traffic": {"http": {"headers": {"x-user": {"exact": "tester"}}}},
            "lane": {"name": "gray"},
        },
    },
}


def limit(name: str, app: str, target: str, **rate: Any) -> dict[str, Any]:
    """A limit."""
    return {
        "apiVersion": "fault-tolerance.opensergo.io/v1alpha1",
        "kind": "FlowControl",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {
            "targets": [{"targetResourceName": target}],
            "strategies": [{"rateLimit": {"statDuration": "1s", **rate}}],
        },
    }


def prepare(running: Shop) -> None:
    """Put two apps on a lane, and write some rules."""
    for app in ("catalog", "orders"):
        running.start(app, FAIRLEAD_LANE="gray")
    for app in ("catalog", "orders"):
        running.wait(app, 2)
    running.apply(LANE)
    running.apply(limit("items", "catalog", "GET:/items", threshold=12))
    running.apply(limit("prices-trial", "pricing", "GET:/prices", threshold=10, mode="simulate"))


def take(chromium: str, url: str, pictures: Sequence[Picture]) -> None:
    """Take some pictures."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        watched = [open_page(browser, url, *one) for one in pictures]
        time.sleep(TRAFFIC_SECONDS)
        for (name, _, _), page in zip(pictures, watched, strict=True):
            page.wait_for_timeout(1000)
            page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


def open_page(browser: Any, url: str, name: str, path: str, window: dict[str, Any]) -> Any:
    """Open the page of a picture, which is live from then on."""
    del name
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **window})
    page = context.new_page()
    page.goto(f"{url}/console/default/{path}")
    return page


def main() -> int:
    """Return 1 where a picture is too large."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, shop(Path(work)) as running, ExitStack() as stack:
        prepare(running)
        entry = running.entry()
        for path, a_second in (("/orders/7", 14), ("/items", 10), ("/orders/8", 6)):
            stack.enter_context(visitors(f"{entry}{path}", a_second=a_second))
        stack.enter_context(visitors(f"{entry}/orders/9", a_second=4, headers=GRAY))
        take(os.environ["CHROMIUM"], running.url, TAKEN)
    with tempfile.TemporaryDirectory() as work, together(Path(work)) as url:
        take(os.environ["CHROMIUM"], url, TOGETHER)
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.glob("*.png"))}
    for name, size in sizes.items():
        print(f"{name}: {size // 1000} kB")  # noqa: T201
    return int(max(sizes.values()) > LARGEST)


if __name__ == "__main__":
    sys.exit(main())
