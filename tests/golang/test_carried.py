"""A file says whether the agent is in it, and a process that is not governed says why."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fairlead import __version__
from fairlead.golang.carried import Carried, build_mark, carried, go_version
from tests.faults.servers import Process, plain_environment, until
from tests.golang.building import FAIRLEAD, Project

SLEEPS = """\
package main

import (
	"fmt"
	"net/http"
	"time"
)

func main() {
	fmt.Println("started", http.MethodGet)
	time.Sleep(time.Hour)
}
"""


def literal(text: str) -> bytes:
    """Return what a compiler makes of a mark."""
    head, said, end = text.split(" + ", 2)
    assert end == r'"\xff"'
    text = head.strip('"').removeprefix(r"\xff") + str(json.loads(said))
    return b"\xff" + text.encode() + b"\xff"


def test_a_mark_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Also beside parts of it, and what looks like one."""
    mark = build_mark("1.2", "go1.26.8", ["net/http", "net/http", "runtime"], goroutines=True)
    hook = json.dumps({"path": "github.com/gin-gonic/gin", "version": "v1.9.1"}).encode()
    file = tmp_path / "program"
    parts = [b"\xff fairlead go build:{", b"\xff fairlead go hook:{nonsense}\xff", literal(mark)]
    file.write_bytes(b"\0".join([*parts, b"\xff fairlead go hook:" + hook + b"\xff", b"end"]))
    assert carried(file) == Carried(
        fairlead="1.2",
        go="go1.26.8",
        goroutines=True,
        hooks=("net/http", "runtime"),
        modules=(("github.com/gin-gonic/gin", "v1.9.1"),),
    )
    assert go_version(file) == ""


@pytest.mark.parametrize("text", [b"nothing", b"\xff fairlead go build:{}", b"\xff Go buildinf:"])
def test_what_is_no_program_of_ours_carries_nothing(tmp_path: Path, text: bytes) -> None:
    """Whatever it is."""
    file = tmp_path / "program"
    file.write_bytes(text)
    assert carried(file) is None
    assert go_version(file) in ("", "go")


@pytest.fixture(scope="module")
def project(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A program, built with the agent, without, and stripped of all that can be."""
    found = Project(go, tmp_path_factory.mktemp("carried") / "hello")
    found.write("main.go", SLEEPS)
    found.fairlead("build", "-ldflags=-s -w", "-trimpath", "--gls=off", "-o", "ours", ".")
    found.plain("build", "-o", "plain", ".")
    return found


def test_a_stripped_program_says_that_the_agent_is_in_it(project: Project, go: Path) -> None:
    """`go version` says the rest, and the exit status whether all of them have it."""
    assert go_version(project.folder / "ours") == f"go{go.name}"
    said = project.run(FAIRLEAD, "go", "version", "ours")
    lines = [
        f"ours: go{go.name}",
        f"\tfairlead\t{__version__}\tgoroutines=off",
        *(f"\thook\t{one}" for one in ("database/sql", "net/http", "os/signal")),
    ]
    assert (said.returncode, said.stdout.splitlines()) == (0, lines)
    alone = project.run(FAIRLEAD, "go", "version", "ours", PATH="/nowhere")
    assert (alone.returncode, alone.stdout.splitlines()) == (0, lines)
    module = project.run(FAIRLEAD, "go", "version", "-m", "ours", "plain")
    assert module.returncode == 1
    assert "\tmod\texample.org/hello" in module.stdout
    assert module.stdout.splitlines()[-1].startswith(
        "\tfairlead\tis not in it: `fairlead go build`"
    )
    none = project.run(FAIRLEAD, "go", "version", "main.go")
    assert none.returncode == 1
    assert "fairlead: main.go: no program in Go" in none.stderr
    both = project.run(FAIRLEAD, "go", "version", ".")
    assert [line for line in both.stdout.splitlines() if line[0] != "\t"] == [
        f"{name}: go{go.name}" for name in ("ours", "plain")
    ]
    assert (both.returncode, both.stderr) == (1, "")
    assert project.run(FAIRLEAD, "go", "version").stdout.startswith("go version go")


@contextmanager
def running(program: Path, log: Path, **settings: str) -> Iterator[int]:
    """Run a program; give its pid as soon as it has started."""
    process = Process([str(program)], log, plain_environment(**settings))
    try:
        until(lambda: "started" in process.text(), "it starts")
        yield process.pid
    finally:
        process.kill()


def doctor(*words: str) -> subprocess.CompletedProcess[str]:
    """Return what doctor says."""
    argv = [sys.executable, "-m", "fairlead.cli.main", "doctor", *words]
    return subprocess.run(
        argv, env=plain_environment(), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("program", "settings", "text", "remedy"),
    [
        ("plain", {}, "that was built without the agent", "build it with `fairlead go build`"),
        (
            "ours",
            {},
            "FAIRLEAD_CONTROL (or a FAIRLEAD_SOURCE=file:PATH) and FAIRLEAD_APP are not set",
            "start it with FAIRLEAD_CONTROL=http://HOST:PORT and FAIRLEAD_APP=NAME",
        ),
        (
            "ours",
            {"FAIRLEAD_APP": "shop", "FAIRLEAD_LANE": "-x"},
            "FAIRLEAD_SOURCE=file:PATH) is not set; besides, FAIRLEAD_LANE='-x': a lane has",
            "start it with",
        ),
        (
            "ours",
            {"FAIRLEAD_CONTROL": "http://127.0.0.1:1", "FAIRLEAD_TRUST": "all"},
            "is switched off: FAIRLEAD_TRUST='all': expected mesh or none",
            "correct the variable",
        ),
        (
            "ours",
            {"FAIRLEAD_CONTROL": "http://127.0.0.1:1", "FAIRLEAD_DISABLE": "1"},
            "FAIRLEAD_DISABLE=1 switches it off",
            "take FAIRLEAD_DISABLE away",
        ),
    ],
)
def test_doctor_says_why_a_go_program_is_not_governed(
    project: Project,
    tmp_path: Path,
    program: str,
    settings: dict[str, str],
    text: str,
    remedy: str,
) -> None:
    """Its file says whether there is an agent in it, and its environment what is missing."""
    with running(project.folder / program, tmp_path / "log", **settings) as pid:
        said = doctor(str(pid))
        plain = json.loads(doctor(str(pid), "-o", "json").stdout)
        among = json.loads(doctor("-o", "json").stdout)["processes"]
    assert said.returncode == 1
    assert text in said.stdout
    assert f"    → {remedy}" in said.stdout
    (problem,) = plain["problems"]
    assert text in problem["text"]
    assert problem["code"] == ("absent" if program == "plain" else "off")
    told = [one["silent"] for one in among if one["pid"] == pid]
    assert told == ([plain["silent"]] if problem["code"] == "off" and settings else [])


def test_doctor_finds_a_program_by_the_state_that_it_was_given(
    project: Project, tmp_path: Path
) -> None:
    """Who asks need not know where it keeps its socket."""
    settings = {"FAIRLEAD_CONTROL": "http://127.0.0.1:1", "FAIRLEAD_APP": "shop"}
    state = str(tmp_path / "state")
    with running(
        project.folder / "ours", tmp_path / "log", FAIRLEAD_STATE=state, **settings
    ) as pid:
        said = doctor(str(pid))
    assert "app         shop in namespace default" in said.stdout
