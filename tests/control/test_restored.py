"""A store is restored from an older copy, under agents that outlived what came after it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.control.fleet import Agent, fleet, until
from tests.control.serving import API, rule, serving

RULES = f"{API}/namespaces/default/trafficlabelrules"
SOONER = "import fairlead.control.overtaken as overtaken; overtaken.SETTLING = 0.3"


def copied(source: Path, target: Path) -> None:
    """What docs/operations.md has people type."""
    with closing(sqlite3.connect(source)) as whole, closing(sqlite3.connect(target)) as copy:
        whole.backup(copy)


def labels(agent: Agent) -> set[str]:
    """The lanes that the rules in force lead to."""
    entry = agent.snapshots[-1].entry if agent.snapshots else None
    return {one.lane for one in entry.colourings} if entry else set()


def write(http: httpx.Client, *names: str) -> None:
    for name in names:
        http.post(RULES, json=rule(name, label=name)).raise_for_status()


def test_agents_follow_a_store_that_was_restored(tmp_path: Path) -> None:
    """It is the newest that anybody has: what is written from then on must reach them at once."""
    data, backup = tmp_path / "data", tmp_path / "backup.db"
    with ExitStack() as agents:
        with serving(data) as server, server.client() as http:
            agent = Agent(server.url, "default", "gateway", 7000)
            agents.enter_context(fleet(agent))
            write(http, "old")
            until(lambda: labels(agent) == {"old"})
            copied(data / "fairlead.db", backup)
            write(http, "lost", "too")
            until(lambda: labels(agent) == {"old", "lost", "too"})
        shutil.rmtree(data)
        data.mkdir(mode=0o700)
        shutil.copy(backup, data / "fairlead.db")
        port = urlsplit(server.url).port
        with (
            serving(data, f"127.0.0.1:{port}", before=SOONER) as server,
            server.client() as http,
        ):
            until(lambda: labels(agent) == {"old"})
            write(http, "new")
            until(lambda: labels(agent) == {"old", "new"})
            nodes = http.get("/fairlead/v1/nodes", params={"namespace": "default"}).json()["nodes"]
            assert [one["state"] for one in nodes] == ["live"]
            listed = http.get(RULES).json()
            # Whoever watches from what was lost must list anew, and not go on as if nothing was.
            old = int(agent.snapshots[0].revision)
            gone = http.get(RULES, params={"watch": "1", "resourceVersion": str(old)}, timeout=5)
            assert (gone.status_code == 410) or '"code":410' in gone.text
            assert int(listed["metadata"]["resourceVersion"]) > old


def test_a_revision_that_no_store_has_had_moves_nothing(tmp_path: Path) -> None:
    """Whoever may speak for one app must not be able to end the numbers."""
    with serving(tmp_path / "data", before=SOONER) as server, server.client() as http:
        before = http.get("/fairlead/v1/nodes").json()["revision"]
        for revision in ("9" * 18, "9" * 400, "-1", "x"):
            query = {"node": "n", "namespace": "default", "app": "a", "digest": "ab"}
            query["revision"] = revision
            with http.stream("GET", "/fairlead/v1/watch", params=query) as answer:
                assert answer.status_code == 200
        assert http.get("/fairlead/v1/nodes").json()["revision"] < before + 1000
