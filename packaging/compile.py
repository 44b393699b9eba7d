"""Compile what every call passes where that is possible; where it is not, one line says why.

Hatchling runs this for a wheel and for an editable install (pyproject.toml); by hand it compiles
the modules of this checkout in place. ``FAIRLEAD_PURE=1`` leaves them interpreted. The source is in
the wheel in any case, and `fairlead.flow.form` chooses between the two.
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
LIST = Path(__file__).with_name("compiled.txt")
MODULES = tuple(Path(f"{name}.py") for name in LIST.read_text("ascii").split())
"""In the order in which they know each other, each with its types in a file of the same name."""

SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")

CYTHONIZE = (sys.executable, "-m", "Cython.Build.Cythonize", "--inplace", "-3", "--parallel")


class Impossible(Exception):
    """Why nothing can be compiled here, or shall not be."""


class Hook(BuildHookInterface[Any]):
    """Hatchling's door."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add what is compiled to a wheel, or put it beside its source for an editable install."""
        if version == "editable":
            in_place()
            return
        self.work = tempfile.mkdtemp(prefix="fairlead-compiled-")
        for module in _tried(Path(self.work)):
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            build_data["force_include"][str(Path(self.work, module))] = str(module)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what the wheel was made of."""
        if version != "editable":
            shutil.rmtree(self.work, ignore_errors=True)


def in_place() -> bool:
    """Compile this checkout's modules unless that was done since they changed; tell if all are.

    One that does not belong to the source any more is taken away: it would be used.
    """
    targets = [ROOT / "src" / _compiled(module) for module in MODULES]
    newest = max(path.stat().st_mtime for path in (Path(__file__), LIST, *_sources()))
    fresh = all(target.exists() and target.stat().st_mtime >= newest for target in targets)
    if fresh and not _unwanted():
        return True
    for target in targets:
        target.unlink(missing_ok=True)
    # On the same file system, so that nobody ever loads half of one.
    with tempfile.TemporaryDirectory(prefix="compiled-", dir=_scratch()) as work:
        for module in _tried(Path(work)):
            Path(work, module).replace(ROOT / "src" / module)
    return all(target.exists() for target in targets)


def _scratch() -> Path:
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    return folder


def _sources() -> list[Path]:
    files = [ROOT / "src" / module for module in MODULES]
    return [*files, *(file.with_suffix(".pxd") for file in files)]


def _compiled(module: Path) -> Path:
    # A module of its own beside the file it is made of, so that both can be had in one process.
    return module.with_name(f"_{module.stem}{SUFFIX}")


def _tried(work: Path) -> list[Path]:
    """Compile all modules below `work`; return those that are there, none where one fails."""
    try:
        for source in _sources():
            _copied(source, work)
        return _made(work)
    except Impossible as error:
        print(f"fairlead: the gate is not compiled, and runs interpreted: {error}", file=sys.stderr)
        return []


def _copied(source: Path, work: Path) -> None:
    folder = work / source.parent.relative_to(ROOT / "src")
    folder.mkdir(parents=True, exist_ok=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()  # Cython names a module by the packages around it
    shutil.copyfile(source, folder / f"_{source.name}")


def _made(work: Path) -> list[Path]:
    """Compile all modules below `work`, several at a time, and return where they are there."""
    reason = _unwanted()
    if reason:
        raise Impossible(reason)
    copies = [work / module.with_name(f"_{module.name}") for module in MODULES]
    for copied in copies:
        name = hashlib.sha256(copied.read_bytes()).hexdigest()
        with copied.open("a") as copy:
            # By which `fairlead.flow.form` knows that it belongs to the source beside it.
            copy.write(f'\nBUILT_FROM = "{name}"\n')
    done = subprocess.run(
        [*CYTHONIZE, str(os.cpu_count() or 1), *map(str, copies)],
        cwd=work,
        env=os.environ | {"CFLAGS": os.environ.get("CFLAGS", "-O3 -g0")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    made = [_compiled(module) for module in MODULES]
    if done.returncode or not all((work / one).exists() for one in made):
        raise Impossible(_reason(done.stdout))
    return made


def _unwanted() -> str:
    if os.environ.get("FAIRLEAD_PURE", "").lower() not in ("", "0", "off", "no", "false"):
        return "FAIRLEAD_PURE is set"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "it relies on the lock that free-threaded Python is without"
    return ""


def _reason(output: str) -> str:
    """Return the line of `output` that names the fault."""
    output = "\n".join(one for one in output.splitlines() if not one.startswith("warning: "))
    if "No module named" in output and "ython" in output:
        return "there is no Cython; install Cython and setuptools"
    if "Python.h" in output:
        return "there is no Python.h; install python3-dev"
    for pattern in (r"_\w+\.(?:py|pxd):\d+:\d+: .*", r"error: ([^{].*)", r"(\S.*)\s*$"):
        found = re.search(pattern, output)
        if found:
            return found[found.lastindex or 0]
    return "the compiler said nothing"


if __name__ == "__main__":
    sys.exit(not in_place())
