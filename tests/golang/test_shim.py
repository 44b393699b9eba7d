"""The program before a toolchain's tools: what compilers are given for packages with hooks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from fairlead.golang.modules import MODULES, SHIM, config
from fairlead.golang.shim import Drift, expanded, home_of, pattern_of, renamed, trimmed, version_of

COMPILER = """\
#!{python}
import sys
arguments = sys.argv[1:]
if arguments == ["-V=full"]:
    print("compile version go1.26.8")
    raise SystemExit
for one in arguments:
    if one.endswith(".go"):
        text = open(one, errors="replace").read()
        print("file", one, "CHANGED" if "fairleadNext()" in text else "")
        if "{word}" in text:
            raise SystemExit("it does not compile")
print("options", " ".join(one for one in arguments if not one.endswith(".go")))
"""

GIN = "package gin\n\nfunc (c *Context) Next() {\n\tc.index++\n}\n"


class Tool(NamedTuple):
    config: Path
    path: Path

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-S", "-E", "-I", *map(str, [SHIM, *self]), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def tool(
    folder: Path, name: str = "compile", refuses: str = "NEVER", *, strict: bool = False
) -> Tool:
    path = folder / name
    path.write_text(COMPILER.format(python=sys.executable, word=refuses))
    path.chmod(0o755)
    written = folder / "shim.json"
    written.write_text(config([], strict=strict))
    return Tool(written, path)


def package(folder: Path, text: str = GIN) -> list[str]:
    """Write a package of gin's; return what its compiler is given."""
    home = folder / "mod" / "github.com" / "gin-gonic" / "gin@v1.9.1"
    home.mkdir(parents=True)
    (home / "context.go").write_text(text)
    (home / "gin.go").write_text("package gin\n")
    (folder / "b001").mkdir()
    options = ["-o", f"{folder}/b001/_pkg_.a", "-trimpath", f"{folder}/b001=>", "-p"]
    return [*options, "github.com/gin-gonic/gin", f"{home}/context.go", f"{home}/gin.go"]


def test_a_compiler_says_that_it_puts_hooks_in(tmp_path: Path) -> None:
    done = tool(tmp_path)("-V=full")
    suffix = json.loads(config([], strict=False))["suffix"]
    assert done.stdout == f"compile version go1.26.8{suffix}\n"


def test_what_is_made_with_other_hooks_is_told_apart() -> None:
    plain, strict = (json.loads(config([], strict=one))["suffix"] for one in (False, True))
    assert plain != strict


def test_other_tools_are_handed_on(tmp_path: Path) -> None:
    done = tool(tmp_path, "link")("-V=full")
    assert done.stdout == "compile version go1.26.8\n"


def test_a_package_is_compiled_with_its_hook(tmp_path: Path) -> None:
    done = tool(tmp_path)(*package(tmp_path))
    room, home = f"{tmp_path}/b001/fairlead", f"{tmp_path}/mod/github.com/gin-gonic/gin@v1.9.1"
    assert done.stderr == ""
    assert done.stdout.splitlines()[:3] == [
        f"file {room}/context.go CHANGED",
        f"file {home}/gin.go ",
        f"file {room}/fairlead_gin.go CHANGED",
    ]
    rewrites = (
        f"{room}/context.go=>{home}/context.go;{room}/fairlead_gin.go=>{home}/fairlead_gin.go"
    )
    assert f"{rewrites};{tmp_path}/b001=>" in done.stdout
    assert '"v1.9.1"' in Path(room, "fairlead_gin.go").read_text()


def test_a_package_without_a_hook_is_compiled_as_it_is(tmp_path: Path) -> None:
    arguments = [
        one.replace("gin-gonic/gin", "x/y") if one == "github.com/gin-gonic/gin" else one
        for one in package(tmp_path)
    ]
    done = tool(tmp_path)(*arguments)
    assert "CHANGED" not in done.stdout
    assert "context.go" in done.stdout


def test_a_program_of_the_users_stays_before_tools(tmp_path: Path) -> None:
    compiler = tool(tmp_path)
    user = tmp_path / "user"
    user.write_text(f'#!/bin/sh\necho user "$@" >> {tmp_path}/said\nexec "$@"\n')
    user.chmod(0o755)
    compiler.config.write_text(config([str(user)], strict=False))
    done = compiler(*package(tmp_path))
    assert "CHANGED" in done.stdout
    assert f"user {compiler.path} -o" in (tmp_path / "said").read_text()


def test_a_package_that_is_other_is_compiled_without_its_hook(tmp_path: Path) -> None:
    done = tool(tmp_path)(*package(tmp_path, GIN.replace("Next()", "Next(n int)")))
    assert done.returncode == 0
    assert "CHANGED" not in done.stdout
    said = "no declaration of func (c *Context) Next()"
    assert done.stderr == f"fairlead: github.com/gin-gonic/gin has no hook: {said}\n"


def test_where_hooks_are_a_must_it_is_not_compiled(tmp_path: Path) -> None:
    done = tool(tmp_path, strict=True)(*package(tmp_path, "package gin\n"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no declaration" in done.stderr


def test_a_hook_that_does_not_compile_is_left_out(tmp_path: Path) -> None:
    done = tool(tmp_path, refuses="fairleadRoute")(*package(tmp_path))
    assert done.returncode == 0
    assert "does not compile with it" in done.stderr
    assert "CHANGED" not in done.stdout


def test_what_does_not_compile_without_a_hook_either_fails_as_it_would(tmp_path: Path) -> None:
    done = tool(tmp_path, refuses="package gin")(*package(tmp_path))
    assert done.returncode == 1
    assert "fairlead" not in done.stderr.replace(str(tmp_path), "")


def test_a_package_with_c_in_it_is_left_alone(tmp_path: Path) -> None:
    arguments = package(tmp_path)
    (tmp_path / "b001" / "_cgo_gotypes.go").write_text("package gin\n")
    done = tool(tmp_path)(*arguments, f"{tmp_path}/b001/_cgo_gotypes.go")
    assert "it has C in it" in done.stderr


def test_a_type_may_be_written_in_either_way() -> None:
    declaration = "func do(a any, b []any) (many, any)"
    for spelling in ("any", "interface{}"):
        text = f"x\nfunc do(a {spelling}, b []any) (many, {spelling}) {{\n"
        _, changed = renamed({"a.go": text}, [declaration], "fairleadDo")
        assert changed == text.replace(" do(", " fairleadDo(")


DECLARED = "func (c *Context) Next(a any, more ...string) (n int, err error) {"

NO_DECLARATIONS = [
    f"// {DECLARED}\n",
    f"/*\n{DECLARED}\n*/",
    f"var text = `\n{DECLARED}\n}}`",
    f"/* a quote ` of another kind\n*/ /*\n{DECLARED}\n` */",
    f"const tick = '`'\n\n/*\n{DECLARED}\n*/\nconst tock = '`'",
    f'const quote = "\\"/*"\n\n// "\n/*\n{DECLARED}\n*/',
    f"const rune = '\\''\n\n/*\n{DECLARED}\n*/",
    f"var s = `a\\`\n\n/*\n{DECLARED}\n*/",
    "func (c *Context) NextOne(a any, more ...string) (n int, err error) {\n}",
    "func (c *Context) Next(a anyhow, more ...string) (n int, err error) {\n}",
    "func (c *Context) Next(a any, more ...string) (n int, err error)",
    "func Next(a any, more ...string) (n int, err error) {\n}",
    'x := "func (c *Context) Next(a any, more ...string) (n int, err error) {"',
    f"//line /*\n//{DECLARED}",
]


@pytest.mark.parametrize("text", NO_DECLARATIONS)
def test_what_stands_in_comments_and_strings_is_no_declaration(text: str) -> None:
    wanted = [DECLARED.removesuffix(" {")]
    with pytest.raises(Drift, match="no declaration"):
        renamed({"a.go": f"package gin\n\n{text}\n"}, wanted, "fairleadNext")
    both = f"package gin\n\n{text}\n\n{DECLARED}\n}}\n"
    _, changed = renamed({"a.go": both}, wanted, "fairleadNext")
    assert changed == f"package gin\n\n{text}\n\n{DECLARED}\n}}\n".replace(
        f"\n\n{DECLARED}\n}}\n", f"\n\n{DECLARED.replace('Next', 'fairleadNext')}\n}}\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "func (c *Context) Next(\n\ta any,\n\tmore ...string,\n) (n int, err error) {",
        "func (c *Context) Next(a interface{}, more ...string) (n int, err error) { // all of it",
        "func (c *Context) Next(a any /* of them { */, more ...string) (n int, err error) {",
        "func (c *Context) Next(a any, more ...string) (\r\n\tn int, err error,\r\n) {",
        "  func (c * Context) Next (a any,more...string) (n int,err error){",
    ],
)
def test_a_declaration_may_be_written_as_people_write(text: str) -> None:
    whole = f"package gin\n\n{text}\n}}\n\nfunc (c *Other) Next() {{}}\n"
    _, changed = renamed({"a.go": whole}, [DECLARED.removesuffix(" {")], "fairleadNext")
    assert changed == whole.replace("Next", "fairleadNext", 1)


def test_bytes_that_are_no_text_stay_what_they_are(tmp_path: Path) -> None:
    """The compiler says what is wrong with them, and not the program before it."""
    arguments = package(tmp_path)
    path = Path(next(one for one in arguments if one.endswith("/context.go")))
    path.write_bytes(GIN.encode() + b"// \xff\n")
    done = tool(tmp_path)(*arguments)
    assert done.stderr == ""
    (room,) = tmp_path.rglob("fairlead/context.go")
    assert room.read_bytes().endswith(b"// \xff\n")


def test_two_declarations_are_one_too_many() -> None:
    with pytest.raises(Drift, match="more than one"):
        renamed({"a.go": "func do() {\n", "b.go": "func do() {\n"}, ["func do()"], "fairleadDo")


@pytest.mark.parametrize(
    ("rewrites", "path"),
    [
        ("", "/mod/gin@v1.9.1/context.go"),
        ("/tmp/b001=>", "/mod/gin@v1.9.1/context.go"),
        ("/mod/gin@v1.9.1=>gin@v1.9.1;/tmp/b001=>", "gin@v1.9.1/context.go"),
        ("/mod/gin@v1.9.1/context.go=>x.go", "x.go"),
        ("/mod", "gin@v1.9.1/context.go"),
    ],
)
def test_paths_are_those_that_the_compiler_would_write(rewrites: str, path: str) -> None:
    assert trimmed("/mod/gin@v1.9.1/context.go", rewrites) == path


def test_versions_are_those_of_folders_or_of_what_is_vendored(tmp_path: Path) -> None:
    vendored = tmp_path / "vendor" / "github.com" / "gin-gonic" / "gin"
    assert version_of("/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1", "x") == "v1.9.1"
    assert version_of(str(vendored), "github.com/gin-gonic/gin") == "(devel)"
    vendored.parent.mkdir(parents=True)
    (tmp_path / "vendor" / "modules.txt").write_text("# github.com/gin-gonic/gin v1.8.2\n## x\n")
    assert version_of(str(vendored), "github.com/gin-gonic/gin") == "v1.8.2"


def test_a_file_with_counters_in_it_says_where_it_is_from() -> None:
    assert home_of("/tmp/b001/a.cover.go", "//line /mod/gin/a.go:1:1\npackage gin\n") == "/mod/gin"
    assert home_of("/mod/gin/a.go", "package gin\n") == "/mod/gin"


def test_very_many_arguments_are_in_a_file(tmp_path: Path) -> None:
    written = tmp_path / "arguments"
    written.write_text("-p\na\\\\b\nc\\nd\n")
    assert expanded([f"@{written}"]) == ["-p", "a\\b", "c\nd"]


def test_each_hook_has_its_files() -> None:
    for one in MODULES:
        assert one.files, one.package
        for rename in one.renames:
            assert all(pattern_of(declaration) for declaration in rename.declarations)
