"""A limit is the host's, however many workers a server has (decision 8)."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.agent.inspect import ask
from fairlead.flow.sweep import sweep
from tests.faults.servers import BIN, Apps, Control, Process, plain_environment, until
from tests.kinds.guards import API, made
from tests.whole import few

WORKERS, LIMIT = 4, 40
APPS = str(Path(__file__).parent / "apps")

GUNICORN = ("gunicorn", "counted:app", "--chdir", APPS, "--bind", "127.0.0.1:0", "-w", str(WORKERS))
PRELOAD = (*GUNICORN, "--preload")
UVICORN = ("uvicorn", "counted:api", "--app-dir", APPS, "--port", "0", "--workers", str(WORKERS))


def told(state: Path) -> list[dict[str, Any]]:
    """Return what the agents of all processes say of themselves."""
    found = []
    for path in state.glob("*.sock"):
        try:
            found.append(ask(path))
        except (OSError, ValueError):
            continue
    return found


def answers_at(url: str) -> bool:
    """Whether somebody answers; the first request is what wakes an agent."""
    try:
        return httpx.get(f"{url}/nothing", timeout=10).status_code == 404
    except httpx.ConnectError:
        return False


def in_force(state: Path) -> bool:
    """Whether every worker has the rule."""
    return sum(bool(one["flow"]["rules"]) for one in told(state)) >= WORKERS


@pytest.mark.parametrize(
    "command", few([GUNICORN, PRELOAD, UVICORN], PRELOAD, UVICORN), ids=" ".join
)
def test_a_limit_is_one_for_all_workers_of_a_server(
    control: Control, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Forty an hour are forty, and not forty of each worker."""
    state, log = tmp_path / "state", tmp_path / "server.log"
    settings = {
        "FAIRLEAD_CONTROL": control.url,
        "FAIRLEAD_APP": "counted",
        "FAIRLEAD_STATE": str(state),
        "PYTHONUNBUFFERED": "1",
    }
    limit = {"rateLimit": {"threshold": LIMIT, "statDuration": "1h"}}
    rule = made(
        "FlowControl",
        selector={"app": "counted"},
        targets=[{"targetResourceName": "GET:/who"}],
        strategies=[limit],
    )
    with control.client() as http:
        objects = f"/apis/{API}/namespaces/default/flowcontrols"
        http.post(objects, json=rule).raise_for_status()
    argv = [str(BIN / "fairlead"), "run", "--", str(BIN / command[0]), *command[1:]]
    process = Process(argv, log, plain_environment(**settings))
    try:
        pattern = r"(?:running on|Listening at:) (http://127\.0\.0\.1:\d+)"
        url = until(lambda: re.search(pattern, process.text()), "it serves")[1]
        until(lambda: answers_at(url), "it answers")
        until(lambda: in_force(state), "each worker has the rule")
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: httpx.get(f"{url}/who", timeout=10), range(4 * LIMIT))
            )
        found = Counter(one.status_code for one in answers)
        assert found == {200: LIMIT, 429: 3 * LIMIT}
        assert len({one.text for one in answers if one.status_code == 200}) > 1
        shared = [one["gates"]["shared"] for one in told(state)]
        assert {one["path"] for one in shared if one["path"]} == {shared_path(shared)}
        assert [one["problem"] for one in shared if one["problem"]] == []
        if command is UVICORN:  # as logind does when a user's last session ends
            Path(shared_path(shared)).unlink()
            until(Path(shared_path(shared)).exists, "the workers have a file again")
            until(lambda: workers(state) >= WORKERS, "all of them count there")
    finally:
        process.popen.terminate()
        process.popen.wait(20)
        process.kill()
    path = Path(shared_path(shared))
    prefix = path.name.rsplit("-", 2)[0] + "-"
    sweep(str(path.parent), prefix, ())  # as the next app that begins does
    assert not path.exists()


def workers(state: Path) -> int:
    """Return with how many others each worker counts, of those that count at all, the fewest."""
    shared = [one["gates"]["shared"] for one in told(state)]
    return min([one["workers"] for one in shared if one["path"]], default=0)


def shared_path(shared: list[dict[str, Any]]) -> str:
    """Return where some worker counts."""
    return str(next(one["path"] for one in shared if one["path"]))


def test_nothing_is_in_memory_before_a_limit_is_asked(control: Control, apps: Apps) -> None:
    """Most apps have no limits, and some have no room."""
    app = apps.start("back", control.url)
    until(app.registered, "the app is registered")
    shared = app.doctor()["gates"]["shared"]
    assert (shared["path"], shared["problem"]) == ("", "")
