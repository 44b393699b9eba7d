"""Hooks say what they use that Go promises to nobody, and are left out where it is gone."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from fairlead.golang.command import prepared
from fairlead.golang.flags import joined, parse
from fairlead.golang.hooks import INJECT, STANDARD, Added, within
from fairlead.golang.needs import declaring, needs_of
from tests.golang.building import FAIRLEAD, Project, run

USES = Path(__file__).parent / "programs" / "uses"

pytestmark = pytest.mark.timeout(600)

SOURCE = b"""\
package http

type response struct {
	conn          *conn
	written, size int64
	any           interface{}
}

var (
	handlers struct {
		ref [numSig]int64
	}
	a, b int
)

const most = 3

type grabber interface {
	grab(ctx context.Context) (*conn, release, error)
}

func (c *conn) hijacked() bool { return c.taken }

func do(a, b string, more ...any) (n int, err error) { return }

func one(f func(x int) error) (err error) { return }

func none() {}
"""


@pytest.mark.parametrize(
    "need",
    [
        "type response",
        "response.conn *conn",
        "response.written int64",
        "response.size int64",
        "response.any any",
        "handlers.ref [numSig]int64",
        "var handlers",
        "var b",
        "const most",
        "func (grabber) grab(context.Context) (*conn, release, error)",
        "func (*conn) hijacked() bool",
        "func do(string, string, ...any) (int, error)",
        "func none()",
    ],
)
def test_what_is_declared_is_found(need: str) -> None:
    assert declaring({"a.go": b"package http\n", "b.go": SOURCE}, need) == ("b.go", "")


@pytest.mark.parametrize(
    ("need", "near"),
    [
        ("response.conn conn", "response.conn *conn"),
        ("response.taken bool", ""),
        ("func (*conn) hijacked() int", "func (*conn) hijacked() bool"),
        ("func (conn) hijacked() bool", ""),
        ("func hijacked() bool", ""),
        ("type responses", ""),
        ("func none() error", "func none()"),
    ],
)
def test_what_is_another_is_told(need: str, near: str) -> None:
    assert declaring({"b.go": SOURCE}, need) == ("", near)


def files_of(go: Path) -> list[Added]:
    """Return the files of ours that join packages of a toolchain."""
    version = run(go, go, go / "bin" / "go", "env", "GOVERSION").stdout
    found = re.match(r"go(\d+)\.(\d+)", version)
    assert found is not None
    minor = int(found[1]), int(found[2])
    return [
        one
        for hook in STANDARD
        if within(minor, hook.since, hook.before)
        for one in hook.added
        if within(minor, one.since, one.before)
    ]


def test_each_file_says_all_that_it_uses(few: Path, tmp_path: Path) -> None:
    """The compiler's types say what is used: what nobody declares would not compile one day."""
    project = Project(few, tmp_path / "hello")
    path = f"{few / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    argv = prepared(parse(["build", f"-C={project.folder}", "."]), environment).argv
    flags = [one for one in argv if one.startswith(("-overlay=", "-toolexec="))]
    shutil.copy(USES / "main.go", project.folder)
    project.plain("build", "-o", "uses", ".")
    files = files_of(few)
    declared = {}
    for one in files:
        if needs := needs_of((INJECT / one.source).read_bytes()):
            declared[one.package, Path(one.source).name] = sorted(needs)
    used: dict[tuple[str, str], list[str]] = {}
    for package in {one.package for one in files} - {"index"}:
        overlay = flags[0].partition("=")[2]
        done = project.run("./uses", overlay, package, GOFLAGS=joined(flags))
        assert done.returncode == 0, done.stderr
        text = done.stdout.replace("[65]", "[numSig]")  # what the compiler has counted
        ours = {Path(one.source).name for one in files if one.package == package}
        for file, need in sorted(line.split("\t") for line in text.splitlines()):
            if file in ours:
                used.setdefault((package, file), []).append(need)
    assert declared == used


def test_a_toolchain_without_what_a_hook_uses_builds_without_the_hook(
    go: Path, tmp_path: Path
) -> None:
    """A field that has another name is no reason for a build to fail."""
    home = tmp_path / "go"
    shutil.copytree(go, home, symlinks=True, copy_function=lambda a, b: Path(b).hardlink_to(a))
    server = home / "src" / "net" / "http" / "server.go"
    text, times = re.subn(r"\blisteners\b", "listening", server.read_text())
    assert times > 5
    server.unlink()
    server.write_text(text)
    project = Project(home, tmp_path / "hello")
    said = project.fairlead("build", "-o", "hello", ".").stderr
    for function in ("Serve", "Shutdown"):
        assert (
            f"fairlead: no hook in net/http (*Server).{function}: net/http is not as it was:"
            " there is no Server.listeners map[*net.Listener]struct{}\n" in said
        )
    assert said.count("no hook in") == 2
    symbols = project.plain("tool", "nm", "hello").stdout
    assert " net/http.(*Server).fairleadServe" not in symbols
    assert " net/http.(*fairleadSending).send" in symbols
    assert project.run("./hello").stdout == "got true\n"
    done = project.run(FAIRLEAD, "go", "build", "--strict", "-o", "strict", ".")
    assert done.returncode == 1
    assert "fairlead: 2 hooks do not fit, and --strict says that all must\n" in done.stderr
    assert not (project.folder / "strict").exists()
