"""As much of Protocol Buffers as it takes to read the questions that kubectl asks in it."""

from __future__ import annotations

from collections.abc import Iterator

MAGIC = b"k8s\x00"
"""What a Kubernetes object in this form begins with."""

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_FIXED = {_EIGHT: 8, _FOUR: 4}


class NotProtobuf(ValueError):
    """The sender's fault: bytes that are no message."""


def messages(data: bytes) -> dict[int, bytes]:
    """Return the texts and messages in `data` by the number of their field; the last one counts.

    Numbers are passed over. Raises NotProtobuf.
    """
    return dict(_fields(data))


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            _, at = _varint(data, at)
            continue
        size = _FIXED.get(kind, 0)
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif not size:
            raise NotProtobuf(f"a field of kind {kind}")
        if size > len(data) - at:
            raise NotProtobuf("a field that is longer than its message")
        if kind == _BYTES:
            yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise NotProtobuf("it ends in the middle of a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise NotProtobuf("a number that does not end")
