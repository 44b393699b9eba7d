"""Where a server runs, as whom, and what keeps it from outliving us."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwnam

from scripts.servers.programs import Programs

PATIENCE = 60.0
"""Seconds that a busy machine may take for one step."""

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    """There is no such server here, or it does not start; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A directory for a server's data, and the user it runs as if that is not ours."""

    place: Path
    programs: Programs
    user: str | None = None

    @property
    def data(self) -> Path:
        """The data directory; it is there only when it is whole."""
        return self.place / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.place / "server.log"

    def start(self, command: list[str], text: str, at_our_end: signal.Signals) -> Process:
        """Start `command` with `text` as its input; it gets `at_our_end` when we are gone.

        Input is the one way for a password that other users of the machine cannot look into.
        """
        group = getpwnam(self.user).pw_gid if self.user else None
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.place,
                env=self.programs.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                user=self.user,
                group=group,
                extra_groups=None if group is None else [],
                # A key pressed at a terminal is for us; we tell the server.
                start_new_session=True,
                preexec_fn=ending_with(os.getpid(), at_our_end),  # noqa: PLW1509 - takes no lock
            )
        assert process.stdin is not None
        try:
            with process.stdin as pipe:
                pipe.write(text.encode())
        except BrokenPipeError:
            pass  # it is over already, and whoever waits for it is told
        except BaseException:
            process.kill()
            raise
        return process

    def run(self, command: list[str], text: str = "") -> None:
        """Run `command` to its end with `text` as input."""
        process = self.start(command, text, signal.SIGKILL)
        try:
            status = process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
        if status:
            raise self.failed(f"{Path(command[0]).name} failed")

    def failed(self, what: str) -> Unavailable:
        """Return the error for `what`, with the last words of the server."""
        words = self.log.read_text("utf-8", "replace").strip().splitlines()[-6:]
        return Unavailable(f"{what}: {' / '.join(words)}")


Process = subprocess.Popen[bytes]


def ending_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """Return what makes its caller get signal `number` when the process `parent` is gone."""

    def bind() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return bind


@contextmanager
def settled(place: Path, programs: Programs, *, as_root: bool) -> Iterator[Site]:
    """Yield a site at `place`; elsewhere, for the time being, if the server's user cannot go there.

    Root's own directories are often closed to others, and with them the programs unpacked there.
    """
    place.mkdir(parents=True, exist_ok=True)
    user = None if as_root or os.geteuid() else unprivileged()
    if user is None or (reachable(place) and reachable(programs.folder)):
        yield Site(place=place, programs=programs, user=user)
        return
    with tempfile.TemporaryDirectory(prefix="fairlead-") as name:
        elsewhere = Path(name)
        elsewhere.chmod(0o711)
        if programs.tree and not reachable(programs.folder):
            shutil.copytree(programs.tree, elsewhere / "tree", symlinks=True)
            programs = programs.moved(elsewhere / "tree")
        yield Site(place=elsewhere, programs=programs, user=user)


def unprivileged() -> str:
    """Return a user for a server that does not run as root."""
    for name in ("postgres", "nobody"):
        try:
            return getpwnam(name).pw_name
        except KeyError:
            continue
    raise Unavailable("it does not run as root, and there is no user nobody to run it as")


def reachable(path: Path) -> bool:
    """Say whether everybody may enter `path` and all that it lies in."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents))
