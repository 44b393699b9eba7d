"""fairlead.pth and fairlead.start: the zero-code door, shut unless somebody asks for it.

Each test makes an environment with the start-up file and a stand-in for the agent, because what is
under test is the file: the agent's own start has tests of its own.
"""

from __future__ import annotations

import pkgutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

PTH = ROOT / "packaging" / "fairlead.pth"
START = ROOT / "packaging" / "fairlead.start"


class Environment:
    """A virtual environment without pip, whose site-packages a test may fill."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / "bin" / "python"
        paths = {"base": str(folder), "platbase": str(folder)}
        self.packages = Path(sysconfig.get_path("purelib", "venv", vars=paths))
        (self.packages / PTH.name).write_bytes(PTH.read_bytes())

    def agent(self, code: str) -> None:
        """Put a stand-in for the agent in place; `code` is the body of its start()."""
        folder = self.packages / "fairlead" / "agent"
        folder.mkdir(parents=True)
        for package in (folder, folder.parent):
            (package / "__init__.py").touch()
        (folder / "bootstrap.py").write_text(f"def start():\n    {code}\n", "utf-8")

    def run(self, code: str = "print('application')", **variables: str) -> tuple[str, str]:
        """Return standard output and error of `code`, which must not fail."""
        done = subprocess.run(
            [self.python, "-c", code],
            capture_output=True, text=True, timeout=30, check=True, env=variables,
        )  # fmt: skip
        return done.stdout, done.stderr


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "venv")


def test_without_the_variable_nothing_of_ours_is_imported(environment):
    """Every python of the environment runs the line, pip and editors included."""
    environment.agent("print('agent')")

    loaded = environment.run("import sys; print([n for n in sys.modules if 'fairlead' in n])")

    assert loaded == ("[]\n", "")


def test_an_empty_variable_is_no_variable(environment):
    """``FAIRLEAD_ENABLED= python app.py`` is how a shell takes a variable away."""
    environment.agent("print('agent')")

    assert environment.run(FAIRLEAD_ENABLED="") == ("application\n", "")


def test_with_the_variable_the_agent_starts_before_the_application(environment):
    """The hooks have to be there when the application imports its libraries."""
    environment.agent("print('agent')")

    output, errors = environment.run(FAIRLEAD_ENABLED="1")

    # A virtual environment may run the line twice; start-up is idempotent (contract 21).
    assert [*dict.fromkeys(output.split())] == ["agent", "application"]
    assert errors == ""


@pytest.mark.parametrize("code", ["raise RuntimeError('broken')", "import nothing_like_it"])
def test_an_agent_that_fails_costs_one_line(environment, code):
    """Governance fails open: the application starts, and its log says why it is alone."""
    environment.agent(code)

    output, errors = environment.run(FAIRLEAD_ENABLED="1")

    assert output == "application\n"
    assert {line.partition(": ")[0] for line in errors.splitlines()} == {"fairlead"}
    assert "Traceback" not in errors


def test_a_file_left_behind_by_an_uninstall_costs_one_line(environment):
    """The package may be gone while the file stays, in a layer of an image for instance."""
    output, errors = environment.run(FAIRLEAD_ENABLED="1")

    assert output == "application\n"
    assert errors.startswith("fairlead: not started: ModuleNotFoundError: ")


def test_without_a_standard_error_the_application_still_starts(environment):
    """A daemon closes its descriptors first, and pythonw has none."""
    environment.agent("raise RuntimeError('broken')")

    output = environment.run("", FAIRLEAD_ENABLED="1")[0]
    shell = f"exec 2>&-; exec {environment.python} -c 'print(1)'"
    done = subprocess.run(
        ["/bin/sh", "-c", shell],
        stdout=subprocess.PIPE, text=True, timeout=30, check=True, env={"FAIRLEAD_ENABLED": "1"},
    )  # fmt: skip

    assert (output, done.stdout) == ("", "1\n")


def test_the_file_is_one_import_line():
    """`site` runs lines that begin with import; any other line would be taken for a folder."""
    lines = PTH.read_text("ascii").splitlines()

    assert len(lines) == 1
    assert lines[0].startswith("import ")


def test_the_start_file_names_something_that_can_be_called():
    """From Python 3.15 on it stands in for the line (PEP 829), and is resolved the same way."""
    (entry,) = START.read_text("utf-8").splitlines()

    assert callable(pkgutil.resolve_name(entry))


def test_what_the_start_file_calls_is_inert_without_the_variable():
    """Python 3.15 calls it in every process: there is no line that could look first."""
    code = """
import sys, threading
import fairlead.agent.bootstrap as bootstrap
finders = list(sys.meta_path)
bootstrap.start()
assert sys.meta_path == finders
assert threading.active_count() == 1
assert not any(name.startswith("fairlead.instruments.libs.") for name in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False,
        env={},
    )  # fmt: skip

    assert done.stderr == ""
