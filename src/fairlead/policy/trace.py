"""W3C trace context, level 1, as text that strangers may have written."""

from __future__ import annotations

import re

PARENT, STATE = "traceparent", "tracestate"
"""The two headers, as they are in metadata of gRPC too."""

LONGEST_STATE = 512
"""Characters of a `tracestate` that everybody has to pass on (3.3.1.5)."""

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]{1,200})?")

Trace = tuple[str, str]
"""Values of both headers; `tracestate` may be ``""``."""


def read_trace(parent: str, state: str) -> Trace | None:
    """Return what may be passed on, None where the headers say nothing that counts.

    A version that is not known is passed on as it is, if it begins like this one.
    """
    match = _PARENT.fullmatch(parent)
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return None
    if not match[2].strip("0") or not match[3].strip("0"):
        return None
    return parent, _shortened(state) if state.isascii() and state.isprintable() else ""


def new_trace(number: int, span: int, *, sampled: bool) -> Trace:
    """Return a trace that begins here; `number` has 128 bits, `span` 64, none of them 0."""
    return f"00-{number:032x}-{span:016x}-{int(sampled):02x}", ""


def id_of(trace: Trace | None) -> str:
    """Return the trace's id, ``""`` for none."""
    return trace[0][3:35] if trace else ""


def _shortened(state: str) -> str:
    """Return `state` without the members at its end that are too much."""
    if len(state) <= LONGEST_STATE:
        return state.strip()
    return state[: LONGEST_STATE + 1].rpartition(",")[0].strip()
