"""F43: the agent's own code raises inside a call of the application.

Governance fails open: the request is served and the call goes out as without us, and the fault is
counted. Isolation fails closed: a statement of a lane with shadows is refused, not sent to base.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.control.serving import API, GROUP
from tests.faults.servers import App, Apps, Control, until

LIBRARIES = ("httpx", "aiohttp", "requests", "urllib3")
GRAY = {"baggage": "x-opensergo-traffic=gray"}

SHADOW = {
    "apiVersion": f"{GROUP}/v1alpha1",
    "kind": "WorkloadLabelRule",
    "metadata": {"name": "orders"},
    "spec": {"workloadLabels": ["gray"], "selector": {"db": "shop", "table": "orders_gray"}},
}
SCHEMA = "CREATE TABLE orders (what); CREATE TABLE orders_gray (what);"


@pytest.fixture
def app(control: Control, apps: Apps) -> App:
    """An app that knows ``back`` by name, and the shadow of a table."""
    with control.client() as http:
        url = f"{API}/namespaces/default/workloadlabelrules"
        http.post(url, json=SHADOW).raise_for_status()
    back, faulty = apps.start("back", control.url), apps.start("faulty", control.url)
    until(lambda: back.registered() and faulty.registered(), "both are registered")
    url = f"{faulty.url}/call/httpx?url=http://back/"
    until(lambda: httpx.get(url, trust_env=False).text.startswith("back"), "back is known")
    return faulty


def ask(app: App, path: str, method: str = "GET", **more: Any) -> str:
    """Return the text of an answer, which must be well."""
    with httpx.Client(base_url=app.url, trust_env=False, timeout=15) as http:
        answer = http.request(method, path, **more)
    assert answer.is_success, (answer.status_code, answer.text, app.process.text()[-3000:])
    return answer.text


def faults(app: App) -> dict[str, int]:
    """Return the faults that were counted, by where."""
    return dict(app.doctor()["counters"].get("agent_faults", {}))


def rows(shop: Path) -> dict[str, int]:
    """Return how many rows each table has."""
    with closing(sqlite3.connect(shop)) as connection:
        count: Callable[[str], int] = lambda table: connection.execute(  # noqa: E731
            f"SELECT count(*) FROM {table}"
        ).fetchone()[0]
        return {table: count(table) for table in ("orders", "orders_gray")}


def test_requests_and_calls_go_on_without_us(app: App, apps: Apps) -> None:
    """A guest that stumbles must not take its host along; and somebody has to hear of it."""
    other = apps.start("entry", "http://127.0.0.1:9")
    ask(app, "/break/routes", "POST")
    for library in LIBRARIES:
        # Another port is nobody's name: it goes out untouched.
        assert ask(app, f"/call/{library}?url={other.url}/") == "base"
        with httpx.Client(base_url=app.url, trust_env=False, timeout=15) as http:
            # As without us: a name that only we know is looked up, and is not there.
            assert http.get(f"/call/{library}?url=http://back/").status_code == 500
    assert "a fault on purpose" not in app.process.text()
    assert {"httpx", "aiohttp", "urllib3"} <= faults(app).keys()
    assert ask(app, "/lane", headers=GRAY) == "gray"

    ask(app, "/break/lanes", "POST")
    assert ask(app, "/lane", headers=GRAY) == "none"
    for library in LIBRARIES:
        assert ask(app, f"/call/{library}?url={other.url}/") == "base"
    assert faults(app)["asgi"] > 0


def test_a_statement_of_a_lane_is_refused_and_base_goes_on(app: App, tmp_path: Path) -> None:
    """Whether its rows would reach base cannot be told; base has nothing to be told apart."""
    shop = tmp_path / "shop.db"
    with closing(sqlite3.connect(shop)) as connection:
        connection.executescript(SCHEMA)
    where = f"/write?path={shop}"
    assert ask(app, where, "POST", headers=GRAY) == "written"
    assert rows(shop) == {"orders": 0, "orders_gray": 1}

    ask(app, "/break/shadows", "POST")

    said = ask(app, where, "POST", headers=GRAY)
    assert said.startswith("refused: fairlead: refused on lane gray: it could not be judged: ")
    assert ask(app, where, "POST") == "written"
    assert rows(shop) == {"orders": 1, "orders_gray": 1}
    assert faults(app)["sqlite3"] > 0
    # Doctor has to answer where a fault is looked for, and as much as it can.
    (refusal, *_) = app.doctor()["refusals"]
    assert (refusal["lane"], refusal["cause"]) == ("gray", "other")
    ask(app, "/break/snapshot", "POST")
    assert "cannot describe itself: RuntimeError: a fault on purpose" in app.doctor()["silent"]
