"""Five hundred services, and what strangers call themselves."""

from __future__ import annotations

import json
from typing import Any

from tests.console.browser.conftest import Pages
from tests.console.shop import Shop

APPS = 500
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def graph(apps: int) -> dict[str, Any]:
    """A tree of services with some calls across."""
    names = [f"service-{i:03}" for i in range(apps)]
    figures = {"qps": 10.0, "errors": 0.0, "rejected": 0.0, "simulated": 0.0, "p99": 0.02}
    nodes = [
        {"app": name, "namespace": "default", "known": True, "lanes": {"": 2}, **figures}
        for name in names
    ]
    pairs = [(i * 7919 % 997 % min(i, 40 + i // 4), i) for i in range(1, apps)]
    pairs += [(i * 5501 % 997 % min(i, 40 + i // 4), i) for i in range(1, apps, 3)]
    edges = [
        {
            "from": names[a], "fromNamespace": "default", "to": names[b], "toNamespace": "default",
            "label": "", "lane": "", "qps": 5.0, "errors": 0.0, "retries": 0.0, "p99": 0.01,
            "fallbacks": 0.0, "lost": 0.0,
        }
        for a, b in pairs
    ]  # fmt: skip
    return {"nodes": nodes, "edges": edges}


FRAMES = """async () => {
  let frames = 0, stop = false;
  const count = () => { frames++; if (!stop) requestAnimationFrame(count); };
  requestAnimationFrame(count);
  await new Promise((done) => setTimeout(done, 2000));
  stop = true;
  return frames;
}"""


def test_five_hundred_services_stay_fluid(running: Shop, pages: Pages):
    """The graph is moved about while its figures come in: it is drawn many times a second."""
    page = pages.open(f"{running.url}/console/default/overview")
    page.route(
        "**/fairlead/v1/topology*", lambda route: route.fulfill(body=json.dumps(graph(APPS)))
    )
    page.goto(f"{running.url}/console/default/topology")
    page.get_by_text("500 apps").wait_for()
    page.locator(".react-flow__node").first.wait_for()
    still = page.evaluate(FRAMES)

    box = page.locator(".flow-frame").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.evaluate(f"() => {{ window.counted = ({FRAMES})(); }}")
    page.mouse.down()
    for i in range(40):
        page.mouse.move(x + 5 * i, y + 2 * i)
    page.mouse.up()
    moved = page.evaluate("() => window.counted")

    assert moved >= still / 6, f"{moved} frames while it is moved, {still} while it is not"


def test_an_app_s_words_are_shown_and_never_run(running: Shop, pages: Pages):
    """An interface may be called anything: whoever finds a way to call it so gains nothing."""
    service = running.get("/fairlead/v1/service?app=catalog")
    service["interfaces"] = [
        {
            "name": f"GET:/{HOSTILE}", "side": "server", "lane": HOSTILE, "qps": 1.0, "errors": 0.0,
            "rejected": 0.0, "simulated": 0.0, "inflight": 0,
            "rt": {"p50": None, "p95": None, "p99": None, "mean": None},
            "rules": [{"rule": HOSTILE, "reason": HOSTILE, "rejected": 1.0, "simulated": 0.0}],
        },
        {
            "name": "sql:shop:SELECT * FROM users WHERE mail = 'anna@example.org' AND age > 42",
            "side": "sql", "lane": "", "qps": 1.0, "errors": 0.0, "rejected": 0.0, "simulated": 0.0,
            "inflight": 0, "rt": {"p50": None, "p95": None, "p99": None, "mean": None}, "rules": [],
        },
    ]  # fmt: skip
    page = pages.open(f"{running.url}/console/default/overview")
    page.route("**/fairlead/v1/service?*", lambda route: route.fulfill(body=json.dumps(service)))
    page.route("**/fairlead/v1/live?*app=*", lambda route: route.fulfill(status=503))
    page.goto(f"{running.url}/console/default/services/catalog")

    page.get_by_text(f"GET:/{HOSTILE}").wait_for()
    page.wait_for_timeout(300)

    assert page.title() != "owned"
    assert page.locator("main img").count() == 0
    assert "anna@example.org" not in page.content()
