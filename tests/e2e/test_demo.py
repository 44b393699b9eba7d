"""The demo itself, with a handful of requests."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from load import Answer, Request
from processes import environment
from rolling import instead

from tests.whole import WHOLE, few

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "examples" / "01-full-link-gray" / "demo.py"


def demo(work: Path, *options: str, seconds: float = 170) -> subprocess.CompletedProcess[str]:
    """Run the demo, with what it keeps below `work`."""
    return subprocess.run(
        [sys.executable, str(DEMO), "--work", str(work), *options],
        env=environment(HOME=str(work / "home")),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def footprint() -> tuple[list[str], list[str]]:
    """Return the files of the example, caches too, and what lies at the root of the repository."""
    return sorted(map(str, DEMO.parent.rglob("*"))), sorted(os.listdir(ROOT))


def sessions_of(work: Path) -> list[str]:
    """Return the command lines of processes that have `work` in their arguments or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(work).encode() in text and process.name != str(os.getpid()):
            found.append(text.replace(b"\0", b" ").decode(errors="replace")[:200])
    return found


def test_the_first_scenarios_hold_on_real_processes(tmp_path: Path) -> None:
    """A newcomer's first minute: the whole chain, by one command, leaving nothing behind.

    S0-02 too: a limit.
    """
    before = footprint()
    report = tmp_path / "report.json"
    scenarios = "no-gray-b,header-gray,rate-limit"
    options = ("--scenarios", scenarios, "--scale", "0.02", "--json", str(report))
    done = demo(tmp_path / "work", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(report.read_text())
    assert figures["ok"] is True
    *lanes, limited = figures["scenarios"]
    assert [scenario["id"] for scenario in lanes] == ["no-gray-b", "header-gray"]
    for scenario in lanes:
        assert (scenario["requests"], scenario["failed"], scenario["leaks"]) == (20, 0, 0)
    assert (limited["ok"], limited["failed"], limited["leaks"]) == (True, 0, 0)
    assert limited["answers"]["hello"] == limited["passed"] + 5
    assert limited["passed"] >= 2
    assert "Agray→B→Cgray" in done.stdout
    assert "Agray→Bgray→Cgray" in done.stdout
    assert footprint() == before
    assert not (tmp_path / "work" / "home").exists()
    assert sessions_of(tmp_path) == []


@pytest.mark.timeout(200)
@pytest.mark.parametrize("db", few(["sqlite", "mariadb", "postgres"], "sqlite"))
def test_rows_of_gray_requests_are_where_the_rules_say(tmp_path: Path, db: str) -> None:
    """A gray row in a base table is what nobody can take out again."""
    work, report = tmp_path / "work", tmp_path / "report.json"
    scenarios = "shadow-table,shadow-database,shadow-missing,mixed-media"
    options = ("--scenarios", scenarios, "--scale", "0.01", "--db", db, "--json", str(report))
    done = demo(work, *options, seconds=180)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(report.read_text())
    tables, databases, missing, mixed = (scenario["rows"] for scenario in figures["scenarios"])
    base, shadow, other = "mse_demo_table", "mse_demo_table_gray", "mse-demo-gray.mse_demo_table"
    assert added(tables) == [{shadow: {"Cgray": 10}}, {base: {"C": 10}}, {shadow: {"C": 10}}]
    assert added(databases) == [{other: {"Cgray": 10}}, {base: {"C": 10}}, {other: {"C": 10}}]
    assert added(missing) == [{base: {"C": 2}}] * 2 + [{base: {"C": 2}, shadow: {"Cgray": 2}}]
    assert added(mixed) == [{base: {"C": 50}, shadow: {"Cgray": 50}}]
    assert f"SELECT * FROM {shadow}" in done.stdout
    assert sessions_of(tmp_path) == []


def added(rounds: list[dict[str, dict[str, object]]]) -> list[dict[str, object]]:
    """Return what each round added to each place; of others the checksums must be the same."""
    for places in rounds:
        for one in places.values():
            assert one["added"] or one["checksum_before"] == one["checksum_after"]
    return [
        {name: one["added"] for name, one in places.items() if one["added"]} for places in rounds
    ]


@WHOLE
@pytest.mark.timeout(300)
def test_restarts_a_lost_control_plane_and_three_patterns_fail_no_request(
    tmp_path: Path,
) -> None:
    """S0-05, S0-17 to S0-19, S3-01, S2-23, S3-14: what is done while customers are there."""
    report = tmp_path / "report.json"
    scenarios = "rolling-restart,control-plane-loss,patterns"
    options = ("--scenarios", scenarios, "--scale", "0.01", "--json", str(report))
    done = demo(tmp_path / "work", *options, seconds=280)
    assert done.returncode == 0, done.stdout + done.stderr
    rolling, loss, patterns = json.loads(report.read_text())["scenarios"]
    for scenario in (rolling, loss, patterns):
        assert (scenario["ok"], scenario["failed"], scenario["leaks"]) == (True, 0, 0)
    assert set(rolling["answers"]) == {"B1", "B2", "B3", "B4", "B5", "B6"}
    assert "its request of 5 s was answered: B1 " in rolling["replaced"][0]
    assert set(loss["answers"]) <= {"A→B→C", "Agray→Bgray→Cgray", "Agray→B→Cgray"}
    assert loss["doctor says of the restarted B"].startswith("last known good, saved ")
    assert [" ".join(line.split()[-1:]) for line in patterns["side by side"][1:]] == [
        "Agray→Bgray→Cgray", "Agray→B→C", "Agray→B→Cgray",
    ]  # fmt: skip
    assert sessions_of(tmp_path) == []


def test_a_demo_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    """Whoever sees it fail needs the log's end, not a stack trace and stray servers."""
    work = tmp_path / "work"
    done = demo(work, "--scenarios", "no-such-scenario")
    assert done.returncode == 2
    assert "no-such-scenario" in done.stderr
    done = demo(work, "--db", "oracle")
    assert done.returncode == 2
    assert "no database oracle; there are sqlite, mariadb, postgres" in done.stderr
    assert sessions_of(tmp_path) == []


def test_a_second_demo_leaves_the_first_ones_data_alone(tmp_path: Path) -> None:
    """One terminal plays with KEEP=1, and in another somebody starts it again."""
    work = tmp_path / "work"
    (work / "data").mkdir(parents=True)
    with (work / "lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        done = demo(work, "--scenarios", "spoofed")
    assert done.returncode == 1
    assert f"another demo runs in {work}: stop it first" in done.stderr
    assert (work / "data").is_dir()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_demo_stops_what_it_started(tmp_path: Path, name: str) -> None:
    """Ctrl-C in the middle is how most people will leave it."""
    work = tmp_path / "work"
    argv = [sys.executable, str(DEMO), "--work", str(work), "--scenarios", "fallback"]
    deadline = time.monotonic() + 60
    with subprocess.Popen(argv, env=environment(), stdout=subprocess.DEVNULL) as child:
        while not (work / "logs" / "c-gray.log").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        child.send_signal(signal.Signals[name])
        assert child.wait(60) == 130
    assert sessions_of(tmp_path) == []


def test_where_no_request_arrives_the_first_wrong_answer_is_told():
    """That none has arrived is seen; what is to be mended stands in the answer."""
    request = Request(expect=("B1 7",), row=None, path="/b/wait", query="number=7")
    answers = [Answer(request, 200, "B1 7"), Answer(request, 502, "bad\n gateway")]

    async def told() -> str:
        tasks = [asyncio.ensure_future(asyncio.sleep(0, answer)) for answer in answers]
        await asyncio.gather(*tasks)
        return instead(tasks)

    assert asyncio.run(told()) == ": the first wrong answer was 502: bad gateway"
