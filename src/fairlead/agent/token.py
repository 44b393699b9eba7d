"""The token that says who asks: read from its file each time, so that it may rotate."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from fairlead.agent.notice import warn
from fairlead.protocols.watch.connection import ControlAddress

_LIMIT = 64 << 10


def token_of(path: str, address: ControlAddress) -> Callable[[], str]:
    """Return what reads the token in the file at `path`; ``""`` where there is none to send.

    A token that others could have written is not sent: it may be theirs. Neither is one that
    others on the way to `address` could read.
    """

    def read() -> str:
        if not address.private:
            why = f"not sent to http://{address}, where all on the way could read it; use https://"
            warn(f"FAIRLEAD_TOKEN_FILE={path!r}: {why}")
            return ""
        try:
            with open(path, encoding="ascii") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & 0o022:
                    warn(f"FAIRLEAD_TOKEN_FILE={path!r}: not sent, others may write it")
                    return ""
                if mode & 0o004:
                    warn(f"FAIRLEAD_TOKEN_FILE={path!r}: everybody may read it")
                return file.read(_LIMIT).strip()
        except (OSError, ValueError) as error:
            warn(f"FAIRLEAD_TOKEN_FILE={path!r}: {error}; no token is sent")
            return ""

    return read if path else lambda: ""
