"""The example's apps are ordinary programs."""

from __future__ import annotations

import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import media
import pytest
from fleet import POLICIES
from patterns import HOPS
from processes import APPS, BIN, Process, environment, stop_all
from rows import BASE_ROWS, SHADOW_TABLE
from scenarios import SCENARIOS, SHADOWS

from fairlead.kinds import load_documents

HERE = Path(__file__).parent
MODULES = {"spring-cloud-zuul": "spring_cloud_zuul", "a": "a", "b": "b", "c": "c"}


@pytest.mark.parametrize("path", sorted(APPS.glob("*.py")), ids=lambda path: path.stem)
def test_an_app_is_short_and_does_not_mention_fairlead(path: Path) -> None:
    """The promise is governance without a change of code, so the code must not know of it."""
    text = path.read_text()
    # What reaches a database by five drivers is longer than an app.
    assert len(text.splitlines()) <= (95 if path.stem == "store" else 45)
    for word in ("fairlead", "lane", "gray", "baggage", "opensergo"):
        assert word not in text.lower()


def test_every_rule_of_a_scenario_is_a_file_beside_the_apps() -> None:
    """People copy these files: each must load as it is, and none may lie there unused."""
    used = {*HOPS, *(name for scenario in SCENARIOS for name in scenario.policy)}
    assert {path.name for path in POLICIES.iterdir()} == used
    for name in used:
        assert load_documents((POLICIES / name).read_text(), name)
    article = (HERE.parent / "kinds" / "data" / SHADOWS).read_bytes()
    assert (POLICIES / SHADOWS).read_bytes() == article


def test_the_apps_run_without_fairlead(tmp_path: Path) -> None:
    """Taking fairlead away must leave programs that any name service serves as well."""
    ports: dict[str, str] = {}
    with name_service(ports) as proxy, media.opened("sqlite", tmp_path) as medium:
        settings = {"http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": "", "NO_PROXY": ""}
        settings["DATABASE_URL"] = medium.urls[0]
        processes = {
            app: Process(_argv(module), env=environment(**settings), log=tmp_path / f"{app}.log")
            for app, module in MODULES.items()
        }
        try:
            for app, process in processes.items():
                ports[app] = _port(process)
            with _open(f"http://127.0.0.1:{ports['spring-cloud-zuul']}/a") as response:
                assert response.read().decode() == "A→B→C"
            assert medium.content(BASE_ROWS).locations == {"C": 1}
            assert not medium.content(SHADOW_TABLE).locations
        finally:
            stop_all(list(processes.values()))


def _argv(module: str) -> list[str]:
    # As for a deployment that has no fairlead: also its start-up file stays inert.
    if module == "a":
        return [str(BIN / "flask"), "--app", "a", "run", "--port", "0"]
    return [str(BIN / "uvicorn"), f"{module}:app", "--port", "0"]


def _port(process: Process) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.running:
        found = re.search(r"unning on http://127\.0\.0\.1:(\d+)", process.log.read_text())
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"no port in the log:\n{process.tail()}")


@contextmanager
def name_service(ports: dict[str, str]) -> Iterator[str]:
    """A proxy that knows hosts by name, in place of a cluster's DNS; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            with _open(f"http://127.0.0.1:{ports[url.netloc]}{url.path}") as response:
                body = response.read()
                self.send_response(200)
                self.send_header("content-type", response.headers["content-type"])
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
