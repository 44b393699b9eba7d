"""A program that calls services of gRPC, as it is told a line at a time.

It reads ``{"target", "authority", "method", "metadata", "deadline"}`` as JSON, and writes what came
of it, ``{"code", "body", "details", "headers", "trailers"}``. The programs of other languages
beside this one do the same. Nothing here knows what a control plane is.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import grpc


def main() -> None:
    """Call until there are no more lines."""
    channels: dict[tuple[str, str], grpc.Channel] = {}
    for line in sys.stdin:
        told = json.loads(line)
        key = (told["target"], told.get("authority", ""))
        if key not in channels:
            options = [("grpc.default_authority", key[1])] if key[1] else []
            channels[key] = grpc.insecure_channel(key[0], options=options)
        call = channels[key].unary_unary(told["method"])
        sys.stdout.write(json.dumps(once(call, told)) + "\n")
        sys.stdout.flush()


def once(method: Any, told: dict[str, Any]) -> dict[str, Any]:
    """Call once."""
    metadata = [(name, value) for name, value in told.get("metadata", ())]
    body = ""
    try:
        answer, call = method.with_call(b"", timeout=told["deadline"], metadata=metadata)
        body = answer.decode()
    except grpc.RpcError as error:
        call = error
    return {
        "code": call.code().name,
        "body": body,
        "details": call.details() or "",
        "headers": [list(pair) for pair in call.initial_metadata() or ()],
        "trailers": [list(pair) for pair in call.trailing_metadata() or ()],
    }


if __name__ == "__main__":
    main()
