"""Compile the gate where that is possible; where it is not, one line says why.

Hatchling runs this for a wheel and for an editable install (pyproject.toml); by hand it compiles
the gate of this checkout in place. ``FAIRLEAD_PURE=1`` leaves it interpreted. The source is in the
wheel in any case, and `fairlead.flow.form` chooses between the two.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[1]
FLOW = Path("fairlead", "flow")
SOURCES = ("gate.py", "gate.pxd")
# A module of its own beside the file it is made of, so that both can be had in one process.
COMPILED = f"_gate{sysconfig.get_config_var('EXT_SUFFIX')}"

CYTHONIZE = (sys.executable, "-m", "Cython.Build.Cythonize", "--inplace", "-3")


class Impossible(Exception):
    """Why the gate cannot be compiled here, or shall not be."""


class Hook(BuildHookInterface[Any]):
    """Hatchling's door."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled gate to a wheel, or put it beside its source for an editable install."""
        if version == "editable":
            in_place()
            return
        self.work = tempfile.mkdtemp(prefix="fairlead-gate-")
        built = _tried(Path(self.work))
        if built is not None:
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            build_data["force_include"][str(built)] = str(FLOW / COMPILED)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what the wheel was made of."""
        if version != "editable":
            shutil.rmtree(self.work, ignore_errors=True)


def in_place() -> bool:
    """Compile the gate of this checkout unless that was done since it changed; tell if it is there.

    One that does not belong to the source any more is taken away: it would be used.
    """
    folder = ROOT / "src" / FLOW
    target = folder / COMPILED
    newest = max(path.stat().st_mtime for path in (Path(__file__), *_sources()))
    if target.exists() and target.stat().st_mtime >= newest and not _unwanted():
        return True
    target.unlink(missing_ok=True)
    # On the same file system, so that nobody ever loads half of it.
    with tempfile.TemporaryDirectory(prefix="gate-", dir=_scratch()) as work:
        built = _tried(Path(work))
        if built is not None:
            built.replace(target)
    return target.exists()


def _scratch() -> Path:
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    return folder


def _sources() -> list[Path]:
    return [ROOT / "src" / FLOW / name for name in SOURCES]


def _tried(work: Path) -> Path | None:
    try:
        return _compiled(work)
    except Impossible as error:
        print(f"fairlead: the gate is not compiled, and runs interpreted: {error}", file=sys.stderr)
        return None


def _compiled(work: Path) -> Path:
    """Compile the gate below `work`, and return where it is."""
    reason = _unwanted()
    if reason:
        raise Impossible(reason)
    folder = work / FLOW
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()  # Cython names a module by the packages around it
    for source in _sources():
        shutil.copyfile(source, folder / f"_{source.name}")
    name = hashlib.sha256((folder / "_gate.py").read_bytes()).hexdigest()
    with (folder / "_gate.py").open("a") as copy:
        # By which `fairlead.flow.form` knows that it belongs to the source beside it.
        copy.write(f'\nBUILT_FROM = "{name}"\n')
    done = subprocess.run(
        [*CYTHONIZE, str(folder / "_gate.py")],
        cwd=work,
        env=os.environ | {"CFLAGS": os.environ.get("CFLAGS", "-O3 -g0")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode or not (folder / COMPILED).exists():
        raise Impossible(_reason(done.stdout))
    return folder / COMPILED


def _unwanted() -> str:
    if os.environ.get("FAIRLEAD_PURE", "").lower() not in ("", "0", "off", "no", "false"):
        return "FAIRLEAD_PURE is set"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "it relies on the lock that free-threaded Python is without"
    return ""


def _reason(output: str) -> str:
    """Return the line of `output` that names the fault."""
    if "No module named" in output and "ython" in output:
        return "there is no Cython; install Cython and setuptools"
    if "Python.h" in output:
        return "there is no Python.h; install python3-dev"
    for pattern in (r"_gate\.(?:py|pxd):\d+:\d+: .*", r"error: (.*)", r"(\S.*)\s*$"):
        found = re.search(pattern, output)
        if found:
            return found[found.lastindex or 0]
    return "the compiler said nothing"


if __name__ == "__main__":
    sys.exit(not in_place())
