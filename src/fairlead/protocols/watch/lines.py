"""Cut a stream of bytes into lines, with a bound on what one line may cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fairlead.protocols.watch.codec import LINE_LIMIT


def lines(pieces: Iterable[bytes], limit: int = LINE_LIMIT) -> Iterator[bytes | None]:
    """Yield each line of `pieces` without its end, and None for one longer than `limit` bytes.

    A longer line is not kept while it arrives. An empty line is no line; neither is a last one that
    was cut off.
    """
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        *ends, rest = piece.split(b"\n")
        for end in ends:
            length = size + len(end)
            if length > limit:
                yield None
            elif length:
                yield b"".join([*held, end])
            held, size = [], 0
        size += len(rest)
        if size > limit:
            held = []
        elif rest:
            held.append(rest)
