"""What a circuit breaker counts as an error, one of a list: `policy.breaker.CircuitBreaker.errors`.

OpenSergo leaves the values of `conditions` and `errorConditions` open; these are ours.
"""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from fairlead.kinds.spec import MatchText, checked
from fairlead.kinds.suggestion import meant
from fairlead.policy.outcome import CONNECT, GRPC_CODES, TIMEOUT

_STATUS = re.compile(r"[1-5](?:[0-9][0-9]|xx)")
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


def problem(text: str) -> str | None:
    """Say why `text` describes no error, or return None."""
    if text.startswith("grpc:"):
        code = text.removeprefix("grpc:")
        number = int(code[:9]) if code.isascii() and code.isdigit() else len(GRPC_CODES)
        if code in GRPC_CODES or number < len(GRPC_CODES):
            return None
        return f"{text[:80]!r} is no status of gRPC{meant(code, GRPC_CODES) or ': write grpc:14'}"
    if _STATUS.fullmatch(text) or text in (CONNECT, TIMEOUT):
        return None
    if len(text) <= 256 and _CLASS.fullmatch(text):
        return None
    return (
        f"{text[:80]!r} describes no error: write a status like 503 or 5xx, grpc:UNAVAILABLE, "
        "timeout, connect, or the class of an exception"
    )


ErrorCondition: TypeAlias = Annotated[MatchText, checked(problem)]
"""``503``, ``5xx``, ``grpc:14``, ``grpc:UNAVAILABLE``, ``timeout``, ``connect`` or a class name."""
