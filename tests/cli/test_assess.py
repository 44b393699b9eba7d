"""``fairlead assess``: figures with their doubts, of a real app."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from fairlead.cli.assess.command import doubted, worded
from fairlead.cli.assess.comparing import FIGURES, Round, compared, quantile_of
from fairlead.cli.assess.load import Target
from fairlead.cli.failure import Failed
from fairlead.cli.main import main
from scripts.servers.ports import free_port

APP = """
import os, sys
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
import uvicorn
async def answer(request):
    broken = len(sys.argv) > 2 and os.environ.get("FAIRLEAD_ENABLED") == "1"
    return PlainTextResponse("ok", status_code=503 if broken else 200)
app = Starlette(routes=[Route("/", answer)])
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
"""


def a_round(middle: float, cpu: float, **more: object) -> Round:
    """A hundred requests around `middle` seconds."""
    latencies = tuple(middle * (1 + place / 1000) for place in range(100))
    fields = {"failures": 0, "statuses": ((200, 100),), "seconds": 1.0, "late": 0.0, **more}
    return Round(latencies=latencies, cpu=cpu, **fields)  # type: ignore[arg-type]


def test_what_the_agent_adds_is_told_apart_from_what_the_machine_does():
    """Each pair of rounds shares its noise; what is left of it is the interval."""
    pairs = [(a_round(0.010 + n, 0.2), a_round(0.012 + n, 0.2)) for n in (0.0, 0.004, 0.001)]
    found = {one.name: one for one in compared(pairs)}
    assert list(found) == [name for name, _ in FIGURES]
    assert found["p50"].value == pytest.approx(0.0021, rel=0.05)
    assert found["p50"].told_apart
    assert found["p50"].noise > 0.001
    assert not found["cpu"].told_apart
    assert found["cpu"].value == 0


def test_two_rounds_that_disagree_tell_nothing():
    """With two pairs Student's interval is twelve times the error."""
    pairs = [(a_round(0.010, 0.2), a_round(0.012, 0.2)), (a_round(0.010, 0.2), a_round(0.013, 0.2))]
    (p50,) = [one for one in compared(pairs) if one.name == "p50"]
    assert not p50.told_apart
    asked = {"requests": 100, "rate": 100, "url": "http://x"}
    text = "\n".join(worded(compared(pairs), [], 2, asked))
    assert "p50: no difference can be told from the noise" in text
    assert quantile_of(1) == pytest.approx(12.7, abs=0.1)
    assert quantile_of(500) == 1.96


def test_doubts_are_said():
    """A figure is believed more readily than it should be."""
    slow = a_round(0.01, 0.1, late=0.4, seconds=2.0, failures=3, statuses=((200, 50), (503, 50)))
    doubts = "\n".join(doubted([(a_round(0.01, 0.9), slow)] * 2, 100))
    assert "40 % of requests of a round were sent late" in doubts
    assert "answered 50/s where 100/s were asked" in doubts
    assert "6 requests failed" in doubts
    assert "the app answers otherwise with the agent" in doubts
    assert "less than 0.2 s of CPU" in doubts
    assert list(doubted([(a_round(0.01, 0.9), a_round(0.01, 0.9))] * 2, 100)) == []


@pytest.mark.parametrize("url", ["", "localhost:80", "ftp://x/", "http:///x"])
def test_an_url_that_is_none_is_a_usage_error(url: str):
    with pytest.raises(Failed) as failed:
        Target.of(url)
    assert failed.value.status == 2


@pytest.fixture
def port() -> int:
    return free_port()


def words(port: int, tmp_path: Path, *more: str) -> list[str]:
    script = tmp_path / "app.py"
    script.write_text(APP)
    url = f"http://127.0.0.1:{port}/"
    asked = ["assess", "--url", url, "--requests", "40", "--rate", "100", "--rounds", "2"]
    return [*asked, "-o", "json", "--", sys.executable, str(script), str(port), *more]


@pytest.mark.timeout(180)
def test_an_app_is_started_with_and_without_the_agent(port, tmp_path, capsys):
    """Four starts of a real server, the same requests each time, and no process is left."""
    assert main(words(port, tmp_path)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rounds"] == 2
    for figure in found["figures"].values():
        assert figure["without"] >= 0
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert found["figures"]["p50"]["without"] > 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.timeout(180)
def test_an_app_that_answers_otherwise_with_the_agent_is_an_error(port, tmp_path, capsys):
    """Nobody cares for the latency of a 503. It also shows that the agent was in it."""
    assert main(words(port, tmp_path, "break")) == 1
    assert "answers otherwise with the agent" in capsys.readouterr().out


def test_a_command_that_does_not_serve_shows_what_it_said(port, capsys):
    url = f"http://127.0.0.1:{port}/"
    code = "print('no database'); raise SystemExit(4)"
    assert main(["assess", "--url", url, "--", sys.executable, "-c", code]) == 1
    error = capsys.readouterr().err
    assert "ended with status 4 before it served" in error
    assert "    no database" in error


@pytest.mark.timeout(180)
def test_a_command_that_the_agent_does_not_get_into_is_not_measured(port, tmp_path, capsys):
    """Two halves without the agent would differ by nothing, and that would be believed."""
    shell = tmp_path / "serve.sh"
    shell.write_text(f"#!/bin/sh\nFAIRLEAD_ENABLED=0 exec {sys.executable} -m http.server {port}\n")
    shell.chmod(0o755)
    url = f"http://127.0.0.1:{port}/"
    more = ("--requests", "20", "--rate", "100", "--rounds", "2")
    assert main(["assess", "--url", url, *more, "--", str(shell)]) == 1
    assert "has the agent in it" in capsys.readouterr().err


def test_who_answers_already_is_not_measured(server, capsys):
    """It would be another program than the one that is started."""
    assert main(["assess", "--url", f"{server.url}/healthz", "--", "true"]) == 2
    assert "already" in capsys.readouterr().err
