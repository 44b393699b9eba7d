"""What of the standard library is replaced: hooks, and the agent as a package among the others.

``go`` reads it from a file (``-overlay``). It knows files by their content and their names, so the
names of ours tell their content: what has been compiled once is compiled once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from tempfile import NamedTemporaryFile, mkdtemp

from fairlead.golang.carried import build_mark
from fairlead.golang.hooks import (
    GLS,
    INJECT,
    RUNTIME,
    STANDARD,
    Added,
    After,
    Edit,
    Field,
    Rename,
    StdHook,
    within,
)
from fairlead.golang.toolchain import Toolchain

HOME = "index"
"""The package that the agent joins; its folder is in every toolchain, and empty (hooks.RUNTIME)."""


@dataclass(frozen=True)
class Fact:
    """One function, and whether it has its hook."""

    name: str
    package: str
    receiver: str
    function: str
    signature: str
    version: str
    """Of Go, or of the module."""
    applies: bool
    why: str = ""
    """Why it does not apply."""

    @property
    def method(self) -> str:
        """The function as people write it: ``(*Transport).RoundTrip``."""
        return f"({self.receiver}).{self.function}" if self.receiver else self.function

    @property
    def drifted(self) -> bool:
        """Whether it should have its hook: nobody has asked for it to be left out."""
        return not self.applies and not self.why.startswith("--")


class Making:
    """The files of one overlay, while they are made."""

    def __init__(self, toolchain: Toolchain, *, gls: bool) -> None:
        self._toolchain, self._gls = toolchain, gls
        self._sources = Path(toolchain.goroot) / "src"
        self._packages: dict[str, dict[str, bytes]] = {}
        self._files: dict[str, bytes] = {}
        """Contents by path below GOROOT/src."""
        self.facts: list[Fact] = []
        self.read: set[str] = set()
        """The toolchain's files and folders that this was made from."""
        self._hooks()
        self._agent()

    def written(self, cache: Path) -> dict[str, str]:
        """Write the files below `cache`; return which of the toolchain's paths they stand for."""
        digest = sha256()
        for name, text in sorted(self._files.items()):
            digest.update(f"{name}\0{sha256(text).hexdigest()}\n".encode())
        folder = cache / "overlay" / digest.hexdigest()[:32]
        if not all((folder / name).is_file() for name in self._files):
            _write_all(folder, self._files)
        return {str(self._sources / name): str(folder / name) for name in sorted(self._files)}

    def _hooks(self) -> None:
        from fairlead.golang.rewrite import Drift, edited

        for hook in STANDARD:
            if not self._within(hook):
                continue
            if hook.name == GLS and not self._gls:
                self._tell(hook, "--gls=off")
                continue
            files = self._package(hook.package)
            try:
                changed = edited(files, hook.edits)
                self._meet(hook)
            except Drift as drift:
                self.read.update(files)
                self._tell(hook, f"{hook.package} is not as it was: {drift}")
                continue
            files.update(changed)
            for path in changed:
                self.read.add(path)
                self._files[self._name(path)] = files[path]
            for one in filter(self._within, hook.added):
                source = INJECT / one.source
                self._files[f"{one.package}/{source.name}"] = source.read_bytes()
            self._tell(hook, "")

    def _meet(self, hook: StdHook) -> None:
        """Raise Drift unless packages have what files of a hook need."""
        from fairlead.golang.needs import declaring, needs_of
        from fairlead.golang.rewrite import Drift

        for one in filter(self._within, hook.added):
            for need in needs_of((INJECT / one.source).read_bytes()):
                path, near = declaring(self._package(one.package), need)
                if not path:
                    raise Drift(f"there is no {need}" + (f"; there is {near}" if near else ""))
                self.read.add(path)

    def _package(self, package: str) -> dict[str, bytes]:
        """Return the files of a package, by path, with what was changed in them already."""
        if package not in self._packages:
            folder = self._sources / package
            self.read.add(str(folder))
            self._packages[package] = {
                str(path): path.read_bytes()
                for path in sorted(folder.glob("*.go"))
                if not path.stem.endswith(("_test", "_js", "_wasm", "_wasip1"))
            }
        return self._packages[package]

    def _within(self, one: StdHook | Added) -> bool:
        return within(self._toolchain.minor, one.since, one.before)

    def _tell(self, hook: StdHook, why: str) -> None:
        for edit in hook.edits:
            fact = Fact(
                hook.name, hook.package, *named(edit), self._toolchain.version, not why, why
            )
            self.facts.append(fact)

    def _agent(self) -> None:
        local = any(one.name == GLS and one.applies for one in self.facts)
        for path in sorted(RUNTIME.glob("*.go")):
            if path.stem.endswith("_test") or path.stem == "built_none":
                continue
            text = path.read_bytes()
            if path.stem in ("local_on", "local_off"):
                if (path.stem == "local_on") is not local:
                    continue
                text = b"".join(line for line in text.splitlines(True) if b"//go:build" not in line)
            self._files[f"{HOME}/fairlead_{path.name}"] = text
        self._files[f"{HOME}/fairlead_built_here.go"] = self._built().encode()

    def _built(self) -> str:
        """Return the file that says in the program which hooks are in it."""
        applied = [one for one in self.facts if one.applies and one.function]
        ours, names = version("fairlead"), [one.name for one in applied]
        mark = build_mark(ours, self._toolchain.version, names, goroutines=GLS in names)
        lines = [
            f"\t{{{go_string(one.name)}, {go_string(one.method)}, {go_string(one.version)}}},\n"
            for one in applied
        ]
        known = ", ".join(map(go_string, hookable()))
        said = [
            "package fairlead\n",
            "func init() {",
            f"\tagentVersion = {go_string(ours)}",
            f"\tbuiltMark = {mark}",
            f"\tknownHooks = []string{{{known}}}",
            "}\n",
        ]
        hooks = f"var builtHooks = []hookFact{{\n{''.join(lines)}}}\n"
        return "\n".join([*said, hooks])

    def _name(self, path: str) -> str:
        return Path(path).relative_to(self._sources).as_posix()


def hookable() -> list[str]:
    """Return the import paths whose hooks a program may be told to leave alone."""
    from fairlead.golang.modules import MODULES

    standard = {one.name for one in STANDARD} - {GLS, "os/signal"}
    return sorted({*standard, *(one.package for one in MODULES)})


def named(edit: Edit) -> tuple[str, str, str]:
    """Return the receiver, the name and the signature of what is edited."""
    from fairlead.golang.rewrite import split

    match edit:
        case Rename(declarations):
            receiver, name, signature = split(declarations[0])
            return receiver.rpartition(" ")[2], name, signature
        case Field(struct, field):
            return "", f"type {struct}", field
        case After(functions, anchor):
            return "", " or ".join(functions), f"after `{anchor}`"


def go_string(text: str) -> str:
    """Return a literal of Go's; JSON's escapes are among Go's."""
    return json.dumps(text)


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder at once: who finds it finds all of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    room = Path(mkdtemp(dir=folder.parent))
    for name, text in files.items():
        path = room / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        # `go` does not see packages of its own in files that are younger than two seconds, and
        # remembers others by their times (modindex): old ones, and other ones for other content.
        old = 1_000_000_000 + int(sha256(text).hexdigest()[:7], 16)
        os.utime(path, (old, old))
    room.chmod(0o755)
    try:
        room.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        for name in files:  # it is there, made meanwhile, or by half
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(room / name, folder / name)
        rmtree(room)


def written(path: Path, text: bytes) -> Path:
    """Write a file at once that others may read meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as room:
        room.write(text)
    os.replace(room.name, path)
    return path
