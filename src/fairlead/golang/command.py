"""One command of ``go``, as it is run with hooks."""

from __future__ import annotations

import os
import sys

from fairlead.golang.flags import Line, Misused, fields, inherited, joined
from fairlead.golang.toolchain import Asking, Toolchain, find, governable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fairlead.golang.known import Known
    from fairlead.golang.overlay import Fact

VETS = (1, 24)
"""From here on ``go vet`` reads overlays whole, and with it ``go test``."""


class Command:
    """What is to be run, and what there is to say of it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.argv: list[str] = []
        self.facts: Sequence[Fact] = ()
        """Each function with its hook, or without; for who builds nothing."""
        self.drifted: Sequence[str] = ()
        """Functions that should have a hook, and have none; each with why."""
        self.warnings: list[str] = []


def cache_folder(environment: Mapping[str, str]) -> str:
    """Return the folder of what is made once."""
    base = environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "fairlead", "go")


def prepared(line: Line, environment: Mapping[str, str]) -> Command:
    """Return the command with hooks. Raises Misused, Unusable."""
    folder = os.path.abspath(line.folder or ".")
    if not os.path.isdir(folder):
        raise Misused(f"-C {line.folder}: there is no such folder")
    asking = Asking(find(environment), folder, environment)
    from fairlead.golang.known import ours  # while go answers

    files = ours()
    toolchain = asking.toolchain(cache_folder(environment))
    inherited(line, toolchain.settings.get("GOFLAGS", ""))
    governable(toolchain.settings, line.compiler)
    command = Command(toolchain.environment)
    if line.dry_run:
        from fairlead.golang.making import drifted, looked_at

        command.facts = looked_at(toolchain, folder, line)
        command.drifted = drifted(command.facts)
        return command
    known = _known(toolchain, line, files, cache_folder(environment))
    command.drifted = known.drifted
    flags = [f"-overlay={_overlay(known, line, folder, cache_folder(environment))}"]
    flags += _toolexec(known, line, toolchain)
    if line.verb == "test" and not line.vet and toolchain.minor < VETS:
        flags.append("-vet=off")
        why = f"{toolchain.version} cannot vet with hooks: `go vet` does it without"
        command.warnings.append(why)
    before = [f"-C={line.folder}"] if line.folder else []
    command.argv = [toolchain.go, line.verb, *before, *line.flags, *flags, *line.rest]
    return command


def _known(toolchain: Toolchain, line: Line, ours: list[str], cache: str) -> Known:
    """Return what is prepared for a toolchain, once."""
    from fairlead.golang.known import Record

    chain = fields(line.toolexec or "")
    made_for = (toolchain.goroot, toolchain.version, line.gls, line.strict, chain, sys.executable)
    record = Record(cache, [*made_for, ours])
    known = record.read()
    if known is None:
        from fairlead.golang.making import make

        made = make(toolchain, cache, chain, line)
        known = made.known
        record.write(known, made.read, made.files)
    return known


def _overlay(known: Known, line: Line, folder: str, cache: str) -> str:
    """Return the file for -overlay, with what the user's own says. Raises Misused."""
    if not line.overlay:
        return known.overlay
    from fairlead.golang.making import joint

    return joint(known.overlay, line.overlay, folder, cache)


def _toolexec(known: Known, line: Line, toolchain: Toolchain) -> list[str]:
    """Return what has tools run by our shim, where it has something to do, and by the user's."""
    if line.gls or _has_modules(line, toolchain.settings):
        return [f"-toolexec={joined(known.toolexec)}"]
    return [f"-toolexec={line.toolexec}"] if line.toolexec else []


def _has_modules(line: Line, settings: Mapping[str, str]) -> bool:
    """Tell whether a module with hooks may be among those that are built."""
    from fairlead.golang.modules import MODULES

    if line.verb in ("install", "run") and any("@" in one for one in line.rest[:1]):
        return True
    texts = [_text(path) for path in _lists(settings)]
    return any(f"{one.module} " in text for one in MODULES for text in texts)


def _lists(settings: Mapping[str, str]) -> list[str]:
    """Return the files that name the modules of what is built here."""
    work, mod = settings.get("GOWORK", ""), settings.get("GOMOD", "")
    found: list[str] = []
    if work and work != "off":
        home = os.path.dirname(work)
        used = [one for one in _text(work).split() if one.startswith((".", "/"))]
        found += [os.path.join(home, one, name) for one in used for name in ("go.mod", "go.sum")]
        found += [os.path.join(home, *name) for name in (["go.work.sum"], VENDORED)]
    if mod and mod != os.devnull:
        home = os.path.dirname(mod)
        found += [mod, os.path.join(home, "go.sum"), os.path.join(home, *VENDORED)]
    return found


VENDORED = ["vendor", "modules.txt"]


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
