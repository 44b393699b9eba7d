"""Send a contract that was asked for, on a connection of its own: it is done once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.protocols.watch.client import ANSWER_TIMEOUT, RefusedRequest
from fairlead.protocols.watch.codec import read_status
from fairlead.protocols.watch.contract import CONTRACTS, contract_body

if TYPE_CHECKING:
    from fairlead.protocols.watch.client import Door
    from fairlead.protocols.watch.contract import Contract


def send_contract(door: Door, contract: Contract) -> None:
    """Send `contract`. Raises ControlUnreachable or RefusedRequest."""
    connection = door.connection(ANSWER_TIMEOUT)
    try:
        status, answer = connection.request("POST", CONTRACTS, contract_body(contract))
    finally:
        connection.close()
    if status >= 300:
        raise RefusedRequest(status, read_status(answer))
