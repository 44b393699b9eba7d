"""Programs are built with the agent in them, whichever way they are built; nothing else changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.golang.building import FAIRLEAD, Project

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def project(go: Path, tmp_path: Path) -> Project:
    return Project(go, tmp_path / "hello")


def text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_a_program_has_the_agent_in_it_and_its_sources_stay(project: Project) -> None:
    before = {path: path.read_bytes() for path in project.folder.rglob("*")}
    project.fairlead("build", "--strict", "-o", "../made", ".")
    assert project.hooked("../made")
    assert project.run("../made").stdout == "got true\n"
    assert {path: path.read_bytes() for path in project.folder.rglob("*")} == before


def test_builds_without_the_agent_stay_what_they_were(project: Project, tmp_path: Path) -> None:
    """Both kinds share a cache of builds, and none of them is taken for the other."""
    project.plain("build", "-o", "before", ".")
    project.fairlead("build", "-o", "hello", ".")
    project.plain("build", "-o", "after", ".")
    fresh = str(tmp_path / "cache")
    project.plain("build", "-o", "fresh", ".", GOCACHE=fresh)
    kept = [(project.folder / name).read_bytes() for name in ("before", "after", "fresh")]
    assert kept[0] == kept[1] == kept[2]
    assert not project.hooked("after")


def test_the_same_is_built_twice(project: Project) -> None:
    for name in ("one", "two"):
        project.fairlead("build", "-trimpath", "-o", name, ".")
    one, two = ((project.folder / name).read_bytes() for name in ("one", "two"))
    assert one == two
    assert b".cache/fairlead" not in one


def test_files_that_are_gone_from_our_cache_are_made_again(
    project: Project, tmp_path: Path
) -> None:
    """Who cleans caches by the age of files leaves the folders, and ours look old."""
    compiled = project.plain("env", "GOCACHE").stdout.strip()  # which would move with the other
    moved = {"XDG_CACHE_HOME": str(tmp_path / "home"), "GOCACHE": compiled}
    project.fairlead("build", "-n", ".", **moved)
    added = sorted((tmp_path / "home").rglob("fairlead_*.go"))
    texts = [path.read_bytes() for path in added]
    added[0].unlink()
    shutil.rmtree(added[-1].parent)
    project.fairlead("build", "-o", "hello", ".", **moved)
    assert project.hooked()
    assert [path.read_bytes() for path in added] == texts


def test_a_program_is_run_and_what_stands_behind_it_is_its_own(project: Project) -> None:
    project.write(
        "main.go",
        'package main\n\nimport (\n\t"os"\n\t_ "net/http"\n)\n\n'
        "func main() { println(len(os.Args), os.Args[1]); os.Exit(3) }\n",
    )
    done = project.run(FAIRLEAD, "go", "run", ".", "--strict", "-o")
    assert "3 --strict\n" in done.stderr


def test_tests_are_built_with_it_too(project: Project) -> None:
    project.write(
        "hello_test.go",
        'package main\n\nimport "testing"\n\nfunc TestMain1(t *testing.T) { main() }\n',
    )
    assert "ok" in project.fairlead("test", "./...").stdout
    project.fairlead("test", "-c", "-o", "tests", ".")
    assert project.hooked("tests")


def test_a_test_that_vet_refuses_fails_as_it_would(project: Project) -> None:
    project.write(
        "hello_test.go",
        'package main\n\nimport (\n\t"fmt"\n\t"testing"\n)\n\n'
        'func TestMain1(t *testing.T) { fmt.Printf("%d\\n", "x") }\n',
    )
    done = project.run(FAIRLEAD, "go", "test", "./...")
    if project.go.name in ("1.21.13", "1.22.10", "1.23.9"):
        assert "cannot vet with hooks: `go vet` does it without" in done.stderr
        return
    assert done.returncode != 0
    assert "%d" in done.stdout + done.stderr


@pytest.mark.parametrize("flag", [["-race"], ["-cover"], ["-tags", "nethttpomithttp2"]])
def test_flags_of_go_do_what_they_do(project: Project, flag: list[str]) -> None:
    project.fairlead("build", *flag, "-o", "hello", ".")
    assert project.hooked()
    assert "got true" in project.run("./hello").stdout


def test_goroutines_stay_what_they_are_where_that_is_said(project: Project) -> None:
    done = project.fairlead("build", "--gls=off", "--strict", "-o", "hello", ".")
    assert done.stderr == ""
    said = project.run("go", "tool", "nm", "hello").stdout
    assert " index..inittask" in said
    assert "runtime.fairleadSet" not in said


def test_a_folder_is_changed_to(project: Project, tmp_path: Path) -> None:
    outside = Project(project.go, tmp_path / "outside")
    outside.fairlead("build", "-C", "../hello", "-o", "made", ".")
    assert project.hooked("made")
    done = outside.run(FAIRLEAD, "go", "build", "-C", "nowhere", ".")
    assert (done.returncode, "there is no such folder" in done.stderr) == (2, True)


def test_an_overlay_of_the_users_goes_on(project: Project) -> None:
    other = project.write("other/main.txt", 'package main\n\nfunc main() { println("overlaid") }\n')
    overlay = project.write("own.json", json.dumps({"Replace": {"main.go": str(other)}}))
    for words, flags in ((["-overlay", "own.json"], ""), ([], f"-overlay={overlay}")):
        project.fairlead("build", *words, "-o", "hello", ".", GOFLAGS=flags)
        assert project.run("./hello").stderr == "overlaid\n"


def test_two_overlays_of_one_file_are_told(project: Project) -> None:
    server = project.go / "src" / "net" / "http" / "server.go"
    project.write("own.json", json.dumps({"Replace": {str(server): str(server)}}))
    done = project.run(FAIRLEAD, "go", "build", "-overlay=own.json", ".")
    assert done.returncode == 2
    assert f"-overlay own.json replaces {server}, and so does the agent" in done.stderr


def test_a_program_of_the_users_runs_tools(project: Project, tmp_path: Path) -> None:
    said = tmp_path / "said"
    user = tmp_path / "a user"
    user.write_text(f'#!/bin/sh\necho "$@" >> {said}\nexec "$@"\n')
    user.chmod(0o755)
    cache = str(tmp_path / "cache")
    project.write("main.go", "package main\n\nfunc main() {}\n")
    project.fairlead("build", f"-toolexec='{user}'", "-o", "hello", ".", GOCACHE=cache)
    assert "/compile -o" in said.read_text()


def test_a_workspace_is_built(go: Path, tmp_path: Path) -> None:
    """A go.work file leads to modules beside this one."""
    main, library = Project(go, tmp_path / "main"), tmp_path / "library"
    library.mkdir()
    (library / "go.mod").write_text("module example.org/library\n\ngo 1.21\n")
    (library / "a.go").write_text('package library\n\nconst Text = "of the workspace"\n')
    main.write(
        "main.go",
        'package main\n\nimport (\n\t"example.org/library"\n\t_ "net/http"\n)\n\n'
        "func main() { println(library.Text) }\n",
    )
    (tmp_path / "go.work").write_text("go 1.21\n\nuse (\n\t./main\n\t./library\n)\n")
    main.fairlead("build", "-o", "hello", ".")
    assert main.hooked()
    assert main.run("./hello").stderr == "of the workspace\n"


def test_what_is_vendored_is_built(project: Project, tmp_path: Path) -> None:
    project.write(
        "vendor/modules.txt",
        "# example.org/library v1.0.0\n## explicit; go 1.21\nexample.org/library\n",
    )
    project.write("vendor/example.org/library/a.go", 'package library\n\nconst Text = "vendored"\n')
    project.write(
        "go.mod", "module example.org/hello\n\ngo 1.21\n\nrequire example.org/library v1.0.0\n"
    )
    project.write(
        "main.go",
        'package main\n\nimport (\n\t"example.org/library"\n\t_ "net/http"\n)\n\n'
        "func main() { println(library.Text) }\n",
    )
    project.fairlead("build", "-mod=vendor", "-o", "hello", ".")
    assert project.hooked()
    assert project.run("./hello").stderr == "vendored\n"


def test_a_toolchain_among_the_modules_builds(project: Project, tmp_path: Path) -> None:
    """``GOTOOLCHAIN`` puts it there, and go replaces no file below its cache of modules."""
    modules = tmp_path / "mod"
    home = modules / "golang.org" / "toolchain@v0.0.1-go1.99.0.linux-amd64"
    home.parent.mkdir(parents=True)
    shutil.copytree(
        project.go, home, symlinks=True, copy_function=lambda a, b: Path(b).hardlink_to(a)
    )
    inside = Project(home, project.folder)
    inside.fairlead("build", "-o", "hello", ".", GOMODCACHE=str(modules))
    assert project.hooked()
    assert "got true" in project.run("./hello").stdout


@pytest.mark.parametrize("system", ["js", "wasip1"])
def test_programs_without_sockets_are_refused(project: Project, system: str) -> None:
    done = project.run(FAIRLEAD, "go", "build", "-o", "hello", ".", GOOS=system, GOARCH="wasm")
    assert done.returncode == 3
    assert f"fairlead: programs for {system}/wasm have no sockets of their own" in done.stderr
    assert not (project.folder / "hello").exists()


def test_other_verbs_are_handed_on(project: Project) -> None:
    assert project.fairlead("version").stdout == project.plain("version").stdout
    assert project.fairlead("list", "./...").stdout == "example.org/hello\n"
    project.fairlead("vet", "./...")


def test_what_go_does_not_know_it_says(project: Project) -> None:
    done = project.run(FAIRLEAD, "go", "build", "-stirct", ".")
    assert done.returncode == 2
    assert "flag provided but not defined: -stirct" in done.stderr


def test_every_hook_is_told(project: Project) -> None:
    lines = project.fairlead("build", "--dry-run", ".").stdout.splitlines()
    assert all(line.endswith("  applies") for line in lines), lines
    version = project.plain("env", "GOVERSION").stdout.strip()
    assert (
        "net/http  (*Transport).RoundTrip  (req *Request) (*Response, error)"
        f"  {version}  applies" in lines
    )
    rows = json.loads(project.fairlead("build", "--dry-run=json", "--gls=off", ".").stdout)
    off = {row["package"] for row in rows if row["why"] == "--gls=off"}
    assert off == {"runtime"}
    assert not (project.folder / "hello").exists()


def test_a_trace_of_a_panic_shows_where_things_are(project: Project) -> None:
    project.write(
        "main.go",
        """\
package main

import (
	"net/http"
	"net/http/httptest"
)

func broken(w http.ResponseWriter, r *http.Request) {
	panic("of the user's")
}

func main() {
	s := httptest.NewServer(http.HandlerFunc(broken))
	http.Get(s.URL)
}
""",
    )
    project.fairlead("build", "-o", "hello", ".")
    said = project.run("./hello", FAIRLEAD_CONTROL="http://127.0.0.1:1", FAIRLEAD_APP="a").stderr
    assert "of the user's" in said
    assert f"{project.folder}/main.go:9 " in said
    server = project.go / "src" / "net" / "http" / "server.go"
    line = next(
        n
        for n, line in enumerate(server.read_text().splitlines(), 1)
        if line.startswith("func (f HandlerFunc) ServeHTTP")
    )
    # Toolchains of one version share what they compile, and which of them came first is in it.
    assert f"/src/net/http/server.go:{line + 1} " in said


GIN = """\
package gin

type Context struct{ index int8; fullPath string }

func (c *Context) Next() {}
"""


def with_gin(project: Project, text: str) -> None:
    """Have the project require a module of gin's name."""
    project.write(
        "vendor/modules.txt",
        "# github.com/gin-gonic/gin v1.9.1\n## explicit; go 1.21\ngithub.com/gin-gonic/gin\n",
    )
    project.write("vendor/github.com/gin-gonic/gin/context.go", text)
    project.write(
        "go.mod", "module example.org/hello\n\ngo 1.21\n\nrequire github.com/gin-gonic/gin v1.9.1\n"
    )
    project.write(
        "main.go", 'package main\n\nimport _ "github.com/gin-gonic/gin"\n\nfunc main() {}\n'
    )


@pytest.mark.parametrize("flags", ["", "-mod=mod"])
def test_hooks_of_modules_are_told_and_nothing_changes(project: Project, flags: str) -> None:
    with_gin(project, GIN)
    before = (project.folder / "go.mod").read_bytes()
    done = project.run(FAIRLEAD, "go", "build", "--strict", "--dry-run", ".", GOFLAGS=flags)
    assert done.returncode == 0, done.stderr
    assert (project.folder / "go.mod").read_bytes() == before
    if not flags:
        assert "github.com/gin-gonic/gin  (*Context).Next  ()  v1.9.1  applies\n" in done.stdout


def test_files_for_other_systems_are_not_read(project: Project) -> None:
    """One function may be declared for each of them."""
    with_gin(project, GIN)
    home = "vendor/github.com/gin-gonic/gin"
    project.write(f"{home}/context_plan9.go", GIN)
    project.write(f"{home}/ignored.go", f"//go:build ignore\n\n{GIN}")
    done = project.run(FAIRLEAD, "go", "build", "--strict", "--dry-run", ".")
    assert "github.com/gin-gonic/gin  (*Context).Next  ()  v1.9.1  applies\n" in done.stdout


def test_a_module_that_is_other_is_told(project: Project) -> None:
    with_gin(project, GIN.replace("Next()", "Next(n int)"))
    done = project.run(FAIRLEAD, "go", "build", "--strict", "--dry-run", ".")
    assert done.returncode == 1
    assert "does not apply: no declaration of func (c *Context) Next()" in done.stdout


def test_a_toolchain_that_is_other_is_told_and_builds(project: Project, tmp_path: Path) -> None:
    """A function that has changed has no hook, and everything else has."""
    home = tmp_path / "go"
    shutil.copytree(
        project.go, home, symlinks=True, copy_function=lambda a, b: Path(b).hardlink_to(a)
    )
    server = home / "src" / "net" / "http" / "server.go"
    text = server.read_text()
    server.unlink()
    declared = "func (sh serverHandler) ServeHTTP(rw ResponseWriter, req *Request) {"
    assert declared in text
    server.write_text(
        text.replace(declared, declared.replace("rw", "w").replace("{", "{ rw := w;"))
    )
    other = Project(home, project.folder)
    why = (
        "no hook in net/http (serverHandler).ServeHTTP: net/http is not as it was: there is no func"
        " (sh serverHandler) ServeHTTP(rw ResponseWriter, req *Request); there is func"
        " (sh serverHandler) ServeHTTP(w ResponseWriter, req *Request)"
    )
    assert f"fairlead: {why}\n" in other.fairlead("build", "-o", "hello", ".").stderr
    assert other.hooked()
    done = other.run(FAIRLEAD, "go", "build", "--strict", "-o", "strict", ".")
    assert done.returncode == 1
    # Hijack and FlushError stand in its file, and go with it.
    assert "fairlead: 3 hooks do not fit, and --strict says that all must\n" in done.stderr
    assert not (other.folder / "strict").exists()
