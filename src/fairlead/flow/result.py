"""How a call ended, and which endings a breaker counts as errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fairlead.policy.outcome import CONNECT, GRPC_CODES, TIMEOUT

GRPC_FAULTS = frozenset(
    GRPC_CODES.index(name)
    for name in (
        "UNKNOWN",
        "DEADLINE_EXCEEDED",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
    )
)
"""Codes that are errors of a server, as OpenTelemetry's conventions for gRPC have them; the others
say what is wrong with a request, or that it was cancelled or turned away."""


class Result(NamedTuple):
    """What is known of a call that has ended."""

    status: int | None = None
    """Of HTTP."""
    grpc: int | None = None
    """Code of gRPC."""
    error: BaseException | None = None
    fault: str = ""
    """CONNECT, TIMEOUT or ``""``."""


LOST = Result(error=GeneratorExit())
"""Of a call that nobody is left to end: it was cut short, and is neither good nor bad."""

Judge = Callable[[Result], bool]


def judge(errors: tuple[str, ...]) -> Judge:
    """Return what tells whether a call ended in one of `errors` (`policy.breaker`)."""
    faults = {text for text in errors if text in (CONNECT, TIMEOUT)}
    codes = {code for text in errors if (code := _code(text)) is not None}
    statuses = {text.lower() for text in errors if _is_status(text)}
    classes = {text for text in errors if not _is_status(text) and _code(text) is None} - faults

    def bad(result: Result) -> bool:
        if result.fault and result.fault in faults:
            return True
        if result.grpc is not None and result.grpc in codes:
            return True
        if result.status is not None and not statuses.isdisjoint(_spellings(result.status)):
            return True
        if result.error is None:
            return False
        return _timed_out(result.error, faults) or not classes.isdisjoint(_names(result.error))

    return bad


def _timed_out(error: BaseException, faults: set[str]) -> bool:
    """Tell whether the interpreter's own errors say it where no instrument has."""
    return (TIMEOUT in faults and isinstance(error, TimeoutError)) or (
        CONNECT in faults and isinstance(error, ConnectionError)
    )


def _spellings(status: int) -> tuple[str, str]:
    return (str(status), f"{status // 100}xx")


def _is_status(text: str) -> bool:
    return len(text) == 3 and text[0].isdigit() and (text.isdigit() or text[1:].lower() == "xx")


def _code(text: str) -> int | None:
    scheme, colon, code = text.partition(":")
    if not colon or scheme.lower() != "grpc":
        return None
    if code.isdecimal():
        return int(code)
    return GRPC_CODES.index(code.upper()) if code.upper() in GRPC_CODES else -1


def _names(error: BaseException) -> set[str]:
    """Return what the classes of `error` are called, with their modules and without."""
    classes = type(error).__mro__
    return {one.__qualname__ for one in classes} | {
        f"{one.__module__}.{one.__qualname__}" for one in classes
    }
