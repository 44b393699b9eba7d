"""Both forms of the gate, for tests that have to hold of each of them.

The compiled one is made before the first test where it can be: an old one would be tested instead.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

import pytest

from fairlead.flow import gate
from fairlead.flow.form import compiled
from fairlead.instruments import aiohttp_passage, passage, wsgi_passage
from tests.flow.virtual import World
from tests.instruments.plane import Plane

COMPILED = (gate, passage, wsgi_passage, aiohttp_passage)
"""What has two forms, as far as a test may have either."""

COMPILE = Path(__file__).resolve().parents[1] / "packaging" / "compile.py"


def pytest_configure(config: pytest.Config) -> None:
    """Compile the gate, once for all processes that share the tests."""
    if not hasattr(config, "workerinput"):
        subprocess.run([sys.executable, COMPILE], check=False, timeout=300)


@cache
def compiler() -> bool:
    """Tell whether a program that includes Python.h can be compiled here."""
    command = shlex.split(sysconfig.get_config_var("CC") or "cc")
    include = sysconfig.get_path("include")
    try:
        done = subprocess.run(
            [*command, "-E", f"-I{include}", "-"],
            input=b"#include <Python.h>", capture_output=True, timeout=60, check=False,
        )  # fmt: skip
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture(params=["interpreted", "compiled"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make every World and Plane of a test have gates of this form, and what goes with them."""
    found = map(compiled, COMPILED)
    reason = next((why for why in found if isinstance(why, str)), None)
    if request.param == "compiled" and reason is not None:
        assert not compiler(), f"there is a compiler, and no compiled gate: {reason}"
        pytest.skip(reason)
    monkeypatch.setattr(World, "pure", request.param == "interpreted")
    monkeypatch.setattr(Plane, "pure", request.param == "interpreted")
    return str(request.param)
