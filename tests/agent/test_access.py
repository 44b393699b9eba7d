"""An agent at a control plane that speaks TLS and asks for a token: in, out, and in again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fairlead.agent.token import token_of
from fairlead.control.access.records import TokenFile, make
from fairlead.control.access.roles import Grant, Role
from fairlead.protocols.watch.connection import Connection, ControlAddress, ControlUnreachable
from fairlead.protocols.watch.tls import Trust
from tests.agent.program import STAY, Program
from tests.agent.wire import until
from tests.control.access.certificates import Pair, certificate
from tests.control.serving import Server, serving

READY = """
import fairlead
fairlead.current().ensure_ready()
print("ready", flush=True)
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("access") / "data"
    with serving(data, auth=True, **pair.options) as running:
        yield running


def token_for(server: Server, app: str, namespace: str = "default") -> tuple[str, str]:
    """Make an agent's token in the data directory; return its id and its text."""
    grants = (Grant(role=Role.AGENT, namespace=namespace, app=app),)
    made = make(f"agent-{app}", grants, now=datetime.now(UTC), expires=None)
    TokenFile(server.data_dir).add(made.record)
    return made.record.id, made.text


def written(path: Path, text: str) -> Path:
    path.write_text(f"{text}\n")
    path.chmod(0o600)
    return path


def said(program: Program) -> str:
    """What it has written to standard error so far."""
    return "".join(program._errors)


def nodes(server: Server, app: str) -> list[dict[str, Any]]:
    with server.client(server.token) as http:
        found = http.get("/fairlead/v1/nodes", params={"namespace": "default"}).json()["nodes"]
    return [node for node in found if node["app"] == app and node["connected"]]


def started(launch: Any, server: Server, pair: Pair, token: Path) -> Program:
    """Return a program that runs, with an agent that has the token in this file."""
    program: Program = launch(
        READY + STAY,
        FAIRLEAD_CONTROL=server.url,
        FAIRLEAD_CA_FILE=str(pair.certificate),
        FAIRLEAD_TOKEN_FILE=str(token),
    )
    program.line()
    return program


def test_an_agent_gets_in_with_tls_and_its_token(launch, server, pair):
    """The real agent, in a program that knows nothing of it."""
    _, text = token_for(server, "shop")
    program = started(launch, server, pair, written(launch.folder / "token", text))

    until(lambda: nodes(server, "shop"))
    program.end()

    assert program.errors == ""


def test_a_revoked_token_is_one_warning_and_the_next_one_is_taken_up(launch, server, pair):
    """The program runs on with what is in force; rotation is a file that changes."""
    first, text = token_for(server, "shop")
    token = written(launch.folder / "token", text)
    program = started(launch, server, pair, token)
    until(lambda: nodes(server, "shop"))

    TokenFile(server.data_dir).remove(first)
    until(lambda: "refuses (401)" in said(program))
    assert not nodes(server, "shop")
    _, text = token_for(server, "shop")
    written(token, text)
    until(lambda: nodes(server, "shop"))
    program.end()

    assert program.errors.count("the control plane refuses (401): Unauthorized") == 1
    assert "the rules in force stay" in program.errors
    assert text not in program.errors


def test_a_token_of_another_app_is_one_warning(launch, server, pair):
    """The message names app and namespace, which is what has to be mended."""
    _, text = token_for(server, "another")
    program = started(launch, server, pair, written(launch.folder / "token", text))

    until(lambda: "refuses (403)" in said(program))
    program.end()

    assert 'in the namespace "default" for the app "shop"' in program.errors


def ask(url: str, ca_file: str = "", timeout: float = 5.0) -> tuple[int, bytes]:
    connection = Connection(ControlAddress.of(url), timeout=timeout, trust=Trust(ca_file))
    try:
        return connection.request("GET", "/healthz")
    finally:
        connection.close()


def test_a_certificate_is_checked_for_its_authority_and_its_name(server, pair, tmp_path):
    """Whoever answers in the control plane's place could send an application rules."""
    assert ask(server.url, str(pair.certificate)) == (200, b"ok")
    with pytest.raises(ControlUnreachable, match=r"certificate is refused.*FAIRLEAD_CA_FILE"):
        ask(server.url)
    elsewhere = certificate(tmp_path / "other", "DNS:elsewhere.example")
    with serving(tmp_path / "data", **elsewhere.options) as other:
        with pytest.raises(ControlUnreachable, match="certificate is refused: IP address mismatch"):
            ask(other.url, str(elsewhere.certificate))
        localhost = other.url.replace("127.0.0.1", "localhost")
        with pytest.raises(ControlUnreachable, match="certificate is refused: Hostname mismatch"):
            ask(localhost, str(elsewhere.certificate))


def test_a_file_of_authorities_is_named_where_it_is_wrong_and_read_again(server, pair, tmp_path):
    """Authorities are replaced while programs run, too."""
    authorities = tmp_path / "ca.pem"
    connection = Connection(
        ControlAddress.of(server.url), timeout=5.0, trust=Trust(str(authorities))
    )
    with pytest.raises(ControlUnreachable, match=r"FAIRLEAD_CA_FILE='.*ca.pem': No such file"):
        connection.request("GET", "/healthz")
    authorities.write_text("nothing")
    with pytest.raises(ControlUnreachable, match="holds no certificate in PEM form"):
        connection.request("GET", "/healthz")
    shutil.copy(pair.certificate, authorities)
    assert connection.request("GET", "/healthz") == (200, b"ok")
    connection.close()


def test_a_server_without_tls_is_told_from_one_with(server, tmp_path):
    """The likeliest mistake with a URL, in both directions."""
    told = pytest.raises(ControlUnreachable, match="no TLS is spoken there")
    with serving(tmp_path / "data") as plain, told:
        ask(plain.url.replace("http:", "https:"))
    with pytest.raises(ControlUnreachable):
        ask(server.url.replace("https:", "http:"))


def test_a_handshake_that_does_not_end_is_given_up():
    """Nobody waits longer for it than for an answer."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ControlUnreachable, match="timed out"):
            ask(url, timeout=0.2)


def test_a_handshake_can_be_interrupted():
    """An agent that is told to stop does not wait for a control plane that hangs."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = ControlAddress.of(f"https://127.0.0.1:{silent.getsockname()[1]}")
        connection = Connection(address, timeout=30.0)
        failures: list[Exception] = []

        def wait() -> None:
            try:
                connection.request("GET", "/")
            except ControlUnreachable as error:
                failures.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        with silent.accept()[0] as accepted:
            accepted.recv(1)
            connection.interrupt()
            thread.join(10)
    assert failures


def test_a_token_is_not_sent_where_all_on_the_way_can_read_it(tmp_path, capfd):
    """With http:// beyond this machine it would be everybody's."""
    path = written(tmp_path / "token", "secret")
    for url, sent in (
        ("http://127.0.0.1:1", "secret"),
        ("http://[::1]:1", "secret"),
        ("http://localhost:1", "secret"),
        ("https://fairlead.example:1", "secret"),
        ("http://fairlead.example:1", ""),
        ("http://10.0.0.1:1", ""),
    ):
        assert token_of(str(path), ControlAddress.of(url))() == sent, url
    assert "use https://" in capfd.readouterr().err


def test_an_agent_without_tls_does_not_import_it():
    """It costs tens of milliseconds, and gevent wants to replace it first."""
    code = "import sys, fairlead.agent.agent; sys.exit('ssl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


PATCHED = """
import fairlead
agent = fairlead.current()
agent.ensure_ready()
from gevent import monkey
monkey.patch_all()
import gevent, urllib.request
print(agent.process.follower.source.connected, flush=True)
gevent.sleep(0.1)
"""


def test_greenlets_do_not_disturb_it(launch, server, pair):
    """Gevent replaces sockets and `ssl` under programs that had nothing to do with either."""
    _, text = token_for(server, "shop")
    program = launch(
        PATCHED + STAY,
        FAIRLEAD_CONTROL=server.url,
        FAIRLEAD_CA_FILE=str(pair.certificate),
        FAIRLEAD_TOKEN_FILE=str(written(launch.folder / "token", text)),
    )

    assert program.line() == "True"
    until(lambda: nodes(server, "shop"))
    program.end()

    assert program.errors == ""
