"""A lane goes with a request through goroutines, and not with whoever it has started for others."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.faults.servers import until
from tests.golang.building import Project
from tests.golang.wired import Wired, Wires

SOURCE = Path(__file__).parent / "programs" / "goroutines" / "main.go"
GRAY = "x-opensergo-traffic=gray"
NOWHERE = "http://127.0.0.1:1"
"""A control plane that is away: labels are passed on all the same."""

pytestmark = pytest.mark.timeout(900)  # the first one builds


@pytest.fixture(scope="module")
def program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program with the agent, under the race detector."""
    project = Project(go, tmp_path_factory.mktemp("goroutines"))
    project.write("main.go", SOURCE.read_text())
    project.fairlead("build", "-race", "-o", "goroutines", ".")
    return project.folder / "goroutines"


@pytest.fixture
def app(program: Path, tmp_path: Path) -> Iterator[Wired]:
    """Run it; it may not find a data race."""
    wires = Wires(program, tmp_path)
    yield wires.start("app", FAIRLEAD_CONTROL=NOWHERE)
    wires.stop()


def test_no_request_of_many_at_once_gets_anothers_lane(app: Wired) -> None:
    """Plain calls, children of children, and workers that a gray request has started."""
    ways = ("/plain", "/child", "/pool")
    assert app.get("/pool", baggage=GRAY) == GRAY  # its workers are started on a lane

    with httpx.Client(base_url=f"http://127.0.0.1:{app.port}", trust_env=False) as client:

        def ask(number: int) -> tuple[str, str]:
            wanted = GRAY if number % 2 else ""
            found = client.get(ways[number % 3], headers={"baggage": wanted} if wanted else {})
            return wanted, found.text

        with ThreadPoolExecutor(8) as threads:
            leaks = [one for one in threads.map(ask, range(1200)) if one[0] != one[1]]
    assert leaks == []


def test_who_outlives_a_request_leaves_its_lane(app: Wired) -> None:
    """What a request has left behind works for nobody in the end; docs/lanes.md says when."""
    app.get("/leave", baggage=GRAY)
    seen = until(lambda: _whole(app.get("/seen").split("\n")), "the lane to be left")
    turn = seen.index("")
    assert turn >= 20
    assert (set(seen[:turn]), set(seen[turn:])) == ({GRAY}, {""})


def _whole(seen: list[str]) -> list[str] | None:
    return seen if len(seen) > 60 else None


def test_a_handler_that_its_server_gave_up_is_no_race(app: Wired) -> None:
    """`http.TimeoutHandler` answers while the handler runs on: a request ends before its route."""
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: app.get("/slow/1", baggage=GRAY), range(100)))
    assert found <= {"late", GRAY}
