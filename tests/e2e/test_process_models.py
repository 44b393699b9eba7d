"""Every way to serve an app that we name: one instance, the right processes, the lane kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import instances as run
import pytest
from fleet import Fleet
from load import Answer, Request, send
from processes import Instance
from scenarios import SHENZHEN

from tests.whole import few

APPS = Path(__file__).parent / "apps"
REQUESTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A way to serve an app, and how many processes of it answer requests."""

    name: str
    command: tuple[str, ...]
    workers: int = 1
    leaves_within: float = 2.0
    """Seconds, well before a lease could have run out."""

    def instance(self) -> Instance:
        """Return it as the app that the entry calls."""
        return Instance(app="a", command=self.command)


def uvicorn(*options: str, workers: int = 1) -> Model:
    command = ("uvicorn", "asgi_a:app", "--app-dir", str(APPS), "--port", "0", *options)
    return Model(name=" ".join(["uvicorn", *options]), command=command, workers=workers)


def gunicorn(*options: str, app: str = "wsgi_a", workers: int = 1) -> Model:
    command = ("gunicorn", f"{app}:app", "--chdir", str(APPS), "--bind", "127.0.0.1:0", *options)
    return Model(name=" ".join(["gunicorn", *options]), command=command, workers=workers)


def flask(*options: str, leaves_within: float = 2.0) -> Model:
    command = ("flask", "--app", str(APPS / "wsgi_a"), "run", "--port", "0", *options)
    name = " ".join(["flask run", *options])
    return Model(name=name, command=command, leaves_within=leaves_within)


def aiohttp() -> Model:
    """Aiohttp serves by itself, and has no options but its program's."""
    return Model(name="aiohttp", command=("python", str(APPS / "aiohttp_a.py")))


MODELS = (
    uvicorn(),
    uvicorn("--workers", "2", workers=2),
    uvicorn("--reload", "--reload-dir", str(APPS)),
    gunicorn(),
    gunicorn("-w", "2", workers=2),
    gunicorn("-w", "2", "--preload", workers=2),
    gunicorn("--threads", "4"),
    gunicorn("-k", "gevent", "-w", "2", workers=2),
    gunicorn("-k", "uvicorn_worker.UvicornWorker", "-w", "2", app="asgi_a", workers=2),
    gunicorn("-k", "uvicorn_worker.UvicornWorker", "--preload", app="asgi_a"),
    aiohttp(),
    gunicorn("-k", "aiohttp.GunicornWebWorker", "-w", "2", app="aiohttp_a", workers=2),
    gunicorn("-k", "aiohttp.GunicornUVLoopWebWorker", "--preload", app="aiohttp_a"),
    flask(),
    # Its reloader answers SIGTERM by killing the server, which then cannot say good-bye: only the
    # end of its lease tells.
    flask("--debug", leaves_within=15),
)

MOST_DIFFERENT = [MODELS[place] for place in (0, 1, 5, 7, 8, 10, 11, 13)]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """An entry with a rule, and a service with a gray instance; the app between is the test's."""
    with Fleet(tmp_path_factory.mktemp("models")) as fleet:
        fleet.apply("traffic-label-rule.yaml")
        fleet.start((run.ENTRY, run.C, run.C_GRAY))
        yield fleet


@pytest.mark.parametrize(
    "model", few(MODELS, *MOST_DIFFERENT), ids=lambda model: model.name.replace(str(APPS), "apps")
)
def test_a_process_model_is_one_instance_that_keeps_lanes_and_leaves(
    fleet: Fleet, model: Model
) -> None:
    """People choose their server; a worker that is missed would serve without governance."""
    instance = model.instance()
    try:
        fleet.start([instance])
        wait_for_workers(fleet, model.workers)
        fleet.settle()
        answers = ask_half_gray(fleet)
    finally:
        fleet.stop([instance])
    assert [answer for answer in answers if not answer.right] == []
    assert gone(fleet, model.leaves_within), "it is still registered after SIGTERM has ended it"


def wait_for_workers(fleet: Fleet, workers: int) -> None:
    """Wait until `workers` processes of one instance are registered."""
    deadline = time.monotonic() + 60
    while sizes(fleet) != [workers] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sizes(fleet) == [workers]


def sizes(fleet: Fleet) -> list[int]:
    """Return of how many processes each instance of the app is."""
    return [len(pids) for pids in fleet.control.processes("a")]


def ask_half_gray(fleet: Fleet) -> list[Answer]:
    """Send requests on both lanes through the entry, several at a time."""
    address = fleet.address(run.ENTRY)
    assert address is not None
    # A process that answers and is not registered is not among these.
    texts = [f"A[{pid}]→C" for pids in fleet.control.processes("a") for pid in pids]
    base = Request(expect=tuple(texts))
    gray = Request(expect=tuple(f"{text}gray" for text in texts), headers=(SHENZHEN,))
    answers: list[Answer] = []
    turns = (gray if number % 2 else base for number in range(REQUESTS))
    asyncio.run(send(address, turns, answers.append, concurrent=8))
    return answers


def gone(fleet: Fleet, within: float) -> bool:
    """Tell whether nothing of the app is registered, at the latest after `within` seconds."""
    deadline = time.monotonic() + within
    while sizes(fleet) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not sizes(fleet)
