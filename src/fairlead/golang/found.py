"""Which packages of modules a build may meet, and whether hooks fit: what ``--dry-run`` says.

A build asks nobody: a package is hooked, or is not, when it is compiled (`modules`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from fairlead.golang.hooks import Rename
from fairlead.golang.modules import MODULES, ModuleHook
from fairlead.golang.overlay import Fact
from fairlead.golang.rewrite import split
from fairlead.golang.shim import WITH_C, Drift, read, renamed
from fairlead.golang.toolchain import Toolchain

_FORM = (
    "{{.ImportPath}}\t{{.Dir}}\t{{with .Module}}{{.Version}}{{end}}"
    '\t{{join .GoFiles "/"}}\t{{join .CgoFiles "/"}}'
)
_MATTERING = ("mod", "modfile", "tags")
"""Flags of a build that decide which file a package is read from."""


def module_facts(toolchain: Toolchain, folder: Path, flags: Sequence[str]) -> Iterator[Fact]:
    """Yield the functions that would get hooks in the packages that can be imported in `folder`."""
    hooks = {one.package: one for one in MODULES}
    mattering = list(_mattering(flags))
    if "-mod=mod" in (toolchain.settings.get("GOFLAGS", "") + " ".join(mattering)):
        mattering.append("-mod=readonly")  # who only looks adds nothing to a go.mod
    for line in _listed(toolchain, folder, mattering, list(hooks)):
        package, home, version, *files = line.split("\t")
        if home and package in hooks:
            pure, mixed = ([Path(home) / one for one in some.split("/") if one] for some in files)
            facts = _facts(hooks[package], pure, version or "(devel)")
            yield from (replace(one, applies=False, why=WITH_C) if mixed else one for one in facts)


def _listed(
    toolchain: Toolchain, folder: Path, flags: Sequence[str], packages: Sequence[str]
) -> list[str]:
    """Return a line for each package; those are asked for one by one where one spoils it for all.

    That is a package of a module that nothing here imports, and that go.mod has pruned away.
    """
    done = subprocess.run(
        [str(toolchain.go), "list", "-e", "-f", _FORM, *flags, *packages],
        cwd=folder,
        env=dict(toolchain.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0 or len(packages) == 1:
        return done.stdout.splitlines()
    return [line for one in packages for line in _listed(toolchain, folder, flags, [one])]


def _facts(hook: ModuleHook, files: Sequence[Path], version: str) -> Iterator[Fact]:
    sources = {str(path): read(str(path)) for path in files}
    whys = [_why(sources, rename) for rename in hook.renames]
    # A package has all of its hooks, or none.
    other = next((f"{hook.package} has none without the others" for why in whys if why), "")
    for rename, why in zip(hook.renames, whys, strict=True):
        receiver, name, signature = split(rename.declarations[0])
        kind = receiver.rpartition(" ")[2]
        said = why or other
        yield Fact(hook.module, hook.package, kind, name, signature, version, not said, said)


def _why(sources: dict[str, str], rename: Rename) -> str:
    try:
        renamed(sources, list(rename.declarations), rename.to)
    except Drift as drift:
        return str(drift)
    return ""


def _mattering(flags: Sequence[str]) -> Iterator[str]:
    for at, flag in enumerate(flags):
        name, equals, _ = flag.lstrip("-").partition("=")
        if flag.startswith("-") and name in _MATTERING:
            yield flag if equals else f"{flag}={flags[at + 1]}"
