"""Where the programs of a server are: on this machine, or unpacked by scripts/databases.sh."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BUILT = Path(__file__).resolve().parents[2] / "build" / "databases"


@dataclass(frozen=True, slots=True)
class Programs:
    """A directory of programs, and the tree that it was unpacked in, if it was."""

    folder: Path
    tree: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What the programs are started with: no setting of the caller's reaches them."""
        kept = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        libraries = sorted(self.tree.glob("**/lib/*-linux-gnu*")) if self.tree else []
        return kept | ({"LD_LIBRARY_PATH": ":".join(map(str, libraries))} if libraries else {})

    def moved(self, tree: Path) -> Programs:
        """Return the same programs with their tree at `tree`."""
        return Programs(tree / self.folder.relative_to(self.tree), tree) if self.tree else self

    def version_of(self, name: str) -> str:
        """Return what the program `name` says it is; nothing if it does not run."""
        try:
            done = subprocess.run(
                [self.folder / name, "--version"],
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
        except OSError:
            return ""
        return done.stdout if done.returncode == 0 else ""


def places(kind: str, program: str, usual: tuple[str, ...]) -> Iterator[Programs]:
    """Yield each place that has `program`: on PATH, where it usually is, or unpacked for `kind`."""
    on_path = [Path(name) for name in os.environ.get("PATH", os.defpath).split(":") if name]
    for folder in (*on_path, *_newest_first(Path("/"), usual)):
        if (folder / program).is_file():
            # A link on PATH leads to where the program finds its other files.
            yield Programs((folder / program).resolve().parent)
    for folder in _newest_first(BUILT / kind, usual):
        if (folder / program).is_file():
            yield Programs(folder, BUILT / kind)


def _newest_first(root: Path, patterns: tuple[str, ...]) -> list[Path]:
    found = [path for pattern in patterns for path in root.glob(pattern)]
    return sorted(found, key=lambda path: (len(str(path)), path), reverse=True)
