"""The import contracts of .importlinter hold, and each of them fails when it is broken."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCE

LINT = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"

BREACHES = {
    "floors": ("policy/lane.py", "import fairlead.flow"),
    "app-side": ("agent/settings.py", "import fairlead.kinds"),
    "base": ("telemetry/names.py", "import pydantic"),
    "pure": ("flow/route.py", "import time"),
    "libs": ("instruments/libs/httpx.py", "import fairlead.instruments.libs.flask"),
    "wires": ("protocols/watch/codec.py", "import fairlead.protocols.other"),
}
"""By contract: a line that breaks it, and the file that the line is added to."""


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts against the package below `source`."""
    command = [sys.executable, "-c", LINT, "--config", str(ROOT / ".importlinter"), "--no-cache"]
    path = {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=source,
        env=os.environ | path,
    )  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return the folder of a copy of the package that may be spoilt."""
    bytecode = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOURCE / "fairlead", tmp_path / "fairlead", ignore=bytecode)
    return tmp_path


def test_every_contract_has_a_breach_below():
    """A contract that nobody has seen fail may guard nothing."""
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"

    assert {name.removeprefix(prefix) for name in config.sections() if prefix in name} == {
        *BREACHES
    }


def test_the_contracts_hold():
    """Also for whoever runs the tests and not the linters."""
    done = lint(SOURCE)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("contract", BREACHES)
def test_a_contract_fails_when_it_is_broken(contract, copy):
    """The floors are a test, not a drawing."""
    other = copy / "fairlead" / "protocols" / "other"
    other.mkdir()
    (other / "__init__.py").touch()
    name, line = BREACHES[contract]
    file = copy / "fairlead" / name
    file.write_text(f"{file.read_text('utf-8')}\n{line}\n", "utf-8")
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")

    done = lint(copy)

    assert done.returncode == 1, done.stderr
    assert config[f"importlinter:contract:{contract}"]["name"] + " BROKEN" in done.stdout


def test_a_room_without_a_floor_is_refused(copy):
    """Otherwise the first folder called utils would stand beside the building."""
    (copy / "fairlead" / "utils").mkdir()
    (copy / "fairlead" / "utils" / "__init__.py").touch()

    assert lint(copy).returncode == 1
