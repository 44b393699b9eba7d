"""Directories of the agent's state: its own alone."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def make_private(directory: Path) -> None:
    """Make `directory` and what is missing above it, for this user alone. Raises OSError."""
    missing = []
    while not directory.exists():
        missing.append(directory)
        directory = directory.parent
    for path in reversed(missing):
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue  # another process was quicker


def private_temporary() -> Path:
    """Return this user's 0700 directory below the system's temporary directory, made if need be.

    Raises OSError where somebody else has made it: whoever owns it could read what is in it.
    """
    directory = Path(tempfile.gettempdir(), f"fairlead-{os.geteuid()}")
    make_private(directory)
    status = directory.lstat()
    private = stat.S_ISDIR(status.st_mode) and not stat.S_IMODE(status.st_mode) & 0o077
    if not private or status.st_uid != os.geteuid():
        raise PermissionError(f"{directory} is not this user's alone")
    return directory
