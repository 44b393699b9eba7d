"""Processes that end with this one, also where it is killed and can tell nobody."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

_PR_SET_PDEATHSIG = 1  # prctl(2); of Linux


def start(
    command: Sequence[str], environ: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `command`; it gets SIGTERM when we are gone. Raises OSError.

    It has a group of its own: Ctrl-C is told to us, who let it end in order.
    """
    if not sys.platform.startswith("linux"):
        return subprocess.Popen(command, env=environ, process_group=0)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    ours = os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != ours:  # we were gone before it was asked for
            os._exit(128 + signal.SIGTERM)

    # No thread of ours is there yet that could hold a lock in the child.
    return subprocess.Popen(command, env=environ, process_group=0, preexec_fn=bind)  # noqa: PLW1509
