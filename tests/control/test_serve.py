"""The server as a process: how it starts, how it ends, and what is there afterwards."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.control.fleet import Agent, fleet, until
from tests.control.serving import API, Server, ready, rule, serving, start

RULES = f"{API}/namespaces/default/trafficlabelrules"


def refused(data_dir: Path, listen: str) -> tuple[int, str]:
    """Start a server that must not start; return its exit status and what it said."""
    process = start(data_dir, listen)
    _, errors = process.communicate(timeout=20)
    return process.returncode, errors


def test_one_line_says_where_it_serves(tmp_path: Path) -> None:
    """A script waits for it."""
    with serving(tmp_path / "data") as server:
        assert server.url.startswith("http://127.0.0.1:")
        with server.client() as http:
            for path in ("/healthz", "/livez", "/readyz"):
                assert http.get(path).text == "ok"


def test_it_serves_on_ipv6_loopback(tmp_path: Path) -> None:
    """Where that is what the machine prefers."""
    with serving(tmp_path / "data", "[::1]:0") as server, server.client() as http:
        assert http.get("/healthz").text == "ok"


def test_a_second_server_on_the_directory_names_the_first(tmp_path: Path) -> None:
    """And the first goes on undisturbed (contract 17)."""
    with serving(tmp_path / "data") as server:
        status, said = refused(tmp_path / "data", "127.0.0.1:0")
        assert status == 3
        assert f"pid {server.process.pid}" in said
        assert str(tmp_path / "data") in said
        assert len(said.splitlines()) == 1
        with server.client() as http:
            assert http.post(RULES, json=rule()).status_code == 201


@pytest.mark.parametrize(
    ("listen", "status", "said"),
    [
        ("0.0.0.0:0", 2, "only loopback"),
        ("nonsense", 2, "HOST:PORT"),
        ("{taken}", 3, "Address already in use"),
    ],
)
def test_an_address_that_cannot_be_had_is_one_clear_line(
    server: Server, tmp_path: Path, listen: str, status: int, said: str
) -> None:
    """No traceback, and a remedy."""
    address = listen.replace("{taken}", server.url.removeprefix("http://"))
    found, errors = refused(tmp_path / "data", address)
    assert found == status
    assert said in errors
    assert len(errors.splitlines()) == 1


def test_a_directory_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    """It is named."""
    (tmp_path / "file").write_text("")
    status, said = refused(tmp_path / "file" / "data", "127.0.0.1:0")
    assert status == 3
    assert said.startswith(f"fairlead: data directory {tmp_path / 'file' / 'data'} cannot be used")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_streams_at_once_and_the_server_soon(
    tmp_path: Path, number: signal.Signals
) -> None:
    """A rolling restart must not wait for watches that never end by themselves."""
    with serving(tmp_path / "data") as server:
        agent = Agent(server.url, "default", "cart", 7001)
        begun, ended = threading.Event(), threading.Event()

        def watch() -> None:
            with (
                server.client() as http,
                http.stream("GET", RULES, params={"watch": "true"}, timeout=30) as stream,
            ):
                begun.set()
                for _ in stream.iter_lines():
                    pass
            ended.set()

        watching = threading.Thread(target=watch)
        with fleet(agent):
            watching.start()
            until(lambda: agent.snapshots)
            assert begun.wait(60)
            assert server.stop(number) == 0
            assert ended.wait(60)
            watching.join(60)


def test_a_request_under_way_is_answered_before_the_end(tmp_path: Path) -> None:
    """What was acknowledged is kept, what is under way is finished."""
    with serving(tmp_path / "data") as server, server.client() as http:
        body = json.dumps(rule()).encode()

        def slowly() -> object:
            yield body[:10]
            server.process.send_signal(signal.SIGTERM)
            yield body[10:]

        headers = {"content-type": "application/json"}
        answer = http.post(RULES, content=slowly(), headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 201
        assert server.process.wait(60) == 0
    with serving(tmp_path / "data") as server, server.client() as http:
        assert len(http.get(RULES).json()["items"]) == 1


def test_everything_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    """SIGKILL under load: what clients were told is there, and revisions go on."""
    acknowledged: dict[str, int] = {}
    data = tmp_path / "data"
    with serving(data) as server:

        def write(number: int) -> None:
            with server.client() as http:
                for turn in range(200):
                    name = f"rule-{number}-{turn}"
                    try:
                        answer = http.post(RULES, json=rule(name))
                    except httpx.TransportError:
                        return
                    made = answer.json()["metadata"]
                    acknowledged[name] = int(made["resourceVersion"])

        with ThreadPoolExecutor(4) as pool:
            for number in range(4):
                pool.submit(write, number)
            until(lambda: len(acknowledged) > 100)
            server.stop(signal.SIGKILL)
    with serving(data) as server, server.client() as http:
        listed = http.get(RULES).json()
        found = {
            item["metadata"]["name"]: int(item["metadata"]["resourceVersion"])
            for item in listed["items"]
        }
        assert set(acknowledged) <= set(found)
        assert len(found) <= len(acknowledged) + 4
        assert int(listed["metadata"]["resourceVersion"]) >= max(acknowledged.values())
        newer = http.post(RULES, json=rule("newer")).json()["metadata"]["resourceVersion"]
        assert int(newer) > max(acknowledged.values())


def test_agents_and_instances_come_through_a_restart(tmp_path: Path) -> None:
    """Registered instances stay, and an agent that reconnects is sent nothing it has."""
    data = tmp_path / "data"
    with serving(data) as server, server.client() as http:
        listen = server.url.removeprefix("http://")
        http.post(RULES, json=rule())
        entry = Agent(server.url, "default", "gateway", 7000)
        cart = Agent(server.url, "default", "cart", 7001)
        with fleet(entry, cart):
            until(lambda: entry.sees("cart"))
            received = len(entry.snapshots)
            revision = entry.newest.revision
            server.stop(signal.SIGKILL)
            with serving(data, listen) as again, again.client() as client:
                until(lambda: len(client.get("/fairlead/v1/nodes").json()["nodes"]) == 2)
                url = "/apis/fairlead.io/v1alpha1/instances"
                assert len(client.get(url).json()["items"]) == 2
                assert len(entry.snapshots) == received
                body = json.dumps({"spec": {"trafficLabel": "blue"}})
                merge = {"content-type": "application/merge-patch+json"}
                client.patch(f"{RULES}/vip", content=body, headers=merge)
                until(lambda: [x.name for x in entry.newest.lanes] == ["blue"])
                assert entry.newest.revision > revision


def test_a_new_data_directory_is_newer_than_the_one_before(tmp_path: Path) -> None:
    """Agents that outlive a wiped directory must follow its successor (contract 16)."""
    with serving(tmp_path / "one") as server, server.client() as http:
        before = int(http.post(RULES, json=rule()).json()["metadata"]["resourceVersion"])
    with serving(tmp_path / "two") as server, server.client() as http:
        after = int(http.get(RULES).json()["metadata"]["resourceVersion"])
    assert after > before


def test_a_port_is_free_again_as_soon_as_the_server_has_ended(tmp_path: Path) -> None:
    """A restart must not wait for connections of the past to time out."""
    with serving(tmp_path / "data") as server:
        listen = server.url.removeprefix("http://")
        with server.client() as http:
            http.get("/healthz")
            server.stop()
            process: subprocess.Popen[str] = start(tmp_path / "data", listen)
            again = ready(process, tmp_path / "data")
            assert again.stop() == 0
            process.communicate(timeout=60)
