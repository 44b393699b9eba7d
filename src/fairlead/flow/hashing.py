"""Tables that lead a value to one instance in every caller, and move few when one comes or goes.

Made while a snapshot is taken in, not while a call waits. Ring: an instance has points on a circle,
and a value goes to the next one (ketama). Maglev: each instance takes places of a table in an order
of its own, in turn (Eisenbud et al., 2016, 3.4); a look-up is one step.
"""

from __future__ import annotations

from array import array
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from struct import unpack


def place(text: str) -> int:
    """Return 64 bits of `text`, alike in every process."""
    encoded = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(encoded, digest_size=8).digest(), "big")


Table = Callable[[int], Sequence[int]]
"""Returns positions of instances for a place: first the one that is meant, then who stands in."""

MOST = 4
"""Instances that a table names for one place."""


LARGEST = 16_384
"""Points of a ring that does not have to be larger."""
AT_ONCE = 8
"""Points that one hash makes: 512 bits of it."""


def _points(count: int, size: int) -> int:
    """Return how many points each of so many instances has on a ring of `size`.

    The same for few as for one: whoever comes or goes leaves the others theirs, and moves its own
    share of the keys alone. From where that is too much on, each has a little less for each that
    comes: no number is one where all of them move.
    """
    return max(-(-size // count), min(size, LARGEST // count))


def _spread(name: str, each: int) -> Iterator[int]:
    """Yield the points of an instance."""
    for number in range(0, each, AT_ONCE):
        made = blake2b(f"{name}_{number}".encode(), digest_size=8 * AT_ONCE).digest()
        yield from unpack(f">{AT_ONCE}Q", made)[: each - number]


def ring(names: Sequence[str], size: int) -> Table:
    """Return a ring of at least `size` points for `names`, which are not empty."""
    each = _points(len(names), size)
    pairs = sorted(
        (point, position) for position, name in enumerate(names) for point in _spread(name, each)
    )
    points = array("Q", (point for point, _ in pairs))
    owners = array("L", (position for _, position in pairs))
    most = min(MOST, len(names))

    def find(where: int) -> Sequence[int]:
        index = bisect(points, where)
        found: list[int] = []
        while len(found) < most:
            owner = owners[index % len(owners)]
            if owner not in found:
                found.append(owner)
            index += 1
        return found

    return find


def maglev(names: Sequence[str], size: int) -> Table:
    """Return a table of `size` places, a prime number, for `names`, which are not empty."""
    count = len(names)
    offsets = [place(f"{name}|offset") % size for name in names]
    skips = [place(f"{name}|skip") % (size - 1) + 1 for name in names]
    owners = array("l", (-1,)) * size
    nexts, filled = offsets, 0
    while filled < size:
        for position in range(count):
            at, skip = nexts[position], skips[position]
            while owners[at] >= 0:
                at = (at + skip) % size
            owners[at] = position
            nexts[position] = (at + skip) % size
            filled += 1
            if filled == size:
                break
    most = min(MOST, count)

    def find(where: int) -> Sequence[int]:
        found = [owners[where % size]]
        for turn in range(1, MOST * 4):
            if len(found) >= most:
                break
            owner = owners[(where + turn * 0x9E3779B97F4A7C15) % size]
            if owner not in found:
                found.append(owner)
        return found

    return find
