"""One command of ``go``, as it is run with hooks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from fairlead.golang import modules
from fairlead.golang.flags import Line, Misused, fields, inherited, joined
from fairlead.golang.found import module_facts
from fairlead.golang.overlay import Fact, Overlay, prepare, written
from fairlead.golang.toolchain import Toolchain, Uninjected, ask, find, wanted

VETS: tuple[int, int] = (1, 24)
"""From here on ``go vet`` reads overlays whole, and with it ``go test``."""


@dataclass(frozen=True)
class Command:
    """What is to be run, and what there is to say of it."""

    argv: list[str]
    environment: Mapping[str, str]
    facts: tuple[Fact, ...] = ()
    warnings: list[str] = field(default_factory=list)

    @property
    def drifted(self) -> list[Fact]:
        """Functions that should have a hook, and have none."""
        return [one for one in self.facts if one.drifted]


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of what is made once."""
    base = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fairlead" / "go"


def prepared(line: Line, environment: Mapping[str, str]) -> Command:
    """Return the command with hooks. Raises Misused, Unusable."""
    go, cache = find(environment), cache_folder(environment)
    folder = Path(line.folder or ".").absolute()
    if not folder.is_dir():
        raise Misused(f"-C {line.folder}: there is no such folder")
    toolchain = ask(go, folder, environment, cache)
    inherited(line, toolchain.settings.get("GOFLAGS", ""))
    try:
        wanted(toolchain.settings, line.compiler)
    except Uninjected as why:
        return _plain(line, go, environment, f"built without the agent: {why}")
    overlay = prepare(toolchain, cache, gls=line.gls)
    facts = overlay.facts
    if line.dry_run:
        facts = (*facts, *module_facts(toolchain, folder, line.flags))
    warnings = [f"no hook in {one.package} {one.method}: {one.why}" for one in facts if one.drifted]
    flags = [f"-overlay={_overlay(overlay, line, folder, cache)}"]
    flags += _toolexec(line, toolchain, cache)
    if line.verb == "test" and not line.vet and toolchain.minor < VETS:
        flags.append("-vet=off")
        warnings.append(f"{toolchain.version} cannot vet with hooks: `go vet` does it without")
    before = [f"-C={line.folder}"] if line.folder else []
    argv = [str(toolchain.go), line.verb, *before, *line.flags, *flags, *line.rest]
    return Command(argv, toolchain.environment, facts, warnings)


def _plain(line: Line, go: str, environment: Mapping[str, str], why: str) -> Command:
    flags = [f"-C={line.folder}"] if line.folder else []
    flags += line.flags
    flags += [f"-overlay={line.overlay}"] if line.overlay else []
    flags += [f"-toolexec={line.toolexec}"] if line.toolexec else []
    return Command([go, line.verb, *flags, *line.rest], environment, warnings=[why])


def _overlay(overlay: Overlay, line: Line, folder: Path, cache: Path) -> Path:
    """Return the file for -overlay, with what the user's own says. Raises Misused."""
    replace = dict(overlay.replace)
    for path, by in _own(line.overlay, folder).items():
        if path in replace:
            raise Misused(
                f"-overlay {line.overlay} replaces {path}, and so does the agent: leave that one"
                " out of yours, or build with go"
            )
        replace[path] = by
    text = json.dumps({"Replace": replace}, indent=1, sort_keys=True).encode()
    return written(cache / "overlay" / f"{sha256(text).hexdigest()[:32]}.json", text)


def _own(overlay: str | None, folder: Path) -> dict[str, str]:
    """Return what an overlay of the user's replaces, by whole paths."""
    if not overlay:
        return {}
    try:
        said = json.loads((folder / overlay).read_bytes())
        pairs = dict(said.get("Replace") or {})
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise Misused(f"-overlay {overlay}: {error}") from error
    return {_whole(folder, path): _whole(folder, by) if by else "" for path, by in pairs.items()}


def _whole(folder: Path, path: str) -> str:
    return os.path.normpath(folder / path)


def _toolexec(line: Line, toolchain: Toolchain, cache: Path) -> list[str]:
    """Return what has tools run by our shim, where it has something to do, and by the user's."""
    chain = fields(line.toolexec or "")
    if not _has_modules(line, toolchain.settings):
        return [f"-toolexec={line.toolexec}"] if chain else []
    command = modules.toolexec(
        cache / "shim",
        str(toolchain.go),
        chain,
        strict=line.strict,
        environment=toolchain.environment,
    )
    return [f"-toolexec={joined(command)}"]


def _has_modules(line: Line, settings: Mapping[str, str]) -> bool:
    """Tell whether a module with hooks may be among those that are built."""
    if line.verb in ("install", "run") and any("@" in one for one in line.rest[:1]):
        return True
    texts = [_text(path) for path in _lists(settings)]
    return any(f"{one.module} " in text for one in modules.MODULES for text in texts)


def _lists(settings: Mapping[str, str]) -> list[Path]:
    """Return the files that name the modules of what is built here."""
    work, mod = settings.get("GOWORK", ""), settings.get("GOMOD", "")
    found = []
    if work and work != "off":
        home = Path(work).parent
        used = [one for one in _text(Path(work)).split() if one.startswith((".", "/"))]
        found += [home / one / name for one in used for name in ("go.mod", "go.sum")]
        found += [home / "go.work.sum", home / "vendor" / "modules.txt"]
    if mod and mod != os.devnull:
        home = Path(mod).parent
        found += [Path(mod), home / "go.sum", home / "vendor" / "modules.txt"]
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
