"""Where the cells of a file are: a table of their keys, filled as workers ask, never emptied.

What it says is checked each time: whoever may write the file may be wrong, and what runs compiled
looks at no bounds.
"""

from __future__ import annotations

import struct
from array import array

from fairlead.flow.layout import BYTES, FIRST, KIND, LAST, MASK, NEXT_FREE, PACE, SIZE
from fairlead.flow.mapped import CELLS, Full, Mapped, Unusable

DIRECTORY, ENTRIES, ENTRY = 1024, 8192, 3
MOST_CELLS = ENTRIES * 3 // 4

LONG_AGO = -(1 << 62)


def find(file: Mapped, key: bytes, kind: int, words: int, mask: int) -> int:
    """Return where the cell of `key`, 16 bytes, is; made if there is none.

    Under the lock of the structure. Raises Unusable, OSError.
    """
    first, second = struct.unpack("=2q", key)
    view, at = file.view, first % ENTRIES
    for _ in range(ENTRIES):
        entry = DIRECTORY + ENTRY * at
        if not view[entry + 2]:
            place = _allocate(file, kind, words, mask)
            view[entry], view[entry + 1], view[entry + 2] = first, second, place
            return place
        if (view[entry], view[entry + 1]) == (first, second):
            place = view[entry + 2]
            inside = FIRST <= place <= BYTES // 8 - words
            if inside and (view[place + KIND], view[place + SIZE], view[place + MASK]) == (
                kind, words, mask,
            ):  # fmt: skip
                return int(place)
            raise Unusable(f"{file.path} is spoiled: no limit is where it says")
        at = (at + 1) % ENTRIES
    raise Full(f"{file.path} is full")


def _allocate(file: Mapped, kind: int, words: int, mask: int) -> int:
    view = file.view
    place = view[NEXT_FREE]
    end = (place + words) * 8
    if place < FIRST:
        raise Unusable(f"{file.path} is spoiled: it says that a limit comes before the first")
    if end > BYTES or view[CELLS] >= MOST_CELLS:
        raise Full(f"{file.path} is full: {view[CELLS]} limits are counted there")
    file.reserve(end)
    view[place : place + words] = memoryview(array("q", bytes(8 * words)))
    view[place + KIND], view[place + SIZE], view[place + MASK] = kind, words, mask
    if kind == PACE:
        view[place + LAST] = LONG_AGO
    view[NEXT_FREE] = place + words
    view[CELLS] += 1
    return int(place)
