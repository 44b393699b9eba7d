"""The gate, and what requests come by, is compiled where that is possible, and runs everywhere."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.architecture.tree import ROOT
from tests.forms import compiler

# A wheel is built once, and compiles everything: on a busy machine that is more than a minute's.
pytestmark = pytest.mark.timeout(240)

MODULES = [
    name.removeprefix("fairlead/")
    for name in (ROOT / "packaging" / "compiled.txt").read_text("ascii").split()
]

FORM = "_gate" + sysconfig.get_config_var("EXT_SUFFIX")

PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
exec(sys.argv[2])
from fairlead.flow.gates import Gates
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import RateLimit, Window
windows = (Window(threshold=2, window_ms=60000),)
rule = RateLimit(rule="r", strategy="s", resource="f", windows=windows)
found = []
for pure in (False, True):
    gates = Gates(pure=pure)
    gates.apply(FlowRules(rate_limits=(rule,)))
    entries = [gates.gate("f").enter() for _ in range(3)]
    kind = type(entries[0]).__module__
    found.append([gates.interpreted, kind, [entry.refused is None for entry in entries]])
print(json.dumps(found))
"""


def unpacked(wheel: Path, folder: Path) -> Path:
    """Return the folder that a wheel was unpacked into, which is all that an install does."""
    with ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def forms(packages: Path, first: str = "") -> Any:
    """Return why gates are interpreted, who made them and what passes: as found, and pure."""
    command = [sys.executable, "-I", "-S", "-c", PROBE, str(packages), first]
    return json.loads(subprocess.check_output(command, text=True, timeout=60))


INTERPRETED = ["FAIRLEAD_PURE", "fairlead.flow.gate", [True, True, False]]


@pytest.mark.skipif(not compiler(), reason="nothing can be compiled here")
def test_a_wheel_that_finds_a_compiler_has_both_forms(wheel, tmp_path):
    """Whoever distrusts the compiled one can have the other without another install."""
    packages = unpacked(wheel, tmp_path)

    version = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert f"-{version}-{version}-" in wheel.name
    assert (packages / "fairlead" / "flow" / FORM).exists()
    for name in MODULES:
        folder, _, module = name.partition("/")
        assert (packages / "fairlead" / folder / FORM.replace("gate", module)).exists()
    assert forms(packages) == [["", "fairlead.flow._gate", [True, True, False]], INTERPRETED]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CC": "/no/compiler"}, "/no/compiler"),
        ({"CFLAGS": "-nostdinc"}, "no "),
        ({"FAIRLEAD_PURE": "1"}, "FAIRLEAD_PURE is set"),
    ],
    ids=["no compiler", "no headers", "asked for"],
)
def test_a_wheel_without_a_compiler_is_interpreted_and_says_so(variables, said, build, tmp_path):
    """A machine that cannot compile is no reason to be without governance."""
    wheel, errors = build(**variables)

    lines = [line for line in errors.splitlines() if line.startswith("fairlead: ")]
    assert len(lines) == 1
    assert lines[0].startswith("fairlead: the gate is not compiled, and runs interpreted: ")
    assert said in lines[0]
    assert wheel.name.endswith("-py3-none-any.whl")
    why, *rest = forms(unpacked(wheel, tmp_path))
    assert why == ["not built for this Python", "fairlead.flow.gate", [True, True, False]]
    assert rest == [INTERPRETED]


def test_a_compiled_gate_that_cannot_be_loaded_is_left_alone(build, tmp_path):
    """Another libc than the one it was built with must not stop the application."""
    packages = unpacked(build(FAIRLEAD_PURE="1")[0], tmp_path)
    (packages / "fairlead" / "flow" / FORM).write_bytes(b"no program")

    why, kind, passed = forms(packages)[0]

    assert why.startswith("cannot be loaded: ")
    assert (kind, passed) == ("fairlead.flow.gate", [True, True, False])


def test_on_free_threaded_python_the_compiled_gate_is_not_loaded():
    """It relies on the interpreter's lock; the interpreted form has one of its own."""
    found = forms(ROOT / "src", "sys.abiflags = 't'")

    assert found[0] == ["free-threaded Python", "fairlead.flow.gate", [True, True, False]]


def test_the_compiled_gate_of_this_checkout_is_made_of_its_source():
    """An old one would be tested, and measured, in the place of what the source says."""
    for name in MODULES:
        source = ROOT / "src" / "fairlead" / name
        found = source.with_name(FORM.replace("gate", source.name))
        if not (found.exists() or compiler()):
            pytest.skip("nothing can be compiled here")

        sources = [source.with_suffix(suffix) for suffix in (".py", ".pxd")]

        assert found.stat().st_mtime >= max(path.stat().st_mtime for path in sources)


@pytest.mark.skipif(not compiler(), reason="nothing can be compiled here")
def test_a_compiled_gate_of_another_source_is_left_alone(wheel, tmp_path):
    """In a checkout the source moves on, and what uses the gate moves with it."""
    packages = unpacked(wheel, tmp_path)
    source = packages / "fairlead" / "flow" / "gate.py"
    source.write_text(source.read_text() + "# another one\n")

    why, kind, passed = forms(packages)[0]

    assert why.startswith("built from another source")
    assert (kind, passed) == ("fairlead.flow.gate", [True, True, False])


def test_the_source_is_what_cython_understands(tmp_path):
    """Also where nothing can be compiled: whoever changes one there is told."""
    files = []
    for name in MODULES:
        source = ROOT / "src" / "fairlead" / name
        folder = tmp_path / "fairlead" / source.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        for package in (folder, folder.parent):
            (package / "__init__.py").touch()
        for suffix in (".py", ".pxd"):
            copied = folder / f"_{source.name}{suffix}"
            copied.write_bytes(source.with_suffix(suffix).read_bytes())
        files.append(str(folder / f"_{source.name}.py"))

    command = [sys.executable, "-m", "cython", "-3", *files]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_what_has_types_of_c_is_compiled_and_the_environment_is_refreshed_when_it_changes():
    """One list says what: by it the build compiles, and make knows that a module has changed."""
    package = ROOT / "src" / "fairlead"
    typed = {path.relative_to(package).with_suffix("") for path in package.rglob("*.pxd")}
    assert typed == set(map(Path, MODULES))

    rules = subprocess.run(
        ["make", "--print-data-base", "--question", "venv"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    ).stdout  # fmt: skip
    watched = {
        path
        for line in rules.splitlines()
        if line.startswith(".venv/.filled:")
        for path in line.split()
    }
    for name in typed:
        for suffix in (".py", ".pxd"):
            assert f"src/fairlead/{name}{suffix}" in watched
