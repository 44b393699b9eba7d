"""Programs that were built with the agent are found at their servers, and leave as they would."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead import __version__
from fairlead.agent.inspect import ask
from scripts.servers.ports import free_port
from tests.faults.servers import Control, until
from tests.golang.building import fairlead_go
from tests.golang.wired import Wires, begun

SOURCES = Path(__file__).parent / "programs" / "leaving"


@pytest.fixture(scope="module")
def program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, as `fairlead go build` makes it."""
    folder = tmp_path_factory.mktemp("leaving")
    (folder / "main.go").write_bytes((SOURCES / "main.go").read_bytes())
    (folder / "go.mod").write_text("module leaving\n\ngo 1.21\n")
    fairlead_go(go, folder, "build", "--strict", "-o", "built", ".")
    return folder / "built"


@pytest.fixture
def starts(program: Path, tmp_path: Path) -> Iterator[Wires]:
    """Start processes of the program."""
    found = Wires(program, tmp_path)
    yield found
    found.stop()


@pytest.fixture
def _hears_interrupts() -> Iterator[None]:
    """Have programs get SIGINT also where these tests run in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_hears_interrupts")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("how", "status", "last"), [("default", None, None), ("own", 3, "all is put away")]
)
def test_a_program_ends_as_it_would(
    starts: Wires,
    control: Control,
    how: str,
    status: int | None,
    last: str | None,
    number: signal.Signals,
) -> None:
    """It leaves before its socket is closed, and its own way to end is not cut short."""
    one = starts.start("shop", how, FAIRLEAD_CONTROL=control.url, FAIRLEAD_APP="shop")
    (found,) = until(lambda: control.instances("shop"), "it is registered")
    (process,) = until(
        lambda: [
            one
            for instance in control.instances("shop")
            for one in instance["spec"]["processes"]
            if one.get("protocol") == "http"
        ],
        "its server is known",
    )
    assert [item["spec"]["address"] for item in control.instances("shop")] == [one.address]
    assert process["version"] == __version__
    hooked = {hook["library"] for hook in process["hooks"] if hook["state"] == "hooked"}
    assert {"net/http", "os/signal", "runtime"} <= hooked
    assert one.get() == "served"
    one.process.signal(number)
    until(lambda: not control.instances("shop"), "it has left")
    assert one.process.popen.wait(30) == (-number if status is None else status)
    assert one.process.text().splitlines()[-1] == (last or one.address)
    assert found["spec"]["app"] == "shop"


@pytest.mark.usefixtures("_hears_interrupts")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_hears_one_signal_ends_by_the_next(
    starts: Wires, control: Control, number: signal.Signals
) -> None:
    """As without us: who stops listening wants the second one to have its default action."""
    one = starts.start("shop", "once", FAIRLEAD_CONTROL=control.url, FAIRLEAD_APP="shop")
    until(lambda: control.instances("shop"), "it is registered")
    one.process.signal(number)
    until(lambda: not control.instances("shop"), "it has left")
    one.process.signal(number)
    assert one.process.popen.wait(30) == -number


def test_which_of_several_servers_is_registered_is_told_once(
    starts: Wires, control: Control, tmp_path: Path
) -> None:
    """The first may be the one for pprof; a setting says which, and nothing is to be told then."""
    env = {"FAIRLEAD_CONTROL": control.url, "FAIRLEAD_APP": "shop"}
    one = starts.start("shop", "several", **env)
    (line,) = until(one.said, "it says so")
    (found,) = until(lambda: control.instances("shop"), "it is registered")
    chosen = found["spec"]["address"]
    assert chosen != one.address
    assert line == (
        f"fairlead: servers listen at {chosen}, which is registered, and at {one.address}:"
        " FAIRLEAD_ADDRESS=HOST:PORT says which of them callers come to"
    )
    address = ask(tmp_path / "state" / f"{one.process.pid}.sock")["address"]
    assert address["chosen"] == chosen
    assert address["reason"] == "named by the server"
    assert one.address in address["others"]
    one.process.stop()
    where = f"127.0.0.1:{free_port()}"
    told = starts.start("told", "several", listen=where, FAIRLEAD_ADDRESS=where, **env)
    (found,) = until(lambda: control.instances("shop"), "it is registered")
    assert found["spec"]["address"] == where
    assert told.said() == []


def test_settings_that_do_nothing_are_told(starts: Wires, control: Control) -> None:
    """In one line each, with what may be written instead."""
    one = starts.start(
        "shop",
        "default",
        FAIRLEAD_CONTROL=control.url,
        FAIRLEAD_APP="shop",
        FAIRLEAD_DISABLE="gin,net/htp",
        FAIRLEAD_METRICS="9100",
    )
    until(lambda: control.instances("shop"), "it is registered")
    metrics, gin, misspelt = one.said()
    assert metrics.startswith("fairlead: FAIRLEAD_METRICS is not supported in Go programs")
    nothing = "which switches nothing off in Go programs (did you mean"
    assert f"'gin', {nothing} github.com/gin-gonic/gin?): it may be 1, or name" in gin
    assert f"'net/htp', {nothing} net/http?)" in misspelt
    alone = starts.start("alone", "default", FAIRLEAD_APP="shop")
    (line,) = alone.said()
    assert line == (
        "fairlead: FAIRLEAD_APP is set, and neither FAIRLEAD_CONTROL=http://HOST:PORT nor"
        " FAIRLEAD_SOURCE=file:PATH: this program runs without the agent"
    )
    wrong = starts.start("wrong", "default", FAIRLEAD_CONTROL="plane", FAIRLEAD_TRUST="all")
    (line,) = wrong.said()
    assert "FAIRLEAD_CONTROL='plane': expected http" in line
    assert "; FAIRLEAD_TRUST='all': expected mesh or none" in line


def test_a_server_that_nobody_ends_takes_no_more_and_finishes(
    starts: Wires, control: Control
) -> None:
    """Callers that have not heard of it are refused, and go elsewhere; whoever is in, is served."""
    one = starts.start("shop", "default", FAIRLEAD_CONTROL=control.url, FAIRLEAD_APP="shop")
    until(lambda: control.instances("shop"), "it is registered")
    where = ("127.0.0.1", one.port)
    with socket.create_connection(where) as caller:
        caller.sendall(b"GET /?sleep=2s HTTP/1.0\r\n\r\n")
        begun(caller)
        one.process.signal(signal.SIGTERM)

        def refused() -> bool:
            try:
                socket.create_connection(where).close()
            except ConnectionRefusedError:
                return True
            return False

        until(refused, "it takes no more")
        assert one.process.popen.poll() is None
        assert b"".join(iter(lambda: caller.recv(4096), b"")).endswith(b"served")
    assert one.process.popen.wait(30) == -signal.SIGTERM
    assert "the server ended" not in one.process.text()


@pytest.mark.parametrize(("how", "status"), [("late", -signal.SIGTERM), ("late-own", 3)])
def test_who_has_connected_is_served_before_the_end(
    starts: Wires, control: Control, how: str, status: int
) -> None:
    """A socket that is closed resets who waits there: their requests are served first."""
    one = starts.start("shop", how, FAIRLEAD_CONTROL=control.url, FAIRLEAD_APP="shop")
    until(lambda: control.instances("shop"), "it is registered")
    with contextlib.ExitStack() as callers:

        def call() -> socket.socket:
            caller = callers.enter_context(socket.create_connection(("127.0.0.1", one.port)))
            caller.sendall(b"GET /?sleep=200ms HTTP/1.1\r\nHost: shop\r\n\r\n")
            return caller

        first = call()
        until(lambda: "accepted" in one.process.text(), "the first is accepted")
        waiting = [call() for _ in range(20)]
        one.process.signal(signal.SIGTERM)
        for caller in [first, *waiting]:
            answer = b"".join(iter(lambda caller=caller: caller.recv(4096), b""))  # type: ignore[misc]
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"served" in answer
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", one.port)).close()
    assert one.process.popen.wait(30) == status
    # Who has the signal's default action does not see its server end.
    assert ("the server ended: http: Server closed" in one.process.text()) == (how == "late-own")
    assert one.process.text().count("the server ended") == (how == "late-own")
