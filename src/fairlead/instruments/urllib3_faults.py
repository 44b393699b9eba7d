"""What a failed attempt of urllib3 is to the flow, and how it gets past urllib3's own retries."""

from __future__ import annotations

import sys
from http.client import HTTPException, RemoteDisconnected
from traceback import walk_tb
from typing import Any

from fairlead.flow.call import Fault


class Broken(Exception):
    """A failed attempt, on its way past urllib3's retries, which know none but itself."""

    def __init__(self, error: Exception, fault: Fault) -> None:
        super().__init__(error)
        self.error = error
        self.fault = fault


def fault_of(error: BaseException | None) -> Fault:
    """Return what an error says of how far a call came."""
    errors = sys.modules["urllib3.exceptions"]
    if isinstance(error, errors.MaxRetryError):
        error = error.reason
    if isinstance(error, errors.NewConnectionError | errors.ConnectTimeoutError):
        return Fault.REFUSED
    if isinstance(error, errors.ProtocolError) and isinstance(error.args[-1], TimeoutError):
        return Fault.TIMEOUT  # it was being sent
    if isinstance(error, errors.TimeoutError | TimeoutError):
        return Fault.TIMEOUT
    return Fault.RESET if isinstance(error, errors.ProtocolError) else Fault.OTHER


def broken_of(error: Exception, body: Any, *, served_before: bool, ruled: bool) -> Broken | None:
    """Return what the flow hears of `error`, or None where it is for the caller's retries only.

    What is `ruled` may be sent again by a rule.
    """
    errors = sys.modules["urllib3.exceptions"]
    if isinstance(error, errors.NewConnectionError | errors.ConnectTimeoutError):
        return Broken(error, Fault.REFUSED)
    dropped = served_before and isinstance(error, ConnectionError) and silent(error)
    # Any other body urllib3 itself must wind back.
    held = isinstance(body, bytes | str | None)
    if dropped and held:
        return Broken(errors.ProtocolError("Connection aborted.", error), Fault.DROPPED)
    if not (ruled and held):
        return None
    # A rule's repetitions come before the caller's own.
    if isinstance(error, errors.TimeoutError | TimeoutError):
        return Broken(error, Fault.TIMEOUT)
    if isinstance(error, ConnectionError | HTTPException):
        return Broken(errors.ProtocolError("Connection aborted.", error), Fault.RESET)
    return None


def silent(error: Exception) -> bool:
    """Tell whether not even the status line had come; asked of the failed call's own frames."""
    if isinstance(error, RemoteDisconnected):
        return True
    frames = {frame.f_code.co_name for frame, _ in walk_tb(error.__traceback__)}
    return "begin" not in frames or "_read_status" in frames
