"""What the agent says on its host's standard error: little, in one line, and not twice.

Written to the descriptor: the application may have replaced, closed or patched ``sys.stderr``. It
is written only where that takes no time: who reads the other end may have stopped, and a request
would wait for a line about something else.
"""

from __future__ import annotations

import os
import sys

from fairlead.telemetry.room import MOST, has_room

_LINE = 1000
_said: set[str] = set()


def warn(text: str) -> None:
    """Write one line of at most 1,000 characters, unless this process has written it before."""
    line = f"fairlead: {' '.join(text.split())}"[:_LINE]
    if line in _said or len(_said) > _LINE:
        return
    _said.add(line)
    if sys.__stderr__ is None:
        return  # closed before we came: the descriptor may be anything by now
    try:
        if has_room(2):
            os.write(2, f"{line}\n".encode("utf-8", "replace")[:MOST])
    except OSError:
        return  # nobody is listening
