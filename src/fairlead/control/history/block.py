"""Slots of one series as they are kept: a run of them in few bytes.

The integers of all slots are laid below each other, and their columns of bytes are what is
compressed: most columns are zero and are left out, and the bytes of one column are alike.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from fairlead.control.telemetry.packed import LANES, WIDTH, Packed

_HEAD = struct.Struct("<HH")
"""Slots, and bytes of the widest integer."""

MOST_SLOTS = 1024

LEVEL = 6


class Damaged(Exception):
    """Bytes that are no block."""


def encode(first: int, count: int, slots: Mapping[int, Packed]) -> bytes:
    """Return the block of `count` slots from `first` on; what is missing is 0."""
    values = [slots.get(slot, 0) for slot in range(first, first + count)]
    width = (max(values).bit_length() + 7) // 8
    raw = b"".join([value.to_bytes(width, "little") for value in values])
    marks, planes = bytearray((width + 7) // 8), []
    for place in range(width):
        plane = raw[place::width]
        if plane.count(0) != count:
            marks[place // 8] |= 1 << place % 8
            planes.append(plane)
    return _HEAD.pack(count, width) + marks + zlib.compress(b"".join(planes), LEVEL)


def decode(block: bytes) -> list[Packed]:
    """Return the slots of a block, the first to the last. Raises Damaged."""
    try:
        count, width = _HEAD.unpack_from(block)
        if not 0 < count <= MOST_SLOTS or width > LANES * WIDTH:
            raise Damaged(f"{count} slots of {width} bytes")
        end = _HEAD.size + (width + 7) // 8
        marks = block[_HEAD.size : end]
        places = [place for place in range(width) if marks[place // 8] >> place % 8 & 1]
        inflating = zlib.decompressobj()
        planes = inflating.decompress(block[end:], count * len(places) + 1)
    except (struct.error, zlib.error, IndexError) as error:
        raise Damaged(str(error)) from error
    if len(planes) != count * len(places):
        raise Damaged(f"{len(planes)} bytes instead of {count * len(places)}")
    if not width:
        return [0] * count
    raw = bytearray(count * width)
    for number, place in enumerate(places):
        raw[place::width] = planes[number * count : (number + 1) * count]
    read = int.from_bytes
    return [read(raw[at : at + width], "little") for at in range(0, count * width, width)]
