"""The control plane's door, as settings describe it: where, with which token, believing whom."""

from __future__ import annotations

from fairlead.agent.settings import Settings
from fairlead.agent.token import token_of
from fairlead.protocols.watch.client import Door
from fairlead.protocols.watch.connection import ControlAddress
from fairlead.protocols.watch.tls import Trust


def door_of(settings: Settings) -> Door:
    """Return the door; nothing is connected, and no file is read yet."""
    address = ControlAddress.of(settings.control)
    token, trust = token_of(settings.token_file, address), Trust(settings.ca_file)
    return Door(address=address, token=token, trust=trust)
