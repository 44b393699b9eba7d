"""The shape of every layer around an outbound call.

A flow is a generator: it yields what should happen, a driver does it and sends the answer back. So
sync and async programs share every rule, and a test drives a rule by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from fairlead.flow.call import Call, Outcome


class Wait:
    """Ask the driver to let `seconds` pass."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Send:
    """Ask the driver to send `call` to its endpoint once; the answer is an Outcome."""

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call = call


Effect: TypeAlias = Wait | Send
Steps: TypeAlias = Generator[Effect, Any, Outcome]
Flow: TypeAlias = Callable[[Call], Steps]
Layer: TypeAlias = Callable[[Flow], Flow]


def send(call: Call) -> Steps:
    """Send the call: the innermost flow."""
    outcome: Outcome = yield Send(call)
    return outcome


def chain(layers: list[Layer], innermost: Flow = send) -> Flow:
    """Return the flow in which the first of `layers` is outermost."""
    flow = innermost
    for layer in reversed(layers):
        flow = layer(flow)
    return flow
