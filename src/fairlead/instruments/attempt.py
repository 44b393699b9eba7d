"""One call through the flow for a client library, and what becomes of our own faults on the way.

A library's errors reach the application as they are. An error that is neither the library's nor
`Unreachable` is a fault of ours: it is counted, and the call goes on as if we were not there,
unless an attempt has been made already; then that attempt's result stands.
"""

from __future__ import annotations

from collections.abc import Awaitable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from fairlead.flow.call import Call, Outcome, Unreachable
from fairlead.instruments.drive import run, run_async
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.engine import Plan
    from fairlead.instruments.instrument import DataPlane


class Sender(Protocol):
    """Sends a call in one library's way.

    Calling it aims the call at ``call.endpoint`` and answers with an Outcome, also where the
    library raises; what it lets out is a fault of ours.
    """

    library: str
    last: Outcome | None
    """The outcome of the last attempt, None before the first."""

    def __call__(self, call: Call) -> Any:
        """Return an Outcome, or what is awaited for one."""

    def untouched(self) -> Any:
        """Send the call as the application made it."""

    def unreachable(self, error: Unreachable) -> Exception:
        """Return the library's own connect error for `error`."""


def send(plane: DataPlane, plan: Plan, call: Call, sender: Sender) -> Any:
    """Send `call` by `plan`; return the library's response or raise the library's error."""
    try:
        return run(plan.outbound, call, sender)
    except Unreachable as error:
        raise sender.unreachable(error) from error
    except Exception as error:
        last = _settled(plane, sender, error)
        return sender.untouched() if last is None else last.response


async def send_async(plane: DataPlane, plan: Plan, call: Call, sender: Sender) -> Any:
    """Send `call` by `plan`; return the library's response or raise the library's error."""
    try:
        return await run_async(plan.outbound, call, sender)
    except Unreachable as error:
        raise sender.unreachable(error) from error
    except Exception as error:
        last = _settled(plane, sender, error)
        if last is not None:
            return last.response
        untouched: Awaitable[Any] = sender.untouched()
        return await untouched


def _settled(plane: DataPlane, sender: Sender, error: Exception) -> Outcome | None:
    """Return the outcome that stands in spite of a fault of ours; raise the library's error."""
    last = sender.last
    if last is None or last.error is not error:
        plane.counters.count(AGENT_FAULTS, sender.library)
    if last is not None and last.error is not None:
        raise last.error
    return last


def target(call: Call) -> tuple[str, int]:
    """Return host and port of the endpoint that `call` is to be sent to."""
    if call.endpoint is None:
        raise TypeError(f"the flow sent a call to {call.host!r} before it chose an endpoint")
    return host_and_port(call.endpoint.address)


@lru_cache(maxsize=4096)
def host_and_port(address: str) -> tuple[str, int]:
    """Return the parts of ``host:port``; an IPv6 address loses its brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
