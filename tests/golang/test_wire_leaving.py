"""Programs that were built with the agent are found at their servers, and leave as they would."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead import __version__
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


@pytest.mark.parametrize(
    ("how", "status", "last"),
    [("default", -signal.SIGTERM, None), ("own", 3, "all is put away")],
)
def test_a_program_ends_as_it_would(
    starts: Wires, control: Control, how: str, status: int, last: str | None
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
    one.process.signal(signal.SIGTERM)
    until(lambda: not control.instances("shop"), "it has left")
    assert one.process.popen.wait(30) == status
    assert one.process.text().splitlines()[-1] == (last or one.address)
    assert found["spec"]["app"] == "shop"


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
