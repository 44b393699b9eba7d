"""What a wheel carries, and what comes out of installing it."""

from __future__ import annotations

import subprocess
import venv
from email.parser import Parser
from importlib.metadata import Distribution, files
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.architecture.tree import PACKAGE, ROOT

# Seven modules are compiled for a wheel: half a minute, and more where a neighbour is busy.
pytestmark = pytest.mark.timeout(300)


def test_the_start_up_files_lie_at_the_root_of_site_packages(wheel):
    """Anywhere else the interpreter does not look for them (contract 21)."""
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert {"fairlead.pth", "fairlead.start", "fairlead/py.typed"} <= names
    assert {name.partition("/")[0] for name in names} == {
        "fairlead", "fairlead.pth", "fairlead.start", wheel.name.rsplit("-", 3)[0] + ".dist-info",
    }  # fmt: skip


def test_the_console_is_in_it_as_it_was_built(wheel):
    """Whoever installs it has no Node, and no network either."""
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if name.startswith("fairlead/console/dist/")}
        page = archive.read("fairlead/console/dist/index.html").decode()

    below = PACKAGE / "console" / "dist"
    built = {path.relative_to(below).as_posix() for path in below.rglob("*") if path.is_file()}
    assert {name.removeprefix("fairlead/console/dist/") for name in names} == built
    assert "/console/assets/" in page


def test_what_go_programs_are_built_with_is_in_it(wheel):
    """The agent in Go, and the files of its hooks; tests of it are nobody's but ours."""
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if name.endswith(".go")}
    files = {path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.rglob("*.go")}
    assert "fairlead/golang/inject/net_http/fairlead_server.go" in names
    assert {name for name in files if not name.endswith("_test.go")} == names


def test_a_plain_install_asks_for_nothing_else(wheel):
    """Whatever we asked for would be forced on every application."""
    with ZipFile(wheel) as archive:
        (name,) = (item for item in archive.namelist() if item.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())

    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert required == []
    assert metadata.get_all("Provides-Extra") == ["all", "control", "go", "grpc", "sql"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"


def test_an_unpacked_wheel_runs_its_start_up_file(wheel, tmp_path):
    """A wheel is unpacked into site-packages; nothing else happens at an install."""
    venv.create(tmp_path, with_pip=False, symlinks=True)
    python = tmp_path / "bin" / "python"
    (packages,) = tmp_path.glob("lib/python*/site-packages")
    with ZipFile(wheel) as archive:
        archive.extractall(packages)
    probe = "import sys; print('fairlead.agent.bootstrap' in sys.modules)"

    def ran(**variables: str) -> str:
        command = [python, "-c", probe]
        return subprocess.check_output(command, env=variables, text=True, timeout=30)

    assert (ran(), ran(FAIRLEAD_ENABLED="1")) == ("False\n", "True\n")


def test_an_editable_install_has_the_start_up_files_too():
    """Whoever works on fairlead runs what its users run."""
    here = Path(str(Distribution.from_name("fairlead").locate_file("")))
    names = {str(path) for path in files("fairlead") or ()}

    assert {"fairlead.pth", "fairlead.start"} <= names
    for name in ("fairlead.pth", "fairlead.start"):
        assert (here / name).read_bytes() == (ROOT / "packaging" / name).read_bytes()
