"""`fairlead gateway`: which Envoy is run, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fairlead.cli.failure import ENVIRONMENT, Failed
from fairlead.cli.proxy.program import find, folder
from scripts.servers.ports import free_port

ENVOY = os.environ.get("ENVOY", "")
PATIENCE = 30.0

PROGRAM = """\
import json, sys
from pathlib import Path
from fairlead.cli.proxy.running import Running, heard, place

with heard() as came, place() as folder:
    config = json.loads(sys.argv[2])
    config["admin"] = {"address": {"pipe": {"path": str(folder / "admin.sock")}}}
    running = Running(sys.argv[1], config, folder, float(sys.argv[3]))
    Path(sys.argv[4]).write_text(str(folder))
    sys.exit(running.wait(came))
"""
SCRIPT = "#!/bin/sh\nexit 7\n"


def executable(path: Path, text: str) -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_envoy_on_path_wins(tmp_path):
    """Who has one has it for a reason."""
    there = executable(tmp_path / "bin" / "envoy", SCRIPT)
    environ = {"PATH": str(there.parent), "HOME": str(tmp_path)}
    executable(folder(environ) / "bin" / "envoy", SCRIPT)

    assert find(environ, install=False) == str(there)


def test_the_environment_of_its_own_is_found(tmp_path):
    """It is installed once."""
    environ = {"PATH": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    own = executable(tmp_path / "fairlead" / "envoy" / "bin" / "envoy", SCRIPT)

    assert find(environ, install=True) == str(own)


def test_that_there_is_none_is_said_with_what_to_do(tmp_path):
    """Nothing is installed unasked."""
    with pytest.raises(Failed, match="--install") as raised:
        find({"PATH": str(tmp_path), "HOME": str(tmp_path)}, install=False)

    assert raised.value.status == ENVIRONMENT
    assert list(tmp_path.iterdir()) == []


@contextmanager
def running(program: str, config: dict[str, Any], drain: float, note: Path) -> Iterator[Any]:
    """Run a program as the gateway does; kill what is left of it."""
    words = [sys.executable, "-c", PROGRAM, program, json.dumps(config), str(drain), str(note)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_its_exit_status_is_envoys(tmp_path):
    """Whoever watches the gateway has to see that Envoy failed."""
    program = executable(tmp_path / "envoy", SCRIPT)

    with running(str(program), {}, 1.0, tmp_path / "note") as process:
        assert process.wait(PATIENCE) == 7


def until(condition: Any) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def answering(port: int) -> dict[str, Any]:
    """Return a configuration that answers every request at once."""
    kind = "type.googleapis.com/envoy.extensions.filters."
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 204}}
    hosts = [{"name": "all", "domains": ["*"], "routes": [route]}]
    router = {"@type": f"{kind}http.router.v3.Router"}
    manager = {
        "@type": f"{kind}network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "route_config": {"virtual_hosts": hosts},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
    }
    listener = {
        "name": "in",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener]}}


def connect(port: int) -> socket.socket | None:
    """Connect, where somebody listens."""
    try:
        opened = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    except ConnectionRefusedError:
        return None
    opened.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert opened.recv(4096).startswith(b"HTTP/1.1 204")
    return opened


@pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_real_envoy_drains_while_somebody_is_connected(number, tmp_path):
    """A client that is connected has time to go elsewhere, and nobody waits for those who left."""
    port = free_port()
    with running(ENVOY, answering(port), 3600.0, tmp_path / "note") as process:
        until(lambda: connect(port))
        client = connect(port)
        assert client is not None

        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        client.close()

        assert process.wait(PATIENCE) == 0
    assert not Path((tmp_path / "note").read_text()).exists()


@pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")
def test_a_second_signal_ends_it_at_once(tmp_path):
    """Who asks twice does not want to wait."""
    port = free_port()
    with running(ENVOY, answering(port), 3600.0, tmp_path / "note") as process:
        until(lambda: connect(port))
        client = connect(port)
        assert client is not None

        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGTERM)

        assert process.wait(PATIENCE) == 0
        client.close()


@pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")
def test_a_gateway_starts_without_a_control_plane_and_leaves_nothing(tmp_path):
    """It asks again and again; what it was started with goes with it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "envoy").symlink_to(ENVOY)
    (tmp_path / "tmp").mkdir()
    environ = {**os.environ, "PATH": str(tmp_path / "bin"), "TMPDIR": str(tmp_path / "tmp")}
    words = [sys.executable, "-m", "fairlead.cli.main", "gateway", "--xds"]

    with subprocess.Popen(
        [*words, f"127.0.0.1:{free_port()}"], env=environ, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: list(tmp_path.glob("tmp/fairlead-envoy-*/admin.sock")))
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    assert list((tmp_path / "tmp").iterdir()) == []
