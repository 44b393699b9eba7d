"""What a call can end in, in the words that rules have for it and that calls are judged by."""

from __future__ import annotations

CONNECT, TIMEOUT = "connect", "timeout"
"""Faults on the way: nobody was reached, or nobody answered in time."""

GRPC_CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
"""Names of gRPC's codes, each at its number (google.rpc.Code)."""
