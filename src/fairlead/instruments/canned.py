"""A connection on which nothing is sent and one response has come already.

For clients whose response is made of what a connection says: the answer of a rule takes the same
way through the library as a server's.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fairlead.instruments.attempt import Answer


class Canned(asyncio.Transport):
    """The transport of such a connection; what is written to it is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._closing = False

    def write(self, data: Any) -> None:
        """Drop `data`."""

    def writelines(self, list_of_data: Any) -> None:
        """Drop it all."""

    def is_closing(self) -> bool:
        """Tell whether it has been closed."""
        return self._closing

    def close(self) -> None:
        """Close it; nobody is at the other end."""
        self._closing = True

    abort = close

    def pause_reading(self) -> None:
        """There is no more to read."""

    def resume_reading(self) -> None:
        """There is no more to read."""

    def get_write_buffer_size(self) -> int:
        """Return that all is written."""
        return 0


def response(answer: Answer) -> bytes:
    """Return `answer` as it would have come from a server that hangs up after it."""
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}".rstrip() + " "]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    lines += ["Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + answer.body
