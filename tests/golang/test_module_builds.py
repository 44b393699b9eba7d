"""Modules are hooked wherever they lie and however programs are built, which say what they are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.golang.building import FAIRLEAD, fairlead_go, run
from tests.golang.modules.building import Build, build_of, told

pytestmark = pytest.mark.timeout(900)

HOOKED = {
    "github.com/gin-gonic/gin",
    "github.com/go-chi/chi/v5",
    "github.com/gorilla/mux",
    "github.com/labstack/echo/v4",
    "golang.org/x/net/http2",
}


@pytest.fixture
def build(go: Path, tmp_path: Path) -> Build:
    """Build the program with routers in it."""
    return build_of("routers", go, tmp_path)


def serves(program: Path) -> None:
    """Start it, as a process that is governed."""
    pipe = subprocess.PIPE
    with subprocess.Popen([program], stdout=pipe, stderr=pipe, env=told(program)) as process:
        assert process.stdout is not None
        try:
            assert set(json.loads(process.stdout.readline())) == {"gin", "chi", "echo", "mux"}
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["routers", "rpc", "redis"])
def test_each_hook_is_told_before_it_is_built(build: Build, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    own = build_of(name, build.toolchain, folder)
    said = json.loads(own.go("build", "--strict", "--dry-run=json", "."))
    found = [one for one in said if "." in one["package"].partition("/")[0]]
    assert found
    for one in found:
        assert one["applies"], one
        assert re.match(r"v\d+\.\d+\.\d+", one["version"]), one


def test_a_program_says_what_it_is_made_of(build: Build) -> None:
    program = build.program("-trimpath", "-ldflags=-s -w")
    said = build.go("version", "-m", str(program))
    found = re.search(r"dep\tgithub.com/gin-gonic/gin\t(v[0-9.]+)\th1:", said)
    assert found
    hooks = dict(re.findall(r"^\thook\t(\S+)\t(v\S+)$", said, re.MULTILINE))
    assert hooks.keys() == HOOKED
    assert hooks["github.com/gin-gonic/gin"] == found[1]
    text = program.read_bytes()
    assert b"github.com/gin-gonic/gin@v" in text
    assert b"/fairlead/context.go" not in text
    serves(program)


def test_a_program_of_others_is_installed(go: Path, tmp_path: Path) -> None:
    """Nobody has its sources here; it comes as ``go install`` brings it."""
    places = {"GOBIN": str(tmp_path / "bin"), "GOFLAGS": "-modcacherw"}
    fairlead_go(go, tmp_path, "install", "github.com/rakyll/hey@v0.1.4", **places)
    program = tmp_path / "bin" / "hey"
    said = run(go, tmp_path, FAIRLEAD, "go", "version", program).stdout
    assert "\thook\tnet/http\n" in said
    said = run(go, tmp_path, "go", "version", "-m", program).stdout
    assert "\tmod\tgithub.com/rakyll/hey\tv0.1.4\th1:" in said
    assert "Usage: hey [options...] <url>" in run(go, tmp_path, program).stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "bin"]


def test_modules_that_are_vendored_are_hooked(build: Build) -> None:
    build.go("mod", "vendor", plain=True)
    serves(build.program("-mod=vendor"))


def copied(build: Build, module: str, name: str) -> Path:
    """Have a module replaced by a copy of it; return the copy."""
    where = build.go("list", "-m", "-f={{.Dir}}", module, plain=True).strip()
    folder = build.folder / name
    shutil.copytree(where, folder, copy_function=shutil.copyfile)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    build.go("mod", "edit", f"-replace={module}=./{name}", plain=True)
    return folder


def test_modules_that_are_replaced_are_hooked(build: Build) -> None:
    copied(build, "github.com/gin-gonic/gin", "gin")
    serves(build.program())


def test_modules_of_a_workspace_are_hooked(build: Build) -> None:
    (build.folder / "go.work").write_text(f"go {build.toolchain.name}\n\nuse .\n")
    serves(build.program())


def test_what_is_covered_is_hooked(build: Build) -> None:
    covered = ",".join(["./...", *sorted(HOOKED)])
    serves(build.program("-cover", f"-coverpkg={covered}"))


def test_a_router_that_has_changed_is_built_without_its_hook(build: Build) -> None:
    source = copied(build, "github.com/gorilla/mux", "mux") / "mux.go"
    declared = "func (r *Router) Match(req *http.Request, match *RouteMatch) bool {"
    changed = declared.replace("match ", "found ") + "\n\tmatch := found"
    assert declared in source.read_text()
    source.write_text(source.read_text().replace(declared, changed))
    said = build.go("build", "-o", str(build.folder / "program"), ".")
    assert "fairlead: github.com/gorilla/mux has no hook: no declaration" in said
    refused = run(build.toolchain, build.folder, FAIRLEAD, "go", "build", "--strict", ".")
    assert refused.returncode != 0
    assert "no declaration" in refused.stderr
