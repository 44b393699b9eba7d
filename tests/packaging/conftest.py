"""Wheels of this checkout, built by the backend that is in the lock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

Build = Callable[..., tuple[Path, str]]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build a wheel with variables of its own; return it, and what was said on standard error."""

    def run(**variables: str) -> tuple[Path, str]:
        folder = tmp_path_factory.mktemp("wheel")
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
        done = subprocess.run(
            [*command, "--directory", str(folder)],
            cwd=ROOT, check=True, capture_output=True, text=True, timeout=300,
            env=os.environ | variables,
        )  # fmt: skip
        (built,) = folder.glob("*.whl")
        return built, done.stderr

    return run


@pytest.fixture(scope="session")
def wheel(build: Build) -> Path:
    """Return a wheel as this machine builds it, but for the time that the compiler takes."""
    return build(CFLAGS="-O0 -g0")[0]
