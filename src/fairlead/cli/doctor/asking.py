"""Ask the control plane as the agent does: the same address, the same token, nothing installed."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

from fairlead.agent.door import door_of
from fairlead.agent.settings import Settings
from fairlead.protocols.watch.codec import read_status
from fairlead.protocols.watch.connection import ControlUnreachable

PATIENCE, LONGEST = 3.0, 10.0
"""Seconds without a byte, and altogether, after which there is no answer."""

LIMIT = 64 << 20
"""Bytes of an answer."""


class Unanswered(Exception):
    """The control plane cannot be reached, or refuses; the text says which."""

    def __init__(self, text: str, status: int = 0) -> None:
        """`status` is that of HTTP, where there was an answer."""
        super().__init__(text)
        self.status = status


def ask_json(settings: Settings, path: str) -> Any:
    """Return the data at `path` of the control plane. Raises Unanswered."""
    door = door_of(settings)
    connection = door.connection(PATIENCE)
    body, until = bytearray(), monotonic() + LONGEST
    try:
        status, pieces = connection.stream(path)
        for piece in pieces:
            body += piece
            if len(body) > LIMIT or monotonic() > until:
                raise Unanswered("an answer that does not end")
    except ControlUnreachable as error:
        # Who asks knows the address.
        raise Unanswered(str(error).removeprefix(f"{door.address}: ")) from error
    finally:
        connection.close()
    if status != 200:
        raise Unanswered(f"it refuses ({status}): {read_status(bytes(body))}", status)
    try:
        return json.loads(body)
    except ValueError as error:
        raise Unanswered("what answers there is no control plane") from error
