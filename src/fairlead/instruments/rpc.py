"""Calls of gRPC, sync and asyncio alike: whose name a target is, and what a call consists of.

What HTTP calls headers is metadata here, and a request is a method, ``/package.Service/Method``.
Metadata is a sequence of pairs; values of keys that end in ``-bin`` are bytes, and no label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fairlead.instruments.outbound import BAGGAGE
from fairlead.policy.parts import cookie_value, trace_id
from fairlead.policy.trace import PARENT, STATE

if TYPE_CHECKING:
    from fairlead.flow.refusal import Refusal
    from fairlead.policy.trace import Trace

Pairs = Sequence[Any]
"""Metadata: pairs of a key in lower case and a value, which is text or bytes."""

WAYS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
"""How many messages go in and out of a method, as the library has it in names."""

WHERE = "grpc"
"""What faults are counted as."""

_TARGET = re.compile(r"(?:(?:dns|passthrough):(?:///)?)?([^/:\s]{1,253})(?::\w{1,32})?")
SCHEMES = ("ipv4", "ipv6", "unix", "unix-abstract", "vsock", "xds", "google-c2p")
"""How a target begins that is no name; every other beginning may be a host's."""

DEEPEST, MOST_ELEMENTS = 16, 64
"""Fields within fields of a message that are looked into, and elements of one that is asked for."""

_PEER = re.compile(r"ipv[46]:(?:\[|%5[Bb])?(.+?)(?:\]|%5[Dd])?:\d+")


def name_in(target: str) -> str:
    """Return the host in a channel's target, in lower case, or ``""`` where no name is looked up.

    Any port counts: gRPC has none that could be left out, and an app's instances are at ports of
    their own. A target that names the name server to ask is left to it.
    """
    match = _TARGET.fullmatch(target)
    if match is None or target.partition(":")[0] in SCHEMES:
        return ""
    return match[1].lower()


def authority_of(target: str) -> str:
    """Return what a call to `target` says that it is for."""
    return target.rpartition("/")[2].removeprefix("dns:").removeprefix("passthrough:")


def address_of(endpoint: str) -> str:
    """Return the target that reaches the address ``host:port``, whatever resolvers there are."""
    host = endpoint.rpartition(":")[0]
    if host.startswith("["):
        return f"ipv6:{endpoint}"
    return f"ipv4:{endpoint}" if host.replace(".", "").isdigit() else f"dns:///{endpoint}"


def values_of(metadata: Iterable[Any] | None, name: str) -> str | None:
    """Return the values of a key, joined by ``,``; None where there are none."""
    found = [value for key, value in metadata or () if key == name and isinstance(value, str)]
    return ",".join(found) if found else None


def with_labels(
    metadata: Iterable[Any] | None,
    baggage: str | None,
    caller: tuple[str, str] | None = None,
    trace: Trace | None = None,
) -> list[Any]:
    """Return `metadata` with this baggage in place of what it has, and this pair for its key.

    A trace is added unless there is one.
    """
    ours = {BAGGAGE, caller[0]} if caller else {BAGGAGE}
    kept = [pair for pair in metadata or () if pair[0].lower() not in ours]
    if baggage is not None:
        kept.append((BAGGAGE, baggage))
    if caller is not None and caller[1]:
        kept.append(caller)
    if trace is not None and not any(pair[0].lower() == PARENT for pair in kept):
        kept.append((PARENT, trace[0]))
        if trace[1]:
            kept.append((STATE, trace[1]))
    return kept


class RpcRequest:
    """A call of a method as conditions see it; a query it has none."""

    __slots__ = ("_metadata", "_method", "_peer")

    def __init__(self, method: str, metadata: Pairs, peer: str = "") -> None:
        """`peer` is as gRPC writes one: ``ipv4:192.0.2.1:50123``."""
        self._method, self._metadata, self._peer = method, metadata, peer

    def header(self, name: str) -> str | None:
        """Value of a key of the metadata, repeated ones joined by ``,``."""
        return values_of(self._metadata, name)

    def query(self, name: str) -> str | None:
        """Nothing."""
        return None

    def cookie(self, name: str) -> str | None:
        """First value of a cookie; browsers send them by way of a proxy."""
        return cookie_value(self.header("cookie"), name)

    def path(self) -> str | None:
        """Full name of the method."""
        return self._method

    def method(self) -> str | None:
        """What HTTP/2 calls it."""
        return "POST"

    def source_ip(self) -> str | None:
        """Address of the direct peer."""
        return ip_of(self._peer)

    def trace(self) -> str | None:
        """Trace id, as `policy.parts.trace_id` finds it."""
        return trace_id(self.header)


def ip_of(peer: str) -> str | None:
    """Return the address in what gRPC calls a peer; a Unix socket has none."""
    match = _PEER.fullmatch(peer)
    return match[1] if match else None


def status_of(refusal: Refusal) -> tuple[int, str]:
    """Return the code and the message of the answer to a call that a rule turns away."""
    fallback = refusal.fallback
    message = fallback.grpc_message
    return fallback.grpc_status, refusal.body if message is None else message


def field_of(message: Any, name: str) -> Any:
    """Return the field of a message at a path with dots, None where there is none.

    What repeats is a list, of which a number takes one element. A message that is no protobuf may
    be a mapping or an object, whose fields are its public attributes.
    """
    value = message
    for part in name.split(".")[:DEEPEST]:
        value = _part(value, part)
        if value is None:
            return None
    if isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, Sequence):
        return [one for one in value[:MOST_ELEMENTS] if isinstance(one, (str, int, float, bool))]
    return None


def _part(value: Any, part: str) -> Any:
    if part.startswith("_") or isinstance(value, (str, bytes)):
        return None
    # A message of protobuf's may look like a mapping, or a sequence, without being one.
    if isinstance(value, Mapping) and not hasattr(value, "DESCRIPTOR"):
        return _entry(value, part)
    if isinstance(value, Sequence) and not hasattr(value, "DESCRIPTOR"):
        number = int(part) if part.isdecimal() else len(value)
        return value[number] if number < len(value) else None
    found = getattr(value, part, None)
    return None if callable(found) else found


def _entry(mapping: Mapping[Any, Any], part: str) -> Any:
    """Return what stands for a key, which may be a number; a map of protobuf's takes no other."""
    keys = (part, int(part)) if part.isdecimal() else (part,)
    for key in keys:
        try:
            if key in mapping:
                return mapping[key]
        except TypeError:
            continue
    return None
